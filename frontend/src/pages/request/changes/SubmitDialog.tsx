/** Sending requests to PanDA: each task, its outputs and its exact parameters are shown before the one press. */
import { Select } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMutation, useQuery } from "urql";

import { useViewer } from "../../../account/useViewer";
import type { ResultOf } from "../../../api/graphql";
import { ChangeDialog } from "../../../changes/ChangeDialog";
import { hasBlocker } from "../../../changes/PreviewTable";
import { isRefusal, newKey } from "../../../changes/useChange";
import { FindingList, Why } from "../../../changes/Why";
import { paths } from "../../../paths";
import css from "../../../ui/page.module.css";
import { Failed, Loading } from "../../../ui/States";
import { Status } from "../../../ui/Status";
import ui from "../../../ui/ui.module.css";
import { bytes, count } from "../../../units/numbers";
import { SubmitMutation, SubmitPreviewQuery } from "./documents";

type Outcome = ResultOf<typeof SubmitMutation>["changes"][number];
type Ready = { version: number | string; tasks: number } | null;
type Mode = "GATED" | "NATIVE";

export function SubmitDialog({ names, onClose }: { names: readonly string[]; onClose: () => void }) {
  const { t } = useTranslation();
  const [key] = useState(newKey);
  const [mode, setMode] = useState<Mode>("GATED");
  const [ready, setReady] = useState<Record<string, Ready>>({});
  const [{ data, error, fetching }, run] = useMutation(SubmitMutation);
  const tasks = Object.values(ready).reduce((sum, one) => sum + (one?.tasks ?? 0), 0);
  const requests = names.flatMap((name) => {
    const found = ready[name];
    return found ? [{ name, expectedVersion: found.version }] : [];
  });
  return (
    <ChangeDialog
      title={
        names.length === 1 ? t("submit.title", { name: names[0] }) : t("submit.many", { count: names.length })
      }
      size="xl"
      needs="SUBMIT"
      confirm={t("submit.do", { count: tasks })}
      isReady={requests.length === names.length}
      isSending={fetching}
      error={error ?? null}
      onConfirm={() => void run({ requests, mode, key })}
      onClose={onClose}
      made={data && <Outcomes names={names} outcomes={data.changes} />}
    >
      <Select
        w={320}
        maw="100%"
        mb="sm"
        label={t("submit.mode")}
        allowDeselect={false}
        value={mode}
        onChange={(value) => setMode(value as Mode)}
        data={[
          { value: "GATED", label: t("submit.GATED") },
          { value: "NATIVE", label: t("submit.NATIVE") },
        ]}
      />
      {names.map((name) => (
        <One
          key={name}
          name={name}
          onReady={(found) => setReady((old) => ({ ...old, [name]: found }))}
          isOpen={names.length === 1}
        />
      ))}
    </ChangeDialog>
  );
}

/** What of one request will be sent; tells whether it can be. */
function One({ name, onReady, isOpen }: { name: string; onReady: (ready: Ready) => void; isOpen: boolean }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [{ data, error }] = useQuery({
    query: SubmitPreviewQuery,
    variables: { name },
    pause: !may("SUBMIT"),
    requestPolicy: "network-only",
  });
  const [told, setTold] = useState<typeof data>();
  if (data !== undefined && told !== data) {
    setTold(data);
    const { request, preview } = data;
    const can =
      request.__typename === "Request" && preview.__typename === "RequestPreview" && !hasBlocker(preview);
    queueMicrotask(() => onReady(can ? { version: request.version, tasks: preview.steps.length } : null));
  }
  if (error) return <Failed error={error} />;
  if (data === undefined) return <Loading />;
  const { preview } = data;
  if (isRefusal(preview)) return <Why refusal={preview} error={null} />;
  const exact = (kind: string) => preview.exact.find((step) => step.kind === kind)?.parameters;
  return (
    <section aria-label={name} className={css.step}>
      <h3>
        {preview.name} <span className={ui.age}>{bytes(preview.sizeBytes?.expected)}</span>
      </h3>
      <FindingList findings={preview.findings} />
      {preview.steps.map((step) => (
        <div key={step.kind} className={css.attempt}>
          <p className={css.line}>
            <strong>{step.kind}</strong>
            <span className={css.long}>{step.taskName ?? step.problem}</span>
            <span>
              {count(preview.jobs)} {t("request.jobs")}
            </span>
            <span>{bytes(step.forecast.sizeBytes?.expected)}</span>
          </p>
          <details open={isOpen && preview.steps.length === 1}>
            <summary>{t("submit.exact", { kind: step.kind })}</summary>
            <ul className={css.plain}>
              {step.outputs.map((did) => (
                <li key={did} className={css.long}>
                  {did}
                </li>
              ))}
            </ul>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
            <pre className={ui.text} tabIndex={0}>
              {JSON.stringify(exact(step.kind), null, 2)}
            </pre>
          </details>
        </div>
      ))}
    </section>
  );
}

export function Outcomes({ names, outcomes }: { names: readonly string[]; outcomes: readonly Outcome[] }) {
  const { t } = useTranslation();
  return (
    <ul className={css.plain} role="status">
      {outcomes.map((outcome, index) => {
        const name = names[index] ?? "";
        return (
          <li key={name}>
            <Link to={paths.request(name)}>{name}</Link>{" "}
            {isRefusal(outcome) ? (
              <Why refusal={outcome} error={null} />
            ) : (
              <>
                {t("submit.done", { count: outcome.attempts.length })}
                {outcome.attempts.map(({ id, taskName, state }) => (
                  <div key={id} className={css.long}>
                    <Status word={state} /> {taskName}
                  </div>
                ))}
                {outcome.warnings.map((warning) => (
                  <div key={warning} className={css.notice}>
                    {warning}
                  </div>
                ))}
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}
