/** Says from whom a value is and how old; old data is shaded and the reason is written out. */
import { useTranslation } from "react-i18next";

import type { ResultOf } from "../api/graphql";
import { ago, secondsSince, utc } from "../units/times";
import type { Freshness } from "./documents";
import css from "./ui.module.css";

export function Age({ of }: { of: ResultOf<typeof Freshness> }) {
  const { t } = useTranslation();
  const words = t("age.source", { source: t(`source.${of.source}`), age: ago(secondsSince(of.syncedAt)) });
  return (
    <span className={css.age} data-stale={of.isStale} title={t("age.as", { moment: utc(of.syncedAt) })}>
      {of.isStale ? `${words}. ${t("age.stale", { reason: of.staleReason ?? "" })}` : words}
    </span>
  );
}
