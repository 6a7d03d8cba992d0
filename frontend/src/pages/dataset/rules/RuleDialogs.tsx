/** Changing the rules of a dataset in Rucio, in one's own name: a new one, another lifetime, or one less. */
import { NumberInput, Textarea, TextInput } from "@mantine/core";
import type { AnyVariables, DocumentInput } from "@urql/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMutation } from "urql";

import { ChangeDialog } from "../../../changes/ChangeDialog";
import ui from "../../../ui/ui.module.css";
import { AddRuleMutation, DeleteRuleMutation, RuleLifetimeMutation } from "./documents";

const DAY_S = 86_400;

type Answer =
  | { __typename: "RuleChanged"; ruleId: string }
  | { __typename: "OutcomeUnknown"; message: string }
  | { __typename: "Refused"; code: string; message: string };

/** One change of rules and what Rucio said to it; a lost answer is said to be one. */
function useRuleChange<Variables extends AnyVariables>(
  document: DocumentInput<{ change: Answer }, Variables>,
): { send: (variables: Variables) => void; words: ReactNode; made: ReactNode; isSending: boolean } {
  const { t } = useTranslation();
  const [{ data, error, fetching }, run] = useMutation(document);
  const answer = data?.change;
  return {
    send: (variables) => void run(variables),
    isSending: fetching,
    words: error ? (
      <p className={ui.text} role="alert">
        {error.graphQLErrors.map(({ message }) => message).join("; ") || error.message}
      </p>
    ) : answer?.__typename === "Refused" ? (
      <p className={ui.text} role="alert">
        {answer.message}
      </p>
    ) : null,
    made:
      answer?.__typename === "RuleChanged" ? (
        <p role="status">{t("rule.made")}</p>
      ) : answer?.__typename === "OutcomeUnknown" ? (
        <p role="status">{answer.message}</p>
      ) : undefined,
  };
}

function Days({ value, onChange }: { value: number | null; onChange: (days: number | null) => void }) {
  const { t } = useTranslation();
  return (
    <NumberInput
      label={t("rule.days")}
      description={t("rule.forEver")}
      min={1}
      max={36_500}
      allowDecimal={false}
      value={value ?? ""}
      onChange={(days) => onChange(days === "" ? null : Number(days))}
    />
  );
}

function seconds(days: number | null): number | null {
  return days === null ? null : days * DAY_S;
}

export function AddRuleDialog({ did, onClose }: { did: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [where, setWhere] = useState("");
  const [copies, setCopies] = useState(1);
  const [days, setDays] = useState<number | null>(null);
  const [comment, setComment] = useState("");
  const { send, words, ...change } = useRuleChange(AddRuleMutation);
  return (
    <ChangeDialog
      title={t("rule.addTitle")}
      needs="MANAGE_RULES"
      confirm={t("rule.add")}
      isReady={where.trim() !== ""}
      onConfirm={() =>
        send({
          did,
          rseExpression: where.trim(),
          copies,
          lifetimeSeconds: seconds(days),
          comment: comment.trim() || null,
        })
      }
      onClose={onClose}
      {...change}
    >
      <p className={ui.text}>{did}</p>
      <TextInput
        label={t("rule.where")}
        placeholder="JINR_EOS"
        required
        value={where}
        onChange={(event) => setWhere(event.currentTarget.value)}
      />
      <NumberInput
        label={t("rule.copies")}
        min={1}
        max={20}
        allowDecimal={false}
        value={copies}
        onChange={(value) => setCopies(Number(value) || 1)}
      />
      <Days value={days} onChange={setDays} />
      <TextInput
        label={t("rule.comment")}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      {words}
    </ChangeDialog>
  );
}

export function LifetimeDialog({
  ruleId,
  where,
  onClose,
}: {
  ruleId: string;
  where: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [days, setDays] = useState<number | null>(null);
  const { send, words, ...change } = useRuleChange(RuleLifetimeMutation);
  return (
    <ChangeDialog
      title={t("rule.lifetimeTitle", { where })}
      needs="MANAGE_RULES"
      confirm={t("rule.lifetime")}
      onConfirm={() => send({ ruleId, lifetimeSeconds: seconds(days) })}
      onClose={onClose}
      {...change}
    >
      <Days value={days} onChange={setDays} />
      {words}
    </ChangeDialog>
  );
}

export function DeleteRuleDialog({
  ruleId,
  where,
  onClose,
}: {
  ruleId: string;
  where: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const { send, words, ...change } = useRuleChange(DeleteRuleMutation);
  return (
    <ChangeDialog
      title={t("rule.deleteTitle", { where })}
      needs="MANAGE_RULES"
      confirm={t("rule.delete")}
      isDangerous
      isReady={reason.trim() !== ""}
      onConfirm={() => send({ ruleId, reason: reason.trim() })}
      onClose={onClose}
      {...change}
    >
      <p>{t("rule.deleteMeans")}</p>
      <Textarea
        autosize
        required
        label={t("decision.reason")}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {words}
    </ChangeDialog>
  );
}
