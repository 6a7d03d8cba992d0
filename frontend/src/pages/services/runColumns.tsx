/** What one reading of a service did, as a line of a table. */
import type { TFunction } from "i18next";

import type { Column } from "../../table/DataTable";
import { Status } from "../../ui/Status";
import { count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { Reason } from "./Reason";
import type { Source } from "./ServicesPage";

type Run = Source["runs"]["nodes"][number];

export function runColumns(t: TFunction): Omit<Column<Run>, "width">[] {
  return [
    { id: "job", head: t("service.job"), cell: (run) => run.job },
    {
      id: "started",
      head: t("task.started"),
      cell: (run) => <span title={utc(run.startedAt)}>{local(run.startedAt)}</span>,
    },
    { id: "verdict", head: t("service.verdict"), cell: (run) => <Status word={run.verdict} /> },
    { id: "seen", head: t("service.seen"), numeric: true, cell: (run) => count(run.rowsSeen) },
    { id: "changed", head: t("service.changed"), numeric: true, cell: (run) => count(run.rowsChanged) },
    { id: "gone", head: t("service.gone"), numeric: true, cell: (run) => count(run.rowsGone) },
    {
      id: "quarantined",
      head: t("service.quarantined"),
      full: t("service.quarantinedFull"),
      numeric: true,
      cell: (run) => count(run.rowsQuarantined),
    },
    { id: "error", head: t("service.why"), cell: (run) => <Reason of={run.error} /> },
  ];
}
