/** Each service in a line: whether its copy is fresh, from when it is, and what fails. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import page from "../../ui/page.module.css";
import { SourceStatus } from "../../ui/SourceStatus";
import { relative, utc } from "../../units/times";
import { Card } from "./Card";
import type { Overview } from "./OverviewPage";
import css from "./overview.module.css";

export function SourceHealth({ sources }: { sources: Overview["sources"] }) {
  const { t } = useTranslation();
  return (
    <Card title={t("nav.services")}>
      <ul className={page.plain}>
        {sources.map((source) => (
          <li key={source.name} className={css.row}>
            <strong>{t(`source.${source.name}`)}</strong>
            <SourceStatus source={source} />
            <span className={css.says} title={source.staleReason ?? source.error ?? undefined}>
              {source.staleReason ?? source.error}
            </span>
            <span title={utc(source.lastOkAt)}>{relative(source.lastOkAt)}</span>
          </li>
        ))}
      </ul>
      <Link to="/services">{t("overview.allServices")}</Link>
    </Card>
  );
}
