/** One service: its freshness in words, its readings and what the last of them did. */
import { useTranslation } from "react-i18next";

import { FactList } from "../../ui/FactList";
import page from "../../ui/page.module.css";
import { SmallTable } from "../../ui/SmallTable";
import { SourceStatus } from "../../ui/SourceStatus";
import ui from "../../ui/ui.module.css";
import { count } from "../../units/numbers";
import { ago, duration, local, relative, utc } from "../../units/times";
import { Reason } from "./Reason";
import { runColumns } from "./runColumns";
import type { Source } from "./ServicesPage";

export function SourceSection({ source }: { source: Source }) {
  const { t } = useTranslation();
  const name = t(`source.${source.name}`);
  const moment = (at: string | null) => <span title={utc(at)}>{at ? relative(at) : t("service.never")}</span>;
  return (
    <section className={page.step} aria-label={name}>
      <h2>
        {name} <SourceStatus source={source} />
      </h2>
      {source.staleReason && <p className={page.notice}>{source.staleReason}</p>}
      <FactList
        facts={[
          [t("service.lastOk"), moment(source.lastOkAt)],
          [t("service.lastFull"), moment(source.lastFullOkAt)],
          [t("service.lastAttempt"), moment(source.lastAttemptAt)],
          [t("service.promise"), duration(source.staleAfterS)],
        ]}
      />
      {source.error && <p className={ui.text}>{source.error}</p>}
      {source.holdReason && <p className={page.notice}>{source.holdReason}</p>}
      {source.jobs.length > 0 && (
        <SmallTable
          caption={t("service.jobsOf", { source: name })}
          rows={source.jobs}
          keyOf={(job) => job.name}
          columns={[
            { id: "name", head: t("service.job"), cell: (job) => job.name },
            {
              id: "lag",
              head: t("service.lag"),
              numeric: true,
              cell: (job) => <span title={utc(job.lastOkAt)}>{ago(job.lagSeconds)}</span>,
            },
            {
              id: "next",
              head: t("service.next"),
              cell: (job) =>
                job.isRunning ? (
                  t("service.running")
                ) : (
                  <span title={utc(job.nextRunAt)}>{relative(job.nextRunAt)}</span>
                ),
            },
            { id: "fails", head: t("service.fails"), numeric: true, cell: (job) => count(job.fails) },
            { id: "why", head: t("service.why"), cell: (job) => <Reason of={job.error ?? job.holdReason} /> },
          ]}
        />
      )}
      {source.runs.nodes.length > 0 && (
        <details>
          <summary>
            {t("service.runs")} ({local(source.runs.nodes[0]?.startedAt)})
          </summary>
          <SmallTable
            caption={t("service.runsOf", { source: name })}
            rows={source.runs.nodes}
            keyOf={(run) => run.job + run.startedAt}
            columns={runColumns(t)}
          />
        </details>
      )}
    </section>
  );
}
