/** One dataset: its rules, its copies and how long they live. */
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../../api/graphql";
import { paths } from "../../paths";
import { Age } from "../../ui/Age";
import { FactList } from "../../ui/FactList";
import { Home } from "../../ui/Home";
import page from "../../ui/page.module.css";
import { Empty, Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { bytes, count } from "../../units/numbers";
import { local } from "../../units/times";
import { Adoption } from "./adopt/Adoption";
import { DatasetQuery } from "./documents";
import { FileListLink } from "./FileListLink";
import { Rules } from "./rules/Rules";

export type Dataset = Extract<ResultOf<typeof DatasetQuery>["dataset"], { __typename: "Dataset" }>;

export function DatasetPage() {
  const { t } = useTranslation();
  const { did } = useParams({ from: "/datasets/$did" });
  const [{ data, error }, again] = useQuery({ query: DatasetQuery, variables: { did } });
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  if (data.dataset.__typename !== "Dataset") return <Empty>{data.dataset.message}</Empty>;
  const { dataset } = data;
  return (
    <article className={page.page}>
      <header className={page.head}>
        <h1 className={page.long}>{dataset.did}</h1>
        <Age of={dataset} />
        <Home of="dataset" names={partsOf(dataset.did)} />
      </header>
      <Adoption dataset={dataset} onMade={() => again({ requestPolicy: "network-only" })} />
      {error && <Failed error={error} partly />}
      <FactList
        facts={[
          [t("dataset.type"), dataset.dataType],
          [t("dataset.size"), dataset.isOpen ? t("dataset.open") : bytes(dataset.sizeBytes)],
          [t("dataset.files"), count(dataset.fileCount)],
          [t("dataset.events"), count(dataset.eventCount)],
          [
            t("request.name"),
            dataset.requestName && <Link to={paths.request(dataset.requestName)}>{dataset.requestName}</Link>,
          ],
          [
            t("request.task"),
            dataset.task && <Link to={paths.task(dataset.task.jediTaskId)}>{dataset.task.name}</Link>,
          ],
          [t("dataset.account"), dataset.account],
          [t("dataset.created"), local(dataset.createdAt)],
          [t("dataset.closedAt"), local(dataset.closedAt)],
          [t("dataset.expires"), local(dataset.expiresAt)],
        ]}
      />
      <FileListLink dataset={dataset} />
      <h2>{t("dataset.replicas")}</h2>
      <ul className={page.plain}>
        {dataset.replicas.map(({ id, rseName, state, availableFiles, fileCount, sizeBytes }) => (
          <li key={id}>
            {rseName} <Status word={state} /> {bytes(sizeBytes)}, {count(availableFiles)} / {count(fileCount)}
          </li>
        ))}
      </ul>
      <Rules dataset={dataset} />
    </article>
  );
}

/** Scope and name of a DID. */
function partsOf(did: string): { scope: string; name: string } {
  const [scope = "", ...rest] = did.split(":");
  return { scope, name: rest.join(":") };
}
