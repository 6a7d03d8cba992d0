/** The services behind the gateway: how fresh the copy of each is, what is read of it and when next. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../../api/graphql";
import { useOnSyncChange } from "../../app/useOnSyncChange";
import page from "../../ui/page.module.css";
import { Empty, Failed, Loading } from "../../ui/States";
import { ServicesQuery } from "./documents";
import { SourceSection } from "./SourceSection";

export type Source = ResultOf<typeof ServicesQuery>["sources"][number];

export function ServicesPage() {
  const { t } = useTranslation();
  const [{ data, error, fetching }, again] = useQuery({ query: ServicesQuery });
  useOnSyncChange(() => again({ requestPolicy: "network-only" }));
  if (data === undefined) return error ? <Failed error={error} again={() => again()} /> : <Loading />;
  return (
    <article className={page.page} aria-busy={fetching}>
      <h1>{t("nav.services")}</h1>
      {error && <Failed error={error} partly />}
      {data.sources.length === 0 && <Empty />}
      {data.sources.map((source) => (
        <SourceSection key={source.name} source={source} />
      ))}
    </article>
  );
}
