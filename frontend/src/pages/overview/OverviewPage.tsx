/** The first page: what runs, what needs a person, what was made, where room is left, and how fresh it all is. */
import { useThrottledCallback } from "@mantine/hooks";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useQuery, useSubscription } from "urql";

import type { ResultOf } from "../../api/graphql";
import { useOnSyncChange } from "../../app/useOnSyncChange";
import page from "../../ui/page.module.css";
import { Failed, Loading } from "../../ui/States";
import { Attention } from "./Attention";
import { OverviewChanges, OverviewQuery } from "./documents";
import css from "./overview.module.css";
import { Running } from "./Running";
import { SourceHealth } from "./SourceHealth";
import { StorageUse } from "./StorageUse";
import { Throughput } from "./Throughput";

export type Overview = ResultOf<typeof OverviewQuery>;

/** While much runs every second brings a change; the page is read, not watched frame by frame. */
const AT_MOST_EVERY_MS = 3_000;

export function OverviewPage() {
  const { t } = useTranslation();
  const [{ data, error, fetching }, again] = useQuery({ query: OverviewQuery });
  const anew = useThrottledCallback(() => again({ requestPolicy: "network-only" }), AT_MOST_EVERY_MS);
  const [changes] = useSubscription({ query: OverviewChanges });
  useEffect(() => {
    if (changes.data !== undefined) anew();
  }, [changes.data, anew]);
  useOnSyncChange(anew);
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  return (
    <article className={page.page} aria-busy={fetching}>
      <h1>{t("nav.overview")}</h1>
      {error && <Failed error={error} partly />}
      <div className={css.cards}>
        <Running requests={data.running} tasks={data.runningTasks.totalCount} />
        <Attention troubled={data.troubled} findings={data.findings} />
        <Throughput months={data.statistics.production} />
        <StorageUse storages={data.storages.nodes} />
        <SourceHealth sources={data.sources} />
      </div>
    </article>
  );
}
