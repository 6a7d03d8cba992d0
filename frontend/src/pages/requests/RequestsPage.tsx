/** All productions, as a dense table that replaces the spreadsheet. */
import { Button } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import { paths } from "../../paths";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { requestColumns } from "./columns";
import { RequestsQuery } from "./documents";
import { useProductionFacets } from "./facets";
import { type Filter, productionFilters } from "./filters";

const INTENTS = [
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

const NONE = {};
const SubmitDialog = lazy(async () => ({
  default: (await import("../request/changes/SubmitDialog")).SubmitDialog,
}));

/** The server takes no more in one submission. */
const MOST_AT_ONCE = 20;

/** Each word must occur in one of the fields that people know a production by. */
function filterOf({ q, is }: ListSearch): Filter | null {
  const every: Filter[] = wordsOf(q).map((word) => ({
    or: [
      { name: { contains: word } },
      { tag: { contains: word } },
      { description: { contains: word } },
      { requestedBy: { contains: word } },
    ],
  }));
  if (is) every.push(...productionFilters(is));
  if (is?.at) every.push({ datasets: { replicas: { storage: { site: { name: { in: is.at } } } } } });
  return all(every) as Filter | null;
}

export function RequestsPage() {
  const { t } = useTranslation();
  const { is }: ListSearch = useSearch({ strict: false });
  const more = useProductionFacets(is ?? NONE);
  const { may } = useViewer();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isSubmitting, setSubmitting] = useState(false);
  const columns = useMemo(() => requestColumns(t), [t]);
  const names = [...selected].sort();
  const list = (
    <ListPage
      title={t("nav.requests")}
      query={RequestsQuery}
      pick={(data) => data.requests}
      columns={columns}
      hidden={["campaign", "priority"]}
      keyOf={(row) => row.name}
      filterOf={filterOf}
      facets={[
        { name: "intent", label: t("request.intent"), options: INTENTS },
        { name: "stage", label: t("request.stage"), options: ["S1", "S2"] },
        ...more,
      ]}
      actions={
        <>
          {may("DEFINE") && (
            <Button size="xs" renderRoot={(props) => <Link to={paths.newRequest()} {...props} />}>
              {t("action.new")}
            </Button>
          )}
          {may("SUBMIT") && names.length > 0 && (
            <Button size="xs" disabled={names.length > MOST_AT_ONCE} onClick={() => setSubmitting(true)}>
              {t("action.submitMany", { count: names.length })}
            </Button>
          )}
        </>
      }
      selected={may("SUBMIT") ? selected : undefined}
      onSelect={setSelected}
    />
  );
  return (
    <>
      {list}
      {isSubmitting && (
        <Suspense>
          <SubmitDialog names={names} onClose={() => setSubmitting(false)} />
        </Suspense>
      )}
    </>
  );
}
