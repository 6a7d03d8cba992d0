/** One decision about a request: what it leads to, why, and one press. */
import { Textarea } from "@mantine/core";
import type { TypedDocumentNode } from "@urql/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { ResultOf } from "../../../../api/graphql";
import { ChangeDialog } from "../../../../changes/ChangeDialog";
import { useChange } from "../../../../changes/useChange";
import ui from "../../../../ui/ui.module.css";
import { percent } from "../../../../units/numbers";
import type { Request } from "../../RequestPage";
import { DECISIONS, type Decision } from "./decisions";
import type { HoldMutation } from "./documents";

interface Variables {
  name: string;
  expectedVersion: number | string;
  reason: string | null;
  key: string;
}

// The mutations differ in nothing but whether the reason may be null, which the form sees to.
type AnyDecision = TypedDocumentNode<ResultOf<typeof HoldMutation>, Variables>;

interface Props {
  decision: Decision;
  request: Request;
  onClose: () => void;
}

export function DecisionDialog({ decision, request, onClose }: Props) {
  const { t } = useTranslation();
  const { mutation, needs, isReasonNeeded, ...rest } = DECISIONS[decision];
  const [reason, setReason] = useState("");
  const { send, ...change } = useChange(mutation as unknown as AnyDecision, onClose);
  return (
    <ChangeDialog
      title={t(`decision.${decision}.title`, { name: request.name })}
      needs={needs}
      confirm={t(`decision.${decision}.do`)}
      isDangerous={"isDangerous" in rest}
      isReady={!isReasonNeeded || reason.trim() !== ""}
      onConfirm={() =>
        void send({ name: request.name, expectedVersion: request.version, reason: reason.trim() || null })
      }
      onClose={onClose}
      {...change}
    >
      <p className={ui.text}>{t(`decision.${decision}.means`)}</p>
      {decision === "accept" && (
        <p className={ui.text}>
          {t("decision.complete")}:{" "}
          {request.steps
            .map(({ kind, completeness }) => `${kind} ${percent(completeness.fraction)}`)
            .join(", ")}
        </p>
      )}
      <Textarea
        mt="sm"
        autosize
        minRows={2}
        label={t("decision.reason")}
        required={isReasonNeeded}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ChangeDialog>
  );
}
