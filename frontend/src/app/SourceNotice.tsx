/** A strip on every page that names the services whose copies are old, and says why. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { paths } from "../paths";
import { SourceHealthQuery } from "./documents";
import css from "./shell.module.css";
import { useOnSyncChange } from "./useOnSyncChange";

export function SourceNotice() {
  const { t } = useTranslation();
  const [{ data }, again] = useQuery({ query: SourceHealthQuery });
  useOnSyncChange(() => again({ requestPolicy: "network-only" }));
  const stale = (data?.sources ?? []).filter(({ isStale }) => isStale);
  if (stale.length === 0) return null;
  return (
    <aside className={css.stale} aria-label={t("service.staleStrip")}>
      {t("service.staleNow", { sources: stale.map(({ name }) => t(`source.${name}`)).join(", ") })}{" "}
      <Link to={paths.services()} title={stale.map(({ staleReason }) => staleReason).join("; ")}>
        {t("service.whyLink")}
      </Link>
    </aside>
  );
}
