/** One command for tasks: first for which of them it is possible now, then the one press that asks PanDA for it. */
import { Checkbox, NumberInput, Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMutation } from "urql";

import { useViewer } from "../../../account/useViewer";
import type { ResultOf } from "../../../api/graphql";
import { ChangeDialog } from "../../../changes/ChangeDialog";
import css from "../../../ui/page.module.css";
import { Loading } from "../../../ui/States";
import { Status } from "../../../ui/Status";
import type { Command } from "./commands";
import { SteerMutation } from "./documents";

type Outcome = ResultOf<typeof SteerMutation>["steering"]["tasks"][number];
type TaskId = number | string;

interface Props {
  command: Command;
  tasks: readonly TaskId[];
  onClose: () => void;
}

export function SteerDialog({ command, tasks, onClose }: Props) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [reason, setReason] = useState("");
  const [isSoft, setSoft] = useState(true);
  const [priority, setPriority] = useState<number | null>(null);
  const [tried, look] = useMutation(SteerMutation);
  const [sent, send] = useMutation(SteerMutation);
  const wish = { jediTaskIds: [...tasks], command, isSoft, reason: reason.trim() || null };
  const isAllowed = may("STEER");
  // A priority that is allowed stands for any: whether the command is possible does not hang on it.
  useEffect(() => {
    if (isAllowed)
      void look({
        jediTaskIds: [...tasks],
        command,
        isSoft: false,
        reason: null,
        dryRun: true,
        priority: command === "CHANGE_PRIORITY" ? 500 : null,
      });
  }, [isAllowed, command, look, tasks]);
  const outcomes = tried.data?.steering.tasks;
  const possible = outcomes?.filter((one) => one.isPossible) ?? [];
  const needsPriority = command === "CHANGE_PRIORITY";
  return (
    <ChangeDialog
      title={t(`steer.${command}.title`, { count: tasks.length })}
      needs="STEER"
      confirm={t(`steer.${command}.do`, { count: possible.length })}
      isDangerous={command === "KILL"}
      isReady={possible.length > 0 && (!needsPriority || priority !== null)}
      isSending={sent.fetching}
      error={sent.error ?? tried.error ?? null}
      onConfirm={() =>
        void send({ ...wish, jediTaskIds: possible.map((one) => one.jediTaskId), dryRun: false, priority })
      }
      onClose={onClose}
      made={sent.data && <Tasks outcomes={sent.data.steering.tasks} />}
    >
      <p>{t(`steer.${command}.means`)}</p>
      {outcomes === undefined ? !tried.error && <Loading /> : <Tasks outcomes={outcomes} />}
      {needsPriority && (
        <NumberInput
          label={t("request.priority")}
          required
          allowDecimal={false}
          min={0}
          value={priority ?? ""}
          onChange={(value) => setPriority(value === "" ? null : Number(value))}
        />
      )}
      {command === "FINISH" && (
        <Checkbox
          my="sm"
          label={t("steer.soft")}
          checked={isSoft}
          onChange={(event) => setSoft(event.currentTarget.checked)}
        />
      )}
      <Textarea
        mt="sm"
        autosize
        label={t("decision.reason")}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ChangeDialog>
  );
}

function Tasks({ outcomes }: { outcomes: readonly Outcome[] }) {
  const { t } = useTranslation();
  return (
    <ul className={css.plain} aria-live="polite">
      {outcomes.map(({ jediTaskId, state, isPossible, message }) => (
        <li key={String(jediTaskId)}>
          {t("request.task")} {String(jediTaskId)}{" "}
          {state !== null ? (
            <Status word={state} title={t("steer.state")} />
          ) : isPossible ? (
            t("steer.possible")
          ) : (
            t("steer.impossible")
          )}{" "}
          {message}
        </li>
      ))}
    </ul>
  );
}
