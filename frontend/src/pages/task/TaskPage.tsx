/** One PanDA task: where its jobs run, what is missing and what PanDA says of it. */
import { Link, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useQuery, useSubscription } from "urql";

import type { ResultOf } from "../../api/graphql";
import { paths } from "../../paths";
import { Age } from "../../ui/Age";
import { FactList } from "../../ui/FactList";
import { Home } from "../../ui/Home";
import page from "../../ui/page.module.css";
import { Empty, Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { bytes, count, decimal } from "../../units/numbers";
import { local } from "../../units/times";
import { Adoption } from "./AdoptDialog";
import { TaskChanges, TaskQuery } from "./documents";
import { JobCounts } from "./JobCounts";
import { Steering } from "./steering/Steering";
import { Trouble } from "./Trouble";

export type Task = Extract<ResultOf<typeof TaskQuery>["task"], { __typename: "Task" }>;

export function TaskPage() {
  const { t } = useTranslation();
  const { jediTaskId } = useParams({ from: "/tasks/$jediTaskId" });
  const id = Number(jediTaskId);
  const [{ data, error, fetching }, again] = useQuery({
    query: TaskQuery,
    variables: { jediTaskId: id, subject: String(id) },
  });
  const [changes] = useSubscription({ query: TaskChanges, variables: { jediTaskId: id } });
  useEffect(() => {
    if (changes.data !== undefined) again({ requestPolicy: "network-only" });
  }, [changes.data, again]);
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  if (data.task.__typename !== "Task") return <Empty>{data.task.message}</Empty>;
  const { task } = data;
  return (
    <article className={page.page} aria-busy={fetching}>
      <header className={page.head}>
        <h1>
          {t("request.task")} {String(task.jediTaskId)}
        </h1>
        <Status word={task.status} />
        <span>{task.name}</span>
        <Age of={task} />
        <Home of="task" names={{ id: String(task.jediTaskId) }} />
      </header>
      <Steering task={task} />
      <Adoption task={task} onMade={() => again({ requestPolicy: "network-only" })} />
      {error && <Failed error={error} partly />}
      <FactList
        facts={[
          [
            t("request.name"),
            task.requestName && (
              <Link to={paths.request(task.requestName)}>
                {task.requestName} {task.stepKind} {String(task.attemptNumber ?? "")}
              </Link>
            ),
          ],
          [t("task.jobs"), count(task.jobsExpected)],
          [t("task.done"), count(task.jobsFinished)],
          [t("task.failed"), count(task.jobsFailed)],
          [t("request.events"), count(task.events)],
          [t("task.output"), bytes(task.outputBytes)],
          [t("task.coreHours"), decimal(task.coreHours)],
          [t("request.priority"), count(task.priority)],
          [t("task.user"), task.user?.displayName ?? task.userName],
          [t("task.started"), local(task.startedAt)],
          [t("task.ended"), local(task.endedAt)],
          [
            t("task.parent"),
            task.parent && <Link to={paths.task(task.parent.jediTaskId)}>{task.parent.name}</Link>,
          ],
        ]}
      />
      <Trouble task={task} findings={data.findings.nodes} />
      <JobCounts counts={task.jobCounts} />
      {task.datasets.length > 0 && (
        <>
          <h2>{t("request.datasets")}</h2>
          <ul className={page.plain}>
            {task.datasets.map(({ id, did, isOpen, sizeBytes, fileCount }) => (
              <li key={id}>
                <Link to={paths.dataset(did)}>{did}</Link> {isOpen ? t("dataset.open") : bytes(sizeBytes)},{" "}
                {t("dataset.fileCount", { count: Number(fileCount ?? 0) })}
              </li>
            ))}
          </ul>
        </>
      )}
    </article>
  );
}
