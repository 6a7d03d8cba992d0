/** All productions, as a dense table that replaces the spreadsheet. */
import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

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
  const columns = useMemo(() => requestColumns(t), [t]);
  return (
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
    />
  );
}
