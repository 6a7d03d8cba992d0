/** What needs a person: productions that do not go on by themselves, and the worst findings. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import page from "../../ui/page.module.css";
import { Status } from "../../ui/Status";
import { Card } from "./Card";
import type { Overview } from "./OverviewPage";
import css from "./overview.module.css";
import { RequestLine } from "./RequestLine";

interface Props {
  troubled: Overview["troubled"];
  findings: Overview["findings"];
}

export function Attention({ troubled, findings }: Props) {
  const { t } = useTranslation();
  return (
    <Card title={t("overview.attention")}>
      <ul className={page.plain}>
        {troubled.nodes.map((request) => (
          <RequestLine key={request.id} request={request} />
        ))}
        {findings.nodes.map(({ id, severity, subjectKey, message, request }) => (
          <li key={id} className={css.row}>
            <Status word={severity} />
            {request ? (
              <Link to="/requests/$name" params={{ name: request.name }}>
                {subjectKey}
              </Link>
            ) : (
              <span>{subjectKey}</span>
            )}
            <span className={css.says} title={message}>
              {message}
            </span>
          </li>
        ))}
      </ul>
      <Link to="/findings">{t("overview.findings", { count: Number(findings.totalCount) })}</Link>
    </Card>
  );
}
