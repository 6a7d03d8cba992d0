/** All PanDA tasks, newest first. */
import { Button, Menu } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import type { ResultOf, VariablesOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { all, ListPage, wordsOf } from "../../table/ListPage";
import type { ListSearch } from "../../table/search";
import { Age } from "../../ui/Age";
import { part } from "../../ui/part";
import { Status } from "../../ui/Status";
import { bytes, count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { COMMANDS, type Command } from "../task/steering/commands";
import { type TaskRow, TasksQuery } from "./documents";

const SteerDialog = part(async () => (await import("../task/steering/SteerDialog")).SteerDialog);

/** The server takes no more in one command. */
const MOST_AT_ONCE = 100;

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
  const { may } = useViewer();
  const columns = useMemo(() => columnsOf(t), [t]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [command, setCommand] = useState<Command | null>(null);
  const [round, setRound] = useState(0);
  const tasks = useMemo(() => [...selected].sort().map(Number), [selected]);
  const list = (
    <ListPage
      title={t("nav.tasks")}
      query={TasksQuery}
      pick={(data) => data.tasks}
      columns={columns}
      hidden={["ended"]}
      keyOf={(row) => String(row.jediTaskId)}
      filterOf={filterOf}
      facets={[{ name: "status", label: t("task.status"), options: STATUSES }]}
      round={round}
      selected={may("STEER") ? selected : undefined}
      onSelect={setSelected}
      actions={may("STEER") && tasks.length > 0 && <SteerMenu tasks={tasks} onChoose={setCommand} />}
    />
  );
  return (
    <>
      {list}
      <Suspense>
        {command !== null && (
          <SteerDialog
            command={command}
            tasks={tasks}
            onClose={() => {
              setCommand(null);
              setRound(round + 1);
            }}
          />
        )}
      </Suspense>
    </>
  );
}

/** What can be asked of the chosen tasks; of which of them it is possible, the dialog says. */
function SteerMenu({ tasks, onChoose }: { tasks: readonly number[]; onChoose: (one: Command) => void }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" disabled={tasks.length > MOST_AT_ONCE}>
          {t("action.steerMany", { count: tasks.length })}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {COMMANDS.map((one) => (
          <Menu.Item key={one} onClick={() => onChoose(one)}>
            {t(`steer.${one}.short`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
