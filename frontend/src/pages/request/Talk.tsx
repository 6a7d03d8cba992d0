/** Who decided what and when, and what people said. */
import { useTranslation } from "react-i18next";
import css from "../../ui/page.module.css";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import { local, utc } from "../../units/times";
import type { Request } from "./RequestPage";

export function Talk({ request }: { request: Request }) {
  const { t } = useTranslation();
  return (
    <>
      {request.comments.length > 0 && (
        <section aria-label={t("request.comments")}>
          <h2>{t("request.comments")}</h2>
          {request.comments.map(({ author, body, createdAt }) => (
            <div key={createdAt + author} className={css.comment}>
              <span className={ui.age} title={utc(createdAt)}>
                {author}, {local(createdAt)}
              </span>
              <p className={ui.text}>{body}</p>
            </div>
          ))}
        </section>
      )}
      {request.statusChanges.length > 0 && (
        <section aria-label={t("request.history")}>
          <h2>{t("request.history")}</h2>
          <ol className={css.plain}>
            {request.statusChanges.map(({ toIntent, changedAt, changedBy }) => (
              <li key={changedAt + toIntent}>
                <Status word={toIntent} /> <span title={utc(changedAt)}>{local(changedAt)}</span>{" "}
                {changedBy && t("request.by", { who: changedBy })}
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}
