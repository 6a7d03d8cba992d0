/** One storage: how full it is, who may put how much, what ends when, and what is on its way. */
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
import { bytes, count, percent } from "../../units/numbers";
import { local } from "../../units/times";
import { StorageQuery } from "./documents";
import { Expiry } from "./Expiry";

type Answer = ResultOf<typeof StorageQuery>;
export type Storage = Extract<Answer["storage"], { __typename: "Storage" }>;

export function StoragePage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/storages/$name" });
  const [{ data, error, fetching }, again] = useQuery({ query: StorageQuery, variables: { name } });
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  if (data.storage.__typename !== "Storage") return <Empty>{data.storage.message}</Empty>;
  const { storage } = data;
  const may = [
    storage.canRead && t("storage.read"),
    storage.canWrite && t("storage.write"),
    storage.canDelete && t("storage.delete"),
  ].filter(Boolean);
  const downtime = storage.site?.downtimes.find(({ isNow }) => isNow);
  return (
    <article className={page.page} aria-busy={fetching}>
      <header className={page.head}>
        <h1>{storage.name}</h1>
        {storage.endpoint && (
          <Status word={storage.endpoint.state} title={storage.endpoint.stateComment ?? undefined} />
        )}
        <Age of={storage} />
        <Home of="storage" names={{ name: storage.name }} />
      </header>
      {error && <Failed error={error} partly />}
      {downtime && (
        <p className={page.notice}>
          {t("site.downtime")}: {local(downtime.startsAt)} – {local(downtime.endsAt)} {downtime.description}
        </p>
      )}
      <FactList
        facts={[
          [
            t("site.name"),
            storage.site && <Link to={paths.site(storage.site.name)}>{storage.site.name}</Link>,
          ],
          [t("storage.may"), may.join(", ")],
          [t("dataset.type"), storage.rseType],
          ...storage.usages.map(
            ({ usageKind, usedBytes, totalBytes }) =>
              [
                usageKind === "rucio" ? t("storage.logicalFull") : t("storage.physicalFull"),
                totalBytes === null ? bytes(usedBytes) : `${bytes(usedBytes)} / ${bytes(totalBytes)}`,
              ] as const,
          ),
        ]}
      />
      <Expiry storage={storage} />
      {storage.quotas === null ? (
        <p>{t("storage.quotasHidden")}</p>
      ) : (
        storage.quotas.length > 0 && <Quotas quotas={storage.quotas} />
      )}
      <section aria-label={t("storage.coming")}>
        <h2>{t("storage.coming")}</h2>
        <p>{t("storage.comingNote")}</p>
        <ul className={page.plain}>
          {data.waiting.nodes.map((request) => (
            <li key={request.id}>
              <Link to={paths.request(request.name)}>{request.name}</Link> <Status word={request.execution} />{" "}
              {t("request.events")} {count(request.events)}, {percent(request.completeness.fraction)}
            </li>
          ))}
        </ul>
      </section>
    </article>
  );
}

function Quotas({ quotas }: { quotas: NonNullable<Storage["quotas"]> }) {
  const { t } = useTranslation();
  return (
    <>
      <h2>{t("storage.quotas")}</h2>
      <SmallTable
        caption={t("storage.quotas")}
        isTitled
        rows={quotas}
        keyOf={(quota) => quota.account}
        columns={[
          {
            id: "account",
            head: t("dataset.account"),
            cell: (quota) => quota.account,
            text: (quota) => quota.account,
          },
          {
            id: "used",
            head: t("storage.physical"),
            numeric: true,
            cell: (quota) => bytes(quota.usedBytes),
            text: (quota) => quota.usedBytes,
          },
          {
            id: "limit",
            head: t("storage.limit"),
            numeric: true,
            cell: (quota) => (quota.isUnlimited ? t("storage.unlimited") : bytes(quota.limitBytes)),
            text: (quota) => quota.limitBytes,
          },
        ]}
      />
    </>
  );
}
