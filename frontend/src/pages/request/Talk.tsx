/** Who decided what and when, and what people said. */
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import css from "../../ui/page.module.css";
import { Status } from "../../ui/Status";
import ui from "../../ui/ui.module.css";
import { local, utc } from "../../units/times";
import { CommentBox } from "./changes/CommentBox";
import type { Request } from "./RequestPage";

export function Talk({ request }: { request: Request }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [boxes, setBoxes] = useState(0);
  return (
    <>
      {(request.comments.length > 0 || may("COMMENT")) && (
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
          {/* A box for each comment: its key is made once, and belongs to one comment. */}
          {may("COMMENT") && (
            <CommentBox key={boxes} name={request.name} onMade={() => setBoxes(boxes + 1)} />
          )}
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
