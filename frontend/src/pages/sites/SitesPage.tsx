/** The sites, with their queues, storages and downtimes. */
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf, VariablesOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { Age } from "../../ui/Age";
import { Status } from "../../ui/Status";
import { count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { type SiteRow, SitesQuery } from "./documents";

type Row = ResultOf<typeof SiteRow>;
type Filter = NonNullable<VariablesOf<typeof SitesQuery>["filter"]>;

function filterOf({ q }: ListSearch): Filter | null {
  return all(
    wordsOf(q).map((word) => ({
      or: [
        { name: { contains: word } },
        { country: { contains: word } },
        { queues: { name: { contains: word } } },
      ],
    })),
  ) as Filter | null;
}

const queues = (row: Row) =>
  row.queues.map(({ name, status }) => `${name} ${status ?? ""}`.trim()).join(", ");
const storages = (row: Row) => row.storages.map(({ name }) => name).join(", ");

function columnsOf(t: TFunction): Column<Row>[] {
  return [
    {
      id: "name",
      head: t("site.name"),
      width: 140,
      sort: "NAME",
      cell: (row) => (
        <Link to="/sites/$name" params={{ name: row.name }}>
          {row.name}
        </Link>
      ),
      text: (row) => row.name,
    },
    {
      id: "country",
      head: t("site.country"),
      width: 110,
      cell: (row) => row.country,
      text: (row) => row.country,
    },
    {
      id: "state",
      head: t("task.status"),
      width: 124,
      cell: (row) => <Status word={row.state} />,
      text: (row) => row.state,
    },
    {
      id: "cores",
      head: t("site.cores"),
      width: 80,
      numeric: true,
      sort: "CORES",
      cell: (row) => count(row.cores),
      text: (row) => row.cores,
    },
    {
      id: "queues",
      head: t("site.queues"),
      width: 380,
      cell: (row) =>
        row.queues.map(({ id, name, status, comment }) => (
          <span key={id} title={comment ?? undefined}>
            {name} <Status word={status} />{" "}
          </span>
        )),
      text: queues,
    },
    { id: "storages", head: t("site.storages"), width: 200, cell: storages, text: storages },
    {
      id: "downtime",
      head: t("site.downtime"),
      width: 320,
      cell: (row) =>
        row.downtimes.map(({ id, isNow, severity, startsAt, endsAt, description }) => (
          <span key={id} title={`${utc(startsAt)} – ${utc(endsAt)} ${description ?? ""}`}>
            {isNow && <Status word={severity ?? t("site.now")} />} {local(startsAt)} – {local(endsAt)}{" "}
          </span>
        )),
      text: (row) => row.downtimes.map(({ startsAt, endsAt }) => `${startsAt}/${endsAt}`).join(" "),
    },
    { id: "age", head: t("age.head"), width: 170, cell: (row) => <Age of={row} /> },
  ];
}

export function SitesPage() {
  const { t } = useTranslation();
  const columns = useMemo(() => columnsOf(t), [t]);
  return (
    <ListPage
      title={t("nav.sites")}
      query={SitesQuery}
      pick={(data) => data.sites}
      columns={columns}
      keyOf={(row) => row.name}
      filterOf={filterOf}
    />
  );
}
