/** The way to a thing's page at the service that owns it; nothing where this gateway knows no such page. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import type { ResultOf } from "../api/graphql";
import { home } from "../paths";
import { HomePagesQuery } from "./documents";

type Things = Exclude<keyof ResultOf<typeof HomePagesQuery>["homePages"], "__typename">;

const SERVICE = {
  task: "PANDA",
  dataset: "RUCIO",
  storage: "RUCIO",
  site: "CRIC",
  person: "IAM",
} as const satisfies Record<Things, string>;

export function Home({ of, names }: { of: Things; names: Readonly<Record<string, string>> }) {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: HomePagesQuery });
  const address = home(data?.homePages[of] ?? null, names);
  if (address === null) return null;
  return (
    <a href={address} target="_blank" rel="noreferrer">
      {t("home.at", { service: t(`source.${SERVICE[of]}`) })}
    </a>
  );
}
