/** All productions, as a dense table that replaces the spreadsheet. */
import { MultiSelect } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { VariablesOf } from "../../api/graphql";
import { usePages } from "../../api/usePages";
import { DataTable } from "../../table/DataTable";
import type { ListSearch } from "../../table/search";
import { Toolbar } from "../../table/Toolbar";
import { Empty, Failed, Loading } from "../../ui/States";
import { requestColumns } from "./columns";
import { RequestsQuery } from "./documents";

type Filter = NonNullable<VariablesOf<typeof RequestsQuery>["filter"]>;
type SortKey = NonNullable<VariablesOf<typeof RequestsQuery>["sort"]>[number];
type IntentWord = NonNullable<Filter["intent"]>[number];

const INTENTS: IntentWord[] = [
  "DRAFT",
  "READY",
  "APPROVED",
  "SUBMITTED",
  "ACCEPTED",
  "REJECTED",
  "ON_HOLD",
  "CANCELLED",
  "OBSOLETE",
];
const HIDDEN = new Set(["campaign", "priority"]);

/** Each word must occur in one of the fields that people know a production by. */
function filterOf({ q, is }: ListSearch): Filter | null {
  const every: Filter[] = (q ?? "")
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => ({
      or: [
        { name: { contains: word } },
        { tag: { contains: word } },
        { description: { contains: word } },
        { requestedBy: { contains: word } },
      ],
    }));
  if (is?.intent) every.push({ intent: is.intent as IntentWord[] });
  return every.length > 0 ? { and: every } : null;
}

export function RequestsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/requests" });
  const navigate = useNavigate({ from: "/requests" });
  const change = (part: Partial<ListSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  const columns = useMemo(() => requestColumns(t), [t]);
  const shown = search.columns ?? columns.map(({ id }) => id).filter((id) => !HIDDEN.has(id));
  const pages = usePages(
    RequestsQuery,
    { filter: filterOf(search), sort: search.sort ? [search.sort as SortKey] : null },
    (data) => data.requests,
  );
  const isFiltered = search.q !== undefined || search.is !== undefined;
  return (
    <>
      <Toolbar
        title={t("nav.requests")}
        words={search.q ?? ""}
        onWords={(q) => change({ q: q || undefined })}
        rows={pages.rows}
        total={pages.total}
        columns={columns}
        shown={shown}
        onShown={(ids) => change({ columns: ids })}
      >
        <MultiSelect
          size="xs"
          w={220}
          clearable
          aria-label={t("request.intent")}
          placeholder={search.is?.intent ? undefined : t("request.intent")}
          data={INTENTS}
          value={search.is?.intent ?? []}
          onChange={(intent) => change({ is: intent.length > 0 ? { ...search.is, intent } : undefined })}
        />
      </Toolbar>
      {pages.error && <Failed error={pages.error} again={pages.again} partly={pages.rows.length > 0} />}
      {pages.rows.length > 0 ? (
        <DataTable
          label={t("nav.requests")}
          columns={columns.filter(({ id }) => shown.includes(id))}
          rows={pages.rows}
          keyOf={(row) => row.name}
          total={pages.total}
          sort={search.sort ?? null}
          onSort={(sort) => change({ sort: sort ?? undefined })}
          onEnd={pages.more}
        />
      ) : pages.isLoading ? (
        <Loading />
      ) : (
        !pages.error && <Empty>{isFiltered ? t("state.filtered") : t("state.empty")}</Empty>
      )}
    </>
  );
}
