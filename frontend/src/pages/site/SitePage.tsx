/** One site: its queues and what runs on them, its storages, its services and when it is down. */
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../../api/graphql";
import { paths } from "../../paths";
import { Age } from "../../ui/Age";
import { FactList } from "../../ui/FactList";
import { Home } from "../../ui/Home";
import page from "../../ui/page.module.css";
import { SmallTable } from "../../ui/SmallTable";
import { Empty, Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { bytes, count } from "../../units/numbers";
import { duration, local, utc } from "../../units/times";
import { SiteQuery } from "./documents";

export type Site = Extract<ResultOf<typeof SiteQuery>["site"], { __typename: "Site" }>;

export function SitePage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/sites/$name" });
  const [{ data, error, fetching }, again] = useQuery({ query: SiteQuery, variables: { name } });
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  if (data.site.__typename !== "Site") return <Empty>{data.site.message}</Empty>;
  const { site } = data;
  return (
    <article className={page.page} aria-busy={fetching}>
      <header className={page.head}>
        <h1>{site.name}</h1>
        <Status word={site.state} />
        <Age of={site} />
        <Home of="site" names={{ name: site.name }} />
      </header>
      {error && <Failed error={error} partly />}
      <FactList
        facts={[
          [t("site.centre"), site.centreName],
          [t("site.country"), site.country],
          [t("site.tier"), count(site.tierLevel)],
          [t("site.cores"), count(site.cores)],
          [t("site.coresUsual"), count(site.coresUsual)],
          [t("site.usable"), bytes(site.storageUsableBytes)],
        ]}
      />
      {site.downtimes.length > 0 && <Downtimes downtimes={site.downtimes} />}
      <Queues queues={site.queues} />
      {site.storages.length > 0 && (
        <>
          <h2>{t("site.storages")}</h2>
          <ul className={page.plain}>
            {site.storages.map(({ id, name: storage, usages }) => {
              const usage = usages.find(({ usageKind }) => usageKind === "storage") ?? usages[0];
              return (
                <li key={id}>
                  <Link to={paths.storage(storage)}>{storage}</Link> {bytes(usage?.usedBytes)} /{" "}
                  {bytes(usage?.totalBytes)}
                </li>
              );
            })}
          </ul>
        </>
      )}
      {site.services.length > 0 && (
        <>
          <h2>{t("site.services")}</h2>
          <SmallTable
            caption={t("site.services")}
            isTitled
            rows={site.services}
            keyOf={(service) => service.id}
            columns={[
              { id: "name", head: t("task.name"), cell: (service) => service.name },
              {
                id: "type",
                head: t("dataset.type"),
                cell: (service) => [service.serviceType, service.flavour].filter(Boolean).join(" "),
              },
              { id: "endpoint", head: t("site.endpoint"), cell: (service) => service.endpoint },
              {
                id: "state",
                head: t("task.status"),
                cell: (service) => <Status word={service.status ?? service.state} />,
              },
            ]}
          />
        </>
      )}
    </article>
  );
}

function Downtimes({ downtimes }: { downtimes: Site["downtimes"] }) {
  const { t } = useTranslation();
  return (
    <>
      <h2>{t("site.downtime")}</h2>
      <SmallTable
        caption={t("site.downtime")}
        isTitled
        rows={downtimes}
        keyOf={(downtime) => downtime.id}
        columns={[
          {
            id: "now",
            head: t("task.status"),
            cell: ({ isNow, severity }) => (
              <>
                {isNow && <Status word={t("site.now")} tone="bad" />} {severity}
              </>
            ),
          },
          {
            id: "from",
            head: t("task.started"),
            cell: ({ startsAt }) => <span title={utc(startsAt)}>{local(startsAt)}</span>,
          },
          {
            id: "to",
            head: t("task.ended"),
            cell: ({ endsAt }) => <span title={utc(endsAt)}>{local(endsAt)}</span>,
          },
          { id: "affected", head: t("site.affected"), cell: ({ affected }) => affected },
          { id: "why", head: t("service.why"), cell: ({ description }) => description },
        ]}
      />
    </>
  );
}

/** Jobs of a queue by state; what PanDA counts over all tasks there. */
function jobsOf(queue: Site["queues"][number]): string {
  const sums = new Map<string, number>();
  for (const { jobState, jobs } of queue.jobCounts.nodes)
    sums.set(jobState, (sums.get(jobState) ?? 0) + Number(jobs));
  return [...sums].map(([state, jobs]) => `${state} ${count(jobs)}`).join(", ");
}

function Queues({ queues }: { queues: Site["queues"] }) {
  const { t } = useTranslation();
  return (
    <>
      <h2>{t("site.queues")}</h2>
      {queues.length === 0 ? (
        <p>{t("site.noQueues")}</p>
      ) : (
        <SmallTable
          caption={t("site.queues")}
          isTitled
          rows={queues}
          keyOf={(queue) => queue.id}
          columns={[
            { id: "name", head: t("task.queue"), cell: (queue) => queue.name },
            {
              id: "status",
              head: t("task.status"),
              cell: (queue) => <Status word={queue.status} title={queue.comment ?? undefined} />,
            },
            { id: "comment", head: t("service.why"), cell: (queue) => queue.comment },
            { id: "type", head: t("dataset.type"), cell: (queue) => queue.queueType },
            { id: "cores", head: t("site.cores"), numeric: true, cell: (queue) => count(queue.coreCount) },
            {
              id: "memory",
              head: t("site.memory"),
              numeric: true,
              cell: (queue) => count(queue.maxRssMb),
            },
            {
              id: "walltime",
              head: t("site.walltime"),
              numeric: true,
              cell: (queue) => duration(queue.maxWalltimeS === null ? null : Number(queue.maxWalltimeS)),
            },
            { id: "jobs", head: t("task.jobs"), cell: jobsOf },
          ]}
        />
      )}
    </>
  );
}
