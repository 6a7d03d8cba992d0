/** All datasets that Rucio has, with where their copies are. */
import { Link, useSearch } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf, VariablesOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { Age } from "../../ui/Age";
import { bytes, count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { useProductionFacets } from "../requests/facets";
import { productionFilters } from "../requests/filters";
import { type DatasetRow, DatasetsQuery } from "./documents";

type Row = ResultOf<typeof DatasetRow>;
type Filter = NonNullable<VariablesOf<typeof DatasetsQuery>["filter"]>;

function filterOf({ q, is }: ListSearch): Filter | null {
  const every: Filter[] = wordsOf(q).map((word) => ({
    or: [
      { did: { contains: word } },
      { account: { contains: word } },
      { replicas: { rseName: { contains: word } } },
    ],
  }));
  if (is?.type) every.push({ dataType: { in: is.type } });
  if (is?.open) every.push({ or: is.open.map((value) => ({ isOpen: value === "open" })) });
  if (is) every.push(...productionFilters(is).map((request) => ({ request })));
  if (is?.at) every.push({ replicas: { storage: { site: { name: { in: is.at } } } } });
  return all(every) as Filter | null;
}

const NONE = {};

const copies = (row: Row) => row.replicas.map(({ rseName, state }) => `${rseName} ${state}`).join(", ");

function columnsOf(t: TFunction): Column<Row>[] {
  return [
    {
      id: "did",
      head: t("dataset.did"),
      width: 480,
      sort: "DID",
      cell: (row) => (
        <Link to="/datasets/$did" params={{ did: row.did }} title={row.did}>
          {row.did}
        </Link>
      ),
      text: (row) => row.did,
    },
    {
      id: "type",
      head: t("dataset.type"),
      width: 60,
      cell: (row) => row.dataType,
      text: (row) => row.dataType,
    },
    {
      id: "size",
      head: t("dataset.size"),
      width: 90,
      numeric: true,
      sort: "SIZE_BYTES",
      cell: (row) => (row.isOpen ? t("dataset.open") : bytes(row.sizeBytes)),
      text: (row) => row.sizeBytes,
    },
    {
      id: "files",
      head: t("dataset.files"),
      width: 80,
      numeric: true,
      sort: "FILE_COUNT",
      cell: (row) => count(row.fileCount),
      text: (row) => row.fileCount,
    },
    {
      id: "events",
      head: t("dataset.events"),
      width: 110,
      numeric: true,
      cell: (row) => count(row.eventCount),
      text: (row) => row.eventCount,
    },
    { id: "replicas", head: t("dataset.replicas"), width: 220, cell: copies, text: copies },
    {
      id: "expires",
      head: t("dataset.expires"),
      width: 150,
      sort: "EXPIRES_AT",
      cell: (row) => <span title={utc(row.expiresAt)}>{local(row.expiresAt)}</span>,
      text: (row) => row.expiresAt,
    },
    {
      id: "created",
      head: t("dataset.created"),
      width: 150,
      sort: "CREATED_AT",
      cell: (row) => <span title={utc(row.createdAt)}>{local(row.createdAt)}</span>,
      text: (row) => row.createdAt,
    },
    { id: "age", head: t("age.head"), width: 170, cell: (row) => <Age of={row} /> },
  ];
}

export function DatasetsPage() {
  const { t } = useTranslation();
  const { is }: ListSearch = useSearch({ strict: false });
  const more = useProductionFacets(is ?? NONE);
  const columns = useMemo(() => columnsOf(t), [t]);
  return (
    <ListPage
      title={t("nav.datasets")}
      query={DatasetsQuery}
      pick={(data) => data.datasets}
      columns={columns}
      hidden={["created"]}
      keyOf={(row) => row.did}
      filterOf={filterOf}
      facets={[
        { name: "type", label: t("dataset.type"), options: ["S", "P", "R", "log"] },
        {
          name: "open",
          label: t("dataset.openOrClosed"),
          options: [
            { value: "open", label: t("dataset.open") },
            { value: "closed", label: t("dataset.closed") },
          ],
        },
        ...more,
      ]}
    />
  );
}
