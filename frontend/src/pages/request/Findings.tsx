/** What the checks say of this production, the worst first; what somebody took note of stands last. */
import { useTranslation } from "react-i18next";
import css from "../../ui/page.module.css";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import type { Request } from "./RequestPage";

export function Findings({ findings }: { findings: Request["findings"]["nodes"] }) {
  const { t } = useTranslation();
  const open = findings.filter(({ resolvedAt }) => resolvedAt === null);
  if (open.length === 0) return null;
  const isNoted = ({ acknowledgedBy }: (typeof open)[number]) => acknowledgedBy !== null;
  return (
    <section aria-label={t("request.findings")}>
      <h2>{t("request.findings")}</h2>
      <ul className={css.plain}>
        {[...open.filter((one) => !isNoted(one)), ...open.filter(isNoted)].map((finding) => (
          <li key={finding.id}>
            <Status word={finding.severity} tone={isNoted(finding) ? "plain" : undefined} /> {finding.message}
            {finding.suggestion && <div className={ui.age}>{finding.suggestion}</div>}
            {isNoted(finding) && (
              <div className={ui.age}>
                {t("finding.noted")}: {finding.acknowledgedBy}, {finding.acknowledgedReason}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
