/** Taking note of findings, with a reason, so that they no longer want anybody; or taking the note back. */
import { Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf } from "../../api/graphql";
import { ChangeDialog } from "../../changes/ChangeDialog";
import { useChange } from "../../changes/useChange";
import css from "../../ui/page.module.css";
import { Status } from "../../ui/Status";
import { AcknowledgeMutation, type FindingRow, ForgetMutation } from "./documents";

interface Props {
  findings: readonly ResultOf<typeof FindingRow>[];
  onMade: () => void;
  onClose: () => void;
}

export function NoteDialog({ findings, onMade, onClose }: Props) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const { send, ...change } = useChange(AcknowledgeMutation, onMade);
  return (
    <ChangeDialog
      title={t("finding.noteTitle", { count: findings.length })}
      needs="ACKNOWLEDGE"
      confirm={t("finding.noteDo", { count: findings.length })}
      isReady={reason.trim() !== ""}
      onConfirm={() => void send({ ids: findings.map(({ id }) => id), reason: reason.trim() })}
      onClose={onClose}
      {...change}
    >
      <p>{t("finding.noteMeans")}</p>
      <Messages findings={findings} />
      <Textarea
        mt="sm"
        autosize
        minRows={2}
        required
        data-autofocus
        label={t("finding.noteReason")}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ChangeDialog>
  );
}

export function ForgetDialog({ findings, onMade, onClose }: Props) {
  const { t } = useTranslation();
  const { send, ...change } = useChange(ForgetMutation, onMade);
  return (
    <ChangeDialog
      title={t("finding.forgetTitle", { count: findings.length })}
      needs="ACKNOWLEDGE"
      confirm={t("finding.forgetDo", { count: findings.length })}
      onConfirm={() => void send({ ids: findings.map(({ id }) => id) })}
      onClose={onClose}
      {...change}
    >
      <p>{t("finding.forgetMeans")}</p>
      <Messages findings={findings} />
    </ChangeDialog>
  );
}

function Messages({ findings }: Pick<Props, "findings">) {
  return (
    <ul className={css.plain}>
      {findings.map(({ id, severity, message, acknowledgedReason }) => (
        <li key={id}>
          <Status word={severity} /> {message} {acknowledgedReason && <em>{acknowledgedReason}</em>}
        </li>
      ))}
    </ul>
  );
}
