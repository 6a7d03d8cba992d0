/** All PanDA tasks, newest first. */
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
import { bytes, count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { type TaskRow, TasksQuery } from "./documents";

type Row = ResultOf<typeof TaskRow>;
type Filter = NonNullable<VariablesOf<typeof TasksQuery>["filter"]>;

// PanDA's own words; those a person looks for most stand first.
const STATUSES = [
  "running",
  "finished",
  "done",
  "failed",
  "broken",
  "exhausted",
  "ready",
  "pending",
  "paused",
  "aborted",
  "registered",
  "defined",
];

function filterOf({ q, is }: ListSearch): Filter | null {
  const every: Filter[] = wordsOf(q).map((word) => ({
    or: [
      { name: { contains: word } },
      { userName: { contains: word } },
      { errorDialog: { contains: word } },
      ...(/^\d{1,15}$/.test(word) ? [{ jediTaskId: { eq: Number(word) } }] : []),
    ],
  }));
  if (is?.status) every.push({ status: { in: is.status } });
  return all(every) as Filter | null;
}

function columnsOf(t: TFunction): Column<Row>[] {
  return [
    {
      id: "id",
      head: t("task.id"),
      width: 90,
      numeric: true,
      sort: "JEDI_TASK_ID",
      cell: (row) => (
        <Link to="/tasks/$jediTaskId" params={{ jediTaskId: String(row.jediTaskId) }}>
          {String(row.jediTaskId)}
        </Link>
      ),
      text: (row) => row.jediTaskId,
    },
    {
      id: "name",
      head: t("task.name"),
      width: 260,
      sort: "NAME",
      cell: (row) => row.name,
      text: (row) => row.name,
    },
    {
      id: "status",
      head: t("task.status"),
      width: 120,
      sort: "STATUS",
      cell: (row) => <Status word={row.status} />,
      text: (row) => row.status,
    },
    {
      id: "request",
      head: t("request.name"),
      width: 130,
      cell: (row) =>
        row.requestName && (
          <Link to="/requests/$name" params={{ name: row.requestName }}>
            {row.requestName}
          </Link>
        ),
      text: (row) => row.requestName,
    },
    {
      id: "expected",
      head: t("task.jobs"),
      width: 90,
      numeric: true,
      sort: "JOBS_EXPECTED",
      cell: (row) => count(row.jobsExpected),
      text: (row) => row.jobsExpected,
    },
    {
      id: "done",
      head: t("task.done"),
      width: 90,
      numeric: true,
      sort: "JOBS_FINISHED",
      cell: (row) => count(row.jobsFinished),
      text: (row) => row.jobsFinished,
    },
    {
      id: "failed",
      head: t("task.failed"),
      width: 80,
      numeric: true,
      sort: "JOBS_FAILED",
      cell: (row) => count(row.jobsFailed),
      text: (row) => row.jobsFailed,
    },
    {
      id: "output",
      head: t("task.output"),
      width: 90,
      numeric: true,
      sort: "OUTPUT_BYTES",
      cell: (row) => bytes(row.outputBytes),
      text: (row) => row.outputBytes,
    },
    {
      id: "user",
      head: t("task.user"),
      width: 110,
      sort: "USER_NAME",
      cell: (row) => row.userName,
      text: (row) => row.userName,
    },
    {
      id: "started",
      head: t("task.started"),
      width: 150,
      sort: "STARTED_AT",
      cell: (row) => <span title={utc(row.startedAt)}>{local(row.startedAt)}</span>,
      text: (row) => row.startedAt,
    },
    {
      id: "ended",
      head: t("task.ended"),
      width: 150,
      sort: "ENDED_AT",
      cell: (row) => <span title={utc(row.endedAt)}>{local(row.endedAt)}</span>,
      text: (row) => row.endedAt,
    },
    {
      id: "error",
      head: t("task.error"),
      width: 260,
      cell: (row) => <span title={row.errorDialog ?? undefined}>{row.errorDialog}</span>,
      text: (row) => row.errorDialog,
    },
    { id: "age", head: t("age.head"), width: 170, cell: (row) => <Age of={row} /> },
  ];
}

export function TasksPage() {
  const { t } = useTranslation();
  const columns = useMemo(() => columnsOf(t), [t]);
  return (
    <ListPage
      title={t("nav.tasks")}
      query={TasksQuery}
      pick={(data) => data.tasks}
      columns={columns}
      hidden={["ended"]}
      keyOf={(row) => String(row.jediTaskId)}
      filterOf={filterOf}
      facets={[{ name: "status", label: t("task.status"), options: STATUSES }]}
    />
  );
}
