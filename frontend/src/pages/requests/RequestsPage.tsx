/** All productions, as a dense table that replaces the spreadsheet. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { VariablesOf } from "../../api/graphql";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { requestColumns } from "./columns";
import { RequestsQuery } from "./documents";

type Filter = NonNullable<VariablesOf<typeof RequestsQuery>["filter"]>;
type Intent = NonNullable<Filter["intent"]>[number];

const INTENTS: readonly Intent[] = [
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
  if (is?.intent) every.push({ intent: is.intent as Intent[] });
  if (is?.stage) every.push({ stageName: { in: is.stage } });
  return all(every) as Filter | null;
}

export function RequestsPage() {
  const { t } = useTranslation();
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
      ]}
    />
  );
}
