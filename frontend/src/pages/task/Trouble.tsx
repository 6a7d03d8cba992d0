/** Why a task is not complete, in one place: what is missing, where it failed, how it stands there, and what to do. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import type { ResultOf } from "../../api/graphql";
import { paths } from "../../paths";
import { FactList } from "../../ui/FactList";
import page from "../../ui/page.module.css";
import { SmallTable } from "../../ui/SmallTable";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import { bytes, count, percent } from "../../units/numbers";
import { local } from "../../units/times";
import { Losses } from "../request/Complete";
import type { TaskQuery } from "./documents";
import { type Place, placesOf } from "./places";
import type { Task } from "./TaskPage";

type Findings = ResultOf<typeof TaskQuery>["findings"]["nodes"];

export function Trouble({ task, findings }: { task: Task; findings: Findings }) {
  const { t } = useTranslation();
  if (task.execution === "COMPLETE" && !task.missingSeeds) return null;
  const places = placesOf(task.jobCounts, Date.now());
  const quotas = (task.user?.quotas ?? []).map(({ rseName, limitBytes, isUnlimited, usedBytes }) =>
    isUnlimited
      ? `${rseName}: ${bytes(usedBytes)}`
      : `${rseName}: ${bytes(usedBytes)} / ${bytes(limitBytes)}${share(usedBytes, limitBytes)}`,
  );
  return (
    <section aria-label={t("trouble.title")}>
      <h2>{t("trouble.title")}</h2>
      <FactList
        facts={[
          [t("task.error"), task.errorDialog ?? t("trouble.silent")],
          [t("trouble.quota", { who: task.userName ?? "" }), quotas.length > 0 ? quotas.join("; ") : null],
        ]}
      />
      {task.missingSeeds && <Losses ranges={task.missingSeeds} />}
      {places.length > 0 && <Places places={places} />}
      {findings.length > 0 && (
        <ul className={page.plain} aria-label={t("request.findings")}>
          {findings.map(({ id, severity, message, suggestion }) => (
            <li key={id}>
              <Status word={severity} /> {message}
              {suggestion && <div className={ui.age}>{suggestion}</div>}
            </li>
          ))}
        </ul>
      )}
      <Advice task={task} places={places} />
    </section>
  );
}

function share(used: Bytes, limit: Bytes): string {
  return Number(limit) > 0 ? ` (${percent(Number(used) / Number(limit))})` : "";
}
type Bytes = number | string | null;

function Places({ places }: { places: readonly Place[] }) {
  const { t } = useTranslation();
  return (
    <SmallTable
      caption={t("trouble.places")}
      rows={places}
      keyOf={({ queue }) => queue}
      columns={[
        { id: "queue", head: t("task.queue"), cell: ({ queue }) => queue },
        {
          id: "failed",
          head: t("task.failed"),
          numeric: true,
          cell: ({ failed, jobs }) => `${count(failed)} / ${count(jobs)}`,
        },
        {
          id: "status",
          head: t("trouble.queueNow"),
          cell: ({ status, comment }) => <Status word={status} title={comment ?? undefined} />,
        },
        {
          id: "site",
          head: t("site.name"),
          cell: ({ site, siteState }) =>
            site && (
              <>
                <Link to={paths.site(site)}>{site}</Link> {siteState && <Status word={siteState} />}
              </>
            ),
        },
        {
          id: "downtime",
          head: t("site.downtime"),
          cell: ({ downtime }) =>
            downtime === null
              ? t("trouble.noDowntime")
              : `${downtime.isNow ? t("site.now") : local(downtime.startsAt)} – ${local(downtime.endsAt)}: ${downtime.description ?? ""}`,
        },
      ]}
    />
  );
}

/** What would help, in words for everybody; whoever may do it gets a button for it. */
function Advice({ task, places }: { task: Task; places: readonly Place[] }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const isOver = ["PARTIAL", "FAILED", "ABORTED"].includes(task.execution);
  const isClosed = places.some(({ status, downtime }) => status === "offline" || downtime?.isNow);
  const canRedo = isOver && task.requestName !== null && task.stepKind !== null;
  const words = canRedo
    ? t(isClosed ? "trouble.redoLater" : "trouble.redo", { kind: task.stepKind ?? "" })
    : isClosed
      ? t("trouble.wait")
      : null;
  if (words === null) return null;
  return (
    <p className={page.line}>
      <strong>{t("finding.suggestion")}:</strong> {words}{" "}
      {canRedo && task.attempt !== null && may("REPAIR") && (
        <Button
          size="xs"
          renderRoot={(props) => (
            <Link
              to={paths.request(task.requestName ?? "")}
              search={{ do: `recover.${task.stepKind}` }}
              {...props}
            />
          )}
        >
          {t("action.recover", { kind: task.stepKind ?? "" })}
        </Button>
      )}
    </p>
  );
}
