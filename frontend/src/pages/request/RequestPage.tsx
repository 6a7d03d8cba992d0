/** One production end to end: what was decided, what the grid does with it, what came out, what is wrong. */
import { useParams, useSearch } from "@tanstack/react-router";
import { Suspense, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Provider, useQuery, useSubscription } from "urql";

import { useViewer } from "../../account/useViewer";
import { clientAt } from "../../api/client";
import type { ResultOf } from "../../api/graphql";
import css from "../../ui/page.module.css";
import { part } from "../../ui/part";
import { Empty, Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import { utc } from "../../units/times";
import { AsOf } from "./AsOf";
import { Chain } from "./Chain";
import { Actions } from "./changes/Actions";
import { RequestChanges, RequestQuery } from "./documents";
import { Facts } from "./Facts";
import { Findings } from "./Findings";
import { Outcome } from "./outcome/Outcome";
import { Talk } from "./Talk";
import { Trail } from "./trail/Trail";

const Graph = part(async () => (await import("./Graph")).Graph);

export type Request = Extract<ResultOf<typeof RequestQuery>["request"], { __typename: "Request" }>;

export function RequestPage() {
  const { name } = useParams({ from: "/requests/$name" });
  const { asOf } = useSearch({ from: "/requests/$name" });
  const past = useMemo(() => (asOf === undefined ? null : clientAt(asOf)), [asOf]);
  if (past === null) return <RequestAt name={name} asOf={null} />;
  return (
    <Provider value={past}>
      <RequestAt key={asOf} name={name} asOf={asOf ?? null} />
    </Provider>
  );
}

function RequestAt({ name, asOf }: { name: string; asOf: string | null }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [{ data, error, fetching }, again] = useQuery({ query: RequestQuery, variables: { name } });
  const [changes] = useSubscription({ query: RequestChanges, variables: { name }, pause: asOf !== null });
  useEffect(() => {
    if (changes.data !== undefined) again({ requestPolicy: "network-only" });
  }, [changes.data, again]);
  if (data === undefined)
    return error ? (
      <article className={css.page}>
        <AsOf asOf={asOf} />
        <Failed error={error} again={() => again()} />
      </article>
    ) : (
      <Loading />
    );
  const { request } = data;
  if (request.__typename === "Absent")
    return (
      <article className={css.page}>
        <AsOf asOf={asOf} />
        <Empty>
          {request.message} <span className={ui.age}>{t("age.as", { moment: utc(request.asOf) })}</span>
        </Empty>
      </article>
    );
  return (
    <article className={css.page} aria-busy={fetching}>
      <header className={css.head}>
        <h1>{request.name}</h1>
        <Status word={request.intent} title={t("request.intent")} />
        <Status word={request.execution} title={t("request.execution")} />
        <span>{request.tag}</span>
        <AsOf asOf={asOf} />
      </header>
      {asOf === null && <Actions request={request} />}
      {error && <Failed error={error} partly />}
      <Facts request={request} />
      <Suspense fallback={<Loading />}>
        <Graph request={request} />
      </Suspense>
      <Findings findings={request.findings.nodes} />
      <Chain steps={request.steps} />
      {asOf === null && <Outcome name={request.name} />}
      <Talk request={request} />
      {asOf === null && may("READ_AUDIT") && <Trail name={request.name} />}
    </article>
  );
}
