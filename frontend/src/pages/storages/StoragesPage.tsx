/** The storages: what they hold by Rucio's books and by their own. */
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf, VariablesOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { Age } from "../../ui/Age";
import { bytes } from "../../units/numbers";
import { type StorageRow, StoragesQuery } from "./documents";

type Row = ResultOf<typeof StorageRow>;
type Filter = NonNullable<VariablesOf<typeof StoragesQuery>["filter"]>;

function filterOf({ q }: ListSearch): Filter | null {
  return all(
    wordsOf(q).map((word) => ({
      or: [{ name: { contains: word } }, { site: { name: { contains: word } } }],
    })),
  ) as Filter | null;
}

/** Rucio counts what it put there; the storage counts everything that is there. */
const usage = (row: Row, kind: "rucio" | "storage") => row.usages.find(({ usageKind }) => usageKind === kind);

function columnsOf(t: TFunction): Column<Row>[] {
  const may = (row: Row) =>
    [
      row.canRead && t("storage.read"),
      row.canWrite && t("storage.write"),
      row.canDelete && t("storage.delete"),
    ]
      .filter(Boolean)
      .join(", ");
  return [
    {
      id: "name",
      head: t("storage.name"),
      width: 160,
      sort: "NAME",
      cell: (row) => (
        <Link to="/storages/$name" params={{ name: row.name }}>
          {row.name}
        </Link>
      ),
      text: (row) => row.name,
    },
    {
      id: "site",
      head: t("site.name"),
      width: 120,
      cell: (row) => row.site?.name,
      text: (row) => row.site?.name,
    },
    {
      id: "type",
      head: t("dataset.type"),
      width: 80,
      cell: (row) => row.rseType,
      text: (row) => row.rseType,
    },
    { id: "may", head: t("storage.may"), width: 180, cell: may, text: may },
    {
      id: "logical",
      head: t("storage.logical"),
      full: t("storage.logicalFull"),
      width: 130,
      numeric: true,
      cell: (row) => bytes(usage(row, "rucio")?.usedBytes),
      text: (row) => usage(row, "rucio")?.usedBytes,
    },
    {
      id: "physical",
      head: t("storage.physical"),
      full: t("storage.physicalFull"),
      width: 130,
      numeric: true,
      cell: (row) => bytes(usage(row, "storage")?.usedBytes),
      text: (row) => usage(row, "storage")?.usedBytes,
    },
    {
      id: "free",
      head: t("storage.free"),
      width: 110,
      numeric: true,
      cell: (row) => bytes(usage(row, "storage")?.freeBytes),
      text: (row) => usage(row, "storage")?.freeBytes,
    },
    {
      id: "total",
      head: t("storage.total"),
      width: 110,
      numeric: true,
      cell: (row) => bytes(usage(row, "storage")?.totalBytes),
      text: (row) => usage(row, "storage")?.totalBytes,
    },
    { id: "age", head: t("age.head"), width: 170, cell: (row) => <Age of={row} /> },
  ];
}

export function StoragesPage() {
  const { t } = useTranslation();
  const columns = useMemo(() => columnsOf(t), [t]);
  return (
    <ListPage
      title={t("nav.storages")}
      query={StoragesQuery}
      pick={(data) => data.storages}
      columns={columns}
      keyOf={(row) => row.name}
      filterOf={filterOf}
    />
  );
}
