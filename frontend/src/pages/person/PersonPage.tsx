/** One person: known where and as whom, in which groups, with which quotas, and what they use. */
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
import ui from "../../ui/ui.module.css";
import { bytes, count } from "../../units/numbers";
import { local, utc } from "../../units/times";
import { PersonQuery } from "./documents";

type Answer = ResultOf<typeof PersonQuery>;
type Person = Extract<Answer["person"], { __typename: "Person" }>;

export function PersonPage() {
  const { t } = useTranslation();
  const { username } = useParams({ from: "/people/$username" });
  const [{ data, error, fetching }, again] = useQuery({ query: PersonQuery, variables: { username } });
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  if (data.person.__typename !== "Person") return <Empty>{data.person.message}</Empty>;
  const { person } = data;
  const [used] = data.statistics.production;
  return (
    <article className={page.page} aria-busy={fetching}>
      <header className={page.head}>
        <h1>{person.displayName ?? person.username}</h1>
        <Status
          word={person.isActive ? t("person.isActive") : t("person.isNotActive")}
          tone={person.isActive ? "good" : "bad"}
        />
        {person.isService && <span>{t("person.service")}</span>}
        <Age of={person} />
        <Home of="person" names={{ username: person.username }} />
      </header>
      {error && <Failed error={error} partly />}
      {data.findings.nodes.length > 0 && (
        <section aria-label={t("person.mismatches")}>
          <h2>{t("person.mismatches")}</h2>
          <ul className={page.plain}>
            {data.findings.nodes.map(({ id, severity, message, suggestion }) => (
              <li key={id}>
                <Status word={severity} /> {message}
                {suggestion && <div className={ui.age}>{suggestion}</div>}
              </li>
            ))}
          </ul>
        </section>
      )}
      <FactList
        facts={[
          [t("person.username"), person.username],
          [
            t("person.ends"),
            <span key="ends" title={utc(person.membershipEndsAt)}>
              {local(person.membershipEndsAt)}
            </span>,
          ],
          [t("nav.tasks"), count(used?.tasks)],
          [t("statistics.jobsFinished"), count(used?.jobsFinished.value)],
          [t("request.events"), count(used?.events.value)],
          [t("task.output"), bytes(used?.outputBytes.value)],
        ]}
      />
      <h2>{t("person.groups")}</h2>
      {person.groups.length === 0 ? (
        <p>{t("person.noGroups")}</p>
      ) : (
        <ul className={page.plain}>
          {person.groups.map(({ id, name, description }) => (
            <li key={id}>
              {name} <span className={ui.age}>{description}</span>
            </li>
          ))}
        </ul>
      )}
      <h2>{t("person.identities")}</h2>
      <SmallTable
        caption={t("person.identities")}
        isTitled
        rows={person.identities}
        keyOf={({ system, name }) => system + name}
        columns={[
          { id: "system", head: t("age.head"), cell: ({ system }) => system },
          { id: "name", head: t("person.username"), cell: ({ name }) => name },
          { id: "rule", head: t("person.rule"), cell: ({ rule }) => rule },
        ]}
      />
      <Quotas quotas={person.quotas} />
      <Work person={person} />
    </article>
  );
}

function Quotas({ quotas }: { quotas: Person["quotas"] }) {
  const { t } = useTranslation();
  return (
    <>
      <h2>{t("storage.quotas")}</h2>
      {quotas === null ? (
        <p>{t("storage.quotasHidden")}</p>
      ) : quotas.length === 0 ? (
        <p>{t("person.noQuotas")}</p>
      ) : (
        <SmallTable
          caption={t("storage.quotas")}
          isTitled
          rows={quotas}
          keyOf={({ rseName }) => rseName}
          columns={[
            {
              id: "storage",
              head: t("storage.name"),
              cell: ({ rseName }) => <Link to={paths.storage(rseName)}>{rseName}</Link>,
            },
            {
              id: "used",
              head: t("storage.physical"),
              numeric: true,
              cell: ({ usedBytes }) => bytes(usedBytes),
            },
            {
              id: "limit",
              head: t("storage.limit"),
              numeric: true,
              cell: ({ isUnlimited, limitBytes }) =>
                isUnlimited ? t("storage.unlimited") : bytes(limitBytes),
            },
            {
              id: "bar",
              head: t("person.share"),
              cell: ({ rseName, usedBytes, limitBytes }) =>
                limitBytes !== null && (
                  <progress max={Number(limitBytes)} value={Number(usedBytes ?? 0)} aria-label={rseName} />
                ),
            },
          ]}
        />
      )}
    </>
  );
}

function Work({ person }: { person: Person }) {
  const { t } = useTranslation();
  return (
    <>
      {person.requests.nodes.length > 0 && (
        <>
          <h2>
            {t("nav.requests")} ({count(person.requests.totalCount)})
          </h2>
          <ul className={page.plain}>
            {person.requests.nodes.map(({ id, name, tag, intent, execution }) => (
              <li key={id}>
                <Link to={paths.request(name)}>{name}</Link> <Status word={intent} />{" "}
                <Status word={execution} /> <span className={ui.age}>{tag}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {person.tasks.nodes.length > 0 && (
        <>
          <h2>
            {t("nav.tasks")} ({count(person.tasks.totalCount)})
          </h2>
          <ul className={page.plain}>
            {person.tasks.nodes.map((task) => (
              <li key={task.id}>
                <Link to={paths.task(task.jediTaskId)}>{String(task.jediTaskId)}</Link>{" "}
                <Status word={task.status} /> {task.name} {count(task.jobsFinished)} /{" "}
                {count(task.jobsExpected)}, {bytes(task.outputBytes)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
