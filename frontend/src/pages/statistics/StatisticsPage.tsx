/** What was made, as plots with their numbers, and the table of the talks; every choice stands in the address. */
import { useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { VariablesOf } from "../../api/graphql";
import page from "../../ui/page.module.css";
import { Failed, Loading } from "../../ui/States";
import { Central } from "./Central";
import { Choices } from "./Choices";
import { StatisticsQuery } from "./documents";
import { Measured } from "./Measured";
import type { StatisticsSearch } from "./search";

export type Filter = NonNullable<VariablesOf<typeof StatisticsQuery>["filter"]>;

/** Return the server's filter: tasks of one campaign, and none that ended after the day. */
export function filterOf({ until, campaign }: StatisticsSearch): Filter | null {
  const every: Filter[] = [];
  if (campaign) every.push({ request: { campaignName: { eq: campaign } } });
  if (until) every.push({ endedAt: { lte: `${until}T23:59:59Z` } });
  return every.length > 0 ? { and: every } : null;
}

export function StatisticsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/statistics" });
  const filter = filterOf(search);
  const split = search.by ?? "CAMPAIGN";
  const [{ data, error, fetching }, again] = useQuery({
    query: StatisticsQuery,
    variables: {
      timeBy: search.by ? ["MONTH", search.by] : ["MONTH"],
      totalBy: [split],
      filter,
    },
  });
  return (
    <article className={page.page} aria-busy={fetching}>
      <header className={page.head}>
        <h1>{t("nav.statistics")}</h1>
        <Choices search={search} campaigns={(data?.campaigns.nodes ?? []).map(({ name }) => name)} />
      </header>
      {error && <Failed error={error} again={() => again()} partly={data !== undefined} />}
      {data ? <Measured statistics={data.statistics} search={search} split={split} /> : !error && <Loading />}
      <Central filter={filter} until={search.until} />
    </article>
  );
}
