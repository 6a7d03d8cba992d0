/** The table "central production statistics" of the SPD talks, for any day. */
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../../api/graphql";
import type { Column } from "../../table/DataTable";
import { SmallTable } from "../../ui/SmallTable";
import { Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import { bytes, count, percent } from "../../units/numbers";
import { day, utc } from "../../units/times";
import { CentralQuery } from "./documents";
import type { Filter } from "./StatisticsPage";

type Table = ResultOf<typeof CentralQuery>["statistics"]["centralProductions"];
type Row = Table["rows"][number];

function columnsOf(t: TFunction): Omit<Column<Row>, "width">[] {
  const date = (at: string | null) => <span title={utc(at)}>{day(at)}</span>;
  return [
    {
      id: "id",
      head: t("task.id"),
      numeric: true,
      cell: (row) => (
        <Link to="/tasks/$jediTaskId" params={{ jediTaskId: String(row.jediTaskId) }}>
          {String(row.jediTaskId)}
        </Link>
      ),
      text: (row) => row.jediTaskId,
    },
    { id: "name", head: t("task.name"), cell: (row) => row.name, text: (row) => row.name },
    {
      id: "status",
      head: t("task.status"),
      cell: (row) => <Status word={row.status} />,
      text: (row) => row.status,
    },
    {
      id: "started",
      head: t("task.started"),
      cell: (row) => date(row.startedAt),
      text: (row) => row.startedAt,
    },
    { id: "ended", head: t("task.ended"), cell: (row) => date(row.endedAt), text: (row) => row.endedAt },
    {
      id: "jobs",
      head: t("task.jobs"),
      numeric: true,
      cell: (row) => count(row.jobs),
      text: (row) => row.jobs,
    },
    {
      id: "events",
      head: t("request.events"),
      numeric: true,
      cell: (row) => count(row.events),
      text: (row) => row.events,
    },
    {
      id: "output",
      head: t("task.output"),
      numeric: true,
      cell: (row) => bytes(row.outputBytes),
      text: (row) => row.outputBytes,
    },
    {
      id: "completeness",
      head: t("request.complete"),
      numeric: true,
      cell: (row) => percent(row.completeness?.fraction),
      text: (row) => row.completeness?.fraction,
    },
  ];
}

export function Central({ filter, until }: { filter: Filter | null; until: string | undefined }) {
  const { t } = useTranslation();
  const columns = useMemo(() => columnsOf(t), [t]);
  const [{ data, error }, again] = useQuery({ query: CentralQuery, variables: { filter } });
  const title = until ? `${t("statistics.central")} ${until}` : t("statistics.central");
  const table = data?.statistics.centralProductions;
  return (
    <section aria-label={t("statistics.central")}>
      <h2>{title}</h2>
      <p className={ui.age}>{t("statistics.centralNote")}</p>
      {error && <Failed error={error} again={() => again()} />}
      {!table && !error && <Loading />}
      {table && (
        <>
          <p>
            <strong>{t("statistics.total")}</strong>: {t("statistics.tasks")} {count(table.total.tasks)} ·{" "}
            {t("statistics.jobsFinished")} {count(table.total.jobsFinished.value)} · {t("request.events")}{" "}
            {count(table.total.events.value)} · {t("task.output")} {bytes(table.total.outputBytes.value)}
          </p>
          <SmallTable
            caption={title}
            isTitled
            file={title}
            columns={columns}
            rows={table.rows}
            keyOf={(row) => String(row.jediTaskId)}
          />
        </>
      )}
    </section>
  );
}
