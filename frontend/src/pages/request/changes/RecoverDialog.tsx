/** Redoing exactly what is missing: PanDA is asked which seeds those are, and their number is what is confirmed. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { useViewer } from "../../../account/useViewer";
import { ChangeDialog } from "../../../changes/ChangeDialog";
import { useChange } from "../../../changes/useChange";
import css from "../../../ui/page.module.css";
import { Failed, Loading } from "../../../ui/States";
import { count } from "../../../units/numbers";
import { MissingSeedsQuery, RecoverMutation } from "./documents";

export function RecoverDialog({
  step,
  remembered,
  onClose,
}: {
  step: string;
  /** The missing seeds as our copy of PanDA has them; what PanDA itself says may be newer. */
  remembered: string | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [{ data, error }] = useQuery({
    query: MissingSeedsQuery,
    variables: { key: step },
    pause: !may("REPAIR"),
    requestPolicy: "network-only",
  });
  const { send, ...change } = useChange(RecoverMutation, onClose);
  const missing = data?.missing;
  const found = missing?.__typename === "MissingSeeds" ? missing : null;
  return (
    <ChangeDialog
      title={t("recover.title", { step })}
      needs="REPAIR"
      confirm={t("recover.do", { count: Number(found?.count ?? 0) })}
      isReady={found !== null && Number(found.count) > 0}
      onConfirm={() => {
        if (found) void send({ step, expectedCount: found.count });
      }}
      onClose={onClose}
      {...change}
    >
      {error && <Failed error={error} />}
      {missing === undefined && !error && <Loading />}
      {missing?.__typename === "SeedsUnknown" && <p role="alert">{missing.message}</p>}
      {found && (
        <>
          <p>{t("recover.missing", { missing: count(found.count), of: count(found.expected) })}</p>
          <p className={css.notice}>
            <code className={css.long}>{found.text}</code>
          </p>
          <p>
            {t("recover.attempts")}: {found.attempts.join(", ")}
          </p>
          {remembered !== null && remembered !== found.text && (
            <p className={css.notice} role="alert">
              {t("recover.differs")} <code className={css.long}>{remembered}</code>
            </p>
          )}
          {found.isRunning && <p className={css.notice}>{t("recover.running")}</p>}
        </>
      )}
    </ChangeDialog>
  );
}
