/** The people of the collaboration, by the names that each service knows them by. */
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf, VariablesOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { Age } from "../../ui/Age";
import { local, utc } from "../../units/times";
import { PeopleQuery, type PersonRow } from "./documents";

type Row = ResultOf<typeof PersonRow>;
type Filter = NonNullable<VariablesOf<typeof PeopleQuery>["filter"]>;

function filterOf({ q, is }: ListSearch): Filter | null {
  const every: Filter[] = wordsOf(q).map((word) => ({
    or: [
      { username: { contains: word } },
      { displayName: { contains: word } },
      { groups: { name: { contains: word } } },
    ],
  }));
  if (is?.active) every.push({ or: is.active.map((value) => ({ isActive: value === "yes" })) });
  return all(every) as Filter | null;
}

const groups = (row: Row) => row.groups.map(({ name }) => name).join(", ");
const identities = (row: Row) => row.identities.map(({ system, name }) => `${system}: ${name}`).join(", ");

function columnsOf(t: TFunction): Column<Row>[] {
  return [
    {
      id: "username",
      head: t("person.username"),
      width: 130,
      sort: "USERNAME",
      cell: (row) => (
        <Link to="/people/$username" params={{ username: row.username }}>
          {row.username}
        </Link>
      ),
      text: (row) => row.username,
    },
    {
      id: "name",
      head: t("person.name"),
      width: 200,
      sort: "DISPLAY_NAME",
      cell: (row) => row.displayName,
      text: (row) => row.displayName,
    },
    {
      id: "active",
      head: t("person.active"),
      width: 80,
      cell: (row) => (row.isActive ? t("state.yes") : t("state.no")),
      text: (row) => String(row.isActive),
    },
    { id: "groups", head: t("person.groups"), width: 280, cell: groups, text: groups },
    { id: "identities", head: t("person.identities"), width: 320, cell: identities, text: identities },
    {
      id: "ends",
      head: t("person.ends"),
      width: 150,
      cell: (row) => <span title={utc(row.membershipEndsAt)}>{local(row.membershipEndsAt)}</span>,
      text: (row) => row.membershipEndsAt,
    },
    { id: "age", head: t("age.head"), width: 170, cell: (row) => <Age of={row} /> },
  ];
}

export function PeoplePage() {
  const { t } = useTranslation();
  const columns = useMemo(() => columnsOf(t), [t]);
  return (
    <ListPage
      title={t("nav.people")}
      query={PeopleQuery}
      pick={(data) => data.people}
      columns={columns}
      keyOf={(row) => row.username}
      filterOf={filterOf}
      facets={[
        {
          name: "active",
          label: t("person.active"),
          options: [
            { value: "yes", label: t("state.yes") },
            { value: "no", label: t("state.no") },
          ],
        },
      ]}
    />
  );
}
