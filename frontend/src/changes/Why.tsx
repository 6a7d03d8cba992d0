/** Why a change was not made, in the server's words: fields, findings, and what others changed meanwhile. */
import { Alert } from "@mantine/core";
import type { CombinedError } from "@urql/core";
import { useTranslation } from "react-i18next";

import { loginPath } from "../account/useViewer";
import css from "../ui/page.module.css";
import { Status } from "../ui/Status";
import ui from "../ui/ui.module.css";
import type { Refusal } from "./useChange";

interface Finding {
  code: string;
  severity: string;
  message: string;
  suggestion: string | null;
}

export function FindingList({ findings }: { findings: readonly Finding[] }) {
  const { t } = useTranslation();
  if (findings.length === 0) return null;
  return (
    <ul className={css.plain} aria-label={t("request.findings")}>
      {findings.map((finding) => (
        <li key={finding.code + finding.message}>
          <Status word={finding.severity} /> {finding.message}
          {finding.suggestion && <div className={ui.age}>{finding.suggestion}</div>}
        </li>
      ))}
    </ul>
  );
}

export function Why({ refusal, error }: { refusal: Refusal | null; error: CombinedError | null }) {
  const { t } = useTranslation();
  if (error) return <Broken error={error} />;
  if (refusal === null) return null;
  return (
    <Alert
      color="red"
      role="alert"
      my="sm"
      title={refusal.__typename === "Conflict" ? t("change.stale") : t("change.refused")}
    >
      <p className={ui.text}>{refusal.message}</p>
      {refusal.__typename === "Invalid" && (
        <>
          <ul className={css.plain}>
            {refusal.problems.map(({ field, message }) => (
              <li key={field + message}>
                <code>{field}</code>: {message}
              </li>
            ))}
          </ul>
          <FindingList findings={refusal.findings} />
        </>
      )}
      {refusal.__typename === "Conflict" && <Differences conflict={refusal} />}
    </Alert>
  );
}

function Differences({ conflict }: { conflict: Extract<Refusal, { __typename: "Conflict" }> }) {
  const { t } = useTranslation();
  return (
    <div className={css.wide}>
      <table className={css.small}>
        <caption className={css.caption}>
          {t("change.version", { version: String(conflict.currentVersion) })}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t("change.field")}</th>
            <th scope="col">{t("change.seen")}</th>
            <th scope="col">{t("change.present")}</th>
            <th scope="col">{t("change.wanted")}</th>
          </tr>
        </thead>
        <tbody>
          {conflict.differences.map(({ field, seen, present, wanted, isYours }) => (
            <tr key={field}>
              <th scope="row">{field}</th>
              <td>{seen}</td>
              <td>{present}</td>
              <td>{isYours ? wanted : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** No answer of the change itself: nobody is logged in, they may not, or nobody knows whether it arrived. */
function Broken({ error }: { error: CombinedError }) {
  const { t } = useTranslation();
  const code = String(error.graphQLErrors[0]?.extensions.code ?? "");
  const words = error.graphQLErrors.map((one) => one.message).join("; ") || error.message;
  const title =
    code === "UNAUTHENTICATED"
      ? t("change.loggedOut")
      : code === "REFUSED"
        ? t("change.forbidden")
        : t("change.lost");
  return (
    <Alert color="red" role="alert" my="sm" title={title}>
      <p className={ui.text}>{words}</p>
      {code === "UNAUTHENTICATED" && <a href={loginPath()}>{t("account.logIn")}</a>}
    </Alert>
  );
}
