/** One production end to end: what was decided, what the grid does with it, what came out, what is wrong. */
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useQuery, useSubscription } from "urql";

import type { ResultOf } from "../../api/graphql";
import css from "../../ui/page.module.css";
import { Empty, Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import { utc } from "../../units/times";
import { Chain } from "./Chain";
import { Actions } from "./changes/Actions";
import { RequestChanges, RequestQuery } from "./documents";
import { Facts } from "./Facts";
import { Findings } from "./Findings";
import { Talk } from "./Talk";

const Graph = lazy(() => import("./Graph").then((module) => ({ default: module.Graph })));

export type Request = Extract<ResultOf<typeof RequestQuery>["request"], { __typename: "Request" }>;

export function RequestPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/requests/$name" });
  const [{ data, error, fetching }, again] = useQuery({ query: RequestQuery, variables: { name } });
  const [changes] = useSubscription({ query: RequestChanges, variables: { name } });
  useEffect(() => {
    if (changes.data !== undefined) again({ requestPolicy: "network-only" });
  }, [changes.data, again]);
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  const { request } = data;
  if (request.__typename === "Absent")
    return (
      <Empty>
        {request.message} <span className={ui.age}>{t("age.as", { moment: utc(request.asOf) })}</span>
      </Empty>
    );
  return (
    <article className={css.page} aria-busy={fetching}>
      <header className={css.head}>
        <h1>{request.name}</h1>
        <Status word={request.intent} title={t("request.intent")} />
        <Status word={request.execution} title={t("request.execution")} />
        <span>{request.tag}</span>
      </header>
      <Actions request={request} />
      {error && <Failed error={error} partly />}
      <Facts request={request} />
      <Suspense fallback={<Loading />}>
        <Graph request={request} />
      </Suspense>
      <Findings findings={request.findings.nodes} />
      <Chain steps={request.steps} />
      <Talk request={request} />
    </article>
  );
}
