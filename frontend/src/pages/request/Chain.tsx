/** The steps in their order, each with its attempts, and each attempt with its task and what came out of it. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { ResultOf } from "../../api/graphql";
import { paths } from "../../paths";
import { Age } from "../../ui/Age";
import css from "../../ui/page.module.css";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import { bytes, count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { Complete } from "./Complete";
import type { AttemptLine } from "./documents";
import type { Request } from "./RequestPage";

type AttemptData = ResultOf<typeof AttemptLine>;

export function Chain({ steps }: { steps: Request["steps"] }) {
  const { t } = useTranslation();
  return (
    <section aria-label={t("request.chain")}>
      <h2>{t("request.chain")}</h2>
      {steps.map((step) => (
        <section key={step.id} className={css.step} aria-label={step.kind}>
          <h3>
            {step.kind} <Status word={step.execution} />{" "}
            <span className={ui.age}>
              {[step.script, step.scriptVersion, step.scriptVariant].filter(Boolean).join(" · ")}
            </span>
          </h3>
          <Complete of={step.completeness} step={step.kind} />
          {step.attempts.map((attempt) => (
            <AttemptBlock key={attempt.id} attempt={attempt} />
          ))}
        </section>
      ))}
    </section>
  );
}

function AttemptBlock({ attempt }: { attempt: AttemptData }) {
  const { t } = useTranslation();
  const { task } = attempt;
  return (
    <div className={css.attempt}>
      <p className={css.line}>
        <strong>
          {t("request.attempt")} {count(attempt.number)}
        </strong>
        <Status word={attempt.execution} />
        {attempt.submittedAt && (
          <span title={utc(attempt.submittedAt)}>
            {local(attempt.submittedAt)}{" "}
            {attempt.submittedBy && t("request.by", { who: attempt.submittedBy })}
          </span>
        )}
        {attempt.reason && <span className={ui.text}>{attempt.reason}</span>}
      </p>
      {task && <TaskLine task={task} />}
      {attempt.datasets.length > 0 && <DatasetTable datasets={attempt.datasets} />}
    </div>
  );
}

function TaskLine({ task }: { task: NonNullable<AttemptData["task"]> }) {
  const { t } = useTranslation();
  return (
    <>
      <p className={css.line}>
        <Link to={paths.task(task.jediTaskId)}>
          {t("request.task")} {String(task.jediTaskId)}
        </Link>
        <Status word={task.status} />
        <span>
          {t("request.jobsDone")}: {count(task.jobsFinished)} / {count(task.jobsExpected)}
        </span>
        {task.jobsExpected !== null && (
          <progress
            max={Number(task.jobsExpected)}
            value={Number(task.jobsFinished ?? 0)}
            aria-label={t("request.jobsDone")}
          />
        )}
        <span>{bytes(task.outputBytes)}</span>
        <Age of={task} />
      </p>
      {task.missingSeeds && (
        <p className={css.notice}>
          {t("request.missingSeeds")}: <code>{task.missingSeeds}</code>
        </p>
      )}
      {task.errorDialog && <p className={ui.text}>{task.errorDialog}</p>}
    </>
  );
}

function DatasetTable({ datasets }: { datasets: AttemptData["datasets"] }) {
  const { t } = useTranslation();
  return (
    <div className={css.wide}>
      <table className={css.small}>
        <caption className={css.caption}>{t("request.datasets")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("dataset.did")}</th>
            <th scope="col">{t("dataset.type")}</th>
            <th scope="col">{t("dataset.size")}</th>
            <th scope="col">{t("dataset.files")}</th>
            <th scope="col">{t("dataset.replicas")}</th>
            <th scope="col">{t("dataset.expires")}</th>
          </tr>
        </thead>
        <tbody>
          {datasets.map((dataset) => (
            <tr key={dataset.id}>
              <td>
                <Link to={paths.dataset(dataset.did)}>{dataset.did}</Link> <Age of={dataset} />
              </td>
              <td>{dataset.dataType}</td>
              <td className={css.number}>{dataset.isOpen ? t("dataset.open") : bytes(dataset.sizeBytes)}</td>
              <td className={css.number}>{count(dataset.fileCount)}</td>
              <td>{dataset.replicas.map(({ rseName, state }) => `${rseName} ${state}`).join(", ")}</td>
              <td title={utc(dataset.expiresAt)}>{local(dataset.expiresAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
