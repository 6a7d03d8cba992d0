/** What the checks say of everything: the inbox of whoever looks after the productions. */
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf, VariablesOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { Status } from "../../ui/Status";
import { ago, secondsSince, utc } from "../../units/times";
import { type FindingRow, FindingsQuery } from "./documents";

type Row = ResultOf<typeof FindingRow>;
type Filter = NonNullable<VariablesOf<typeof FindingsQuery>["filter"]>;

function filterOf({ q }: ListSearch): Filter | null {
  const every: Filter[] = wordsOf(q).map((word) => ({
    or: [
      { code: { contains: word } },
      { subjectKey: { contains: word } },
      { requestName: { contains: word } },
    ],
  }));
  return all([...every, { resolvedAt: { isNull: true } }]) as Filter | null;
}

function columnsOf(t: TFunction): Column<Row>[] {
  return [
    {
      id: "severity",
      head: t("finding.severity"),
      width: 100,
      sort: "SEVERITY",
      cell: (row) => <Status word={row.severity} />,
      text: (row) => row.severity,
    },
    {
      id: "about",
      head: t("finding.about"),
      width: 230,
      sort: "SUBJECT_KEY",
      cell: (row) =>
        row.request ? (
          <Link to="/requests/$name" params={{ name: row.request.name }}>
            {row.subjectKey}
          </Link>
        ) : (
          row.subjectKey
        ),
      text: (row) => row.subjectKey,
    },
    {
      id: "says",
      head: t("finding.says"),
      width: 520,
      cell: (row) => <span title={row.message}>{row.message}</span>,
      text: (row) => row.message,
    },
    {
      id: "suggestion",
      head: t("finding.suggestion"),
      width: 360,
      cell: (row) => <span title={row.suggestion ?? undefined}>{row.suggestion}</span>,
      text: (row) => row.suggestion,
    },
    {
      id: "code",
      head: t("finding.code"),
      width: 200,
      sort: "INVARIANT",
      cell: (row) => row.code,
      text: (row) => row.code,
    },
    {
      id: "since",
      head: t("finding.since"),
      width: 110,
      sort: "FIRST_FOUND_AT",
      cell: (row) => <span title={utc(row.firstFoundAt)}>{ago(secondsSince(row.firstFoundAt))}</span>,
      text: (row) => row.firstFoundAt,
    },
  ];
}

export function FindingsPage() {
  const { t } = useTranslation();
  const columns = useMemo(() => columnsOf(t), [t]);
  return (
    <ListPage
      title={t("nav.findings")}
      query={FindingsQuery}
      pick={(data) => data.findings}
      columns={columns}
      keyOf={(row) => row.id}
      filterOf={filterOf}
    />
  );
}
