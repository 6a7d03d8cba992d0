/** Making a task again exactly as it was sent: each parameter stands beside what was sent before the one press. */
import { Group, NumberInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";

import { useViewer } from "../../../account/useViewer";
import type { ResultOf } from "../../../api/graphql";
import { ChangeDialog } from "../../../changes/ChangeDialog";
import { isRefusal, useChange } from "../../../changes/useChange";
import { Why } from "../../../changes/Why";
import { FactList } from "../../../ui/FactList";
import css from "../../../ui/page.module.css";
import { SmallTable } from "../../../ui/SmallTable";
import { Failed, Loading } from "../../../ui/States";
import { UNKNOWN } from "../../../units/numbers";
import { Outcomes } from "../../request/changes/SubmitDialog";
import { CHANGES, changesOf, FIELDS, type Typed } from "./changes";
import { CloneTaskMutation, TaskClonePreviewQuery } from "./documents";

type Answer = ResultOf<typeof TaskClonePreviewQuery>;
type Preview = Extract<Answer["preview"], { __typename: "TaskClonePreview" }>;
type Made = Extract<ResultOf<typeof CloneTaskMutation>["change"], { __typename: "Submitted" }>;

function versionOf({ task }: Answer): number | string | null {
  return task.__typename === "Task" ? (task.attempt?.step.request.version ?? null) : null;
}

export function AgainDialog({ task, onClose }: { task: number | string; onClose: () => void }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const [typed, setTyped] = useState<Typed>({});
  const [settled] = useDebouncedValue(typed, 300);
  const [{ data, error, fetching }] = useQuery({
    query: TaskClonePreviewQuery,
    variables: { task, changes: changesOf(settled) },
    pause: !may("SUBMIT"),
    requestPolicy: "network-only",
  });
  const [made, setMade] = useState<Made | null>(null);
  const { send, ...change } = useChange(CloneTaskMutation, (done) => setMade(done as Made));
  const preview = data?.preview;
  const isShown = preview?.__typename === "TaskClonePreview" && settled === typed && !fetching;
  return (
    <ChangeDialog
      title={t("again.title", { id: String(task) })}
      size="xl"
      needs="SUBMIT"
      confirm={t("submit.do", { count: 1 })}
      isReady={isShown}
      onConfirm={() => {
        if (data) void send({ task, changes: changesOf(typed), expectedVersion: versionOf(data) });
      }}
      onClose={onClose}
      made={made === null ? undefined : <Outcomes names={[made.request.name]} outcomes={[made]} />}
      {...change}
    >
      <p>{t("again.means")}</p>
      <Group align="end" gap="xs" mb="sm">
        {FIELDS.map((field) => (
          <NumberInput
            key={field}
            w={150}
            label={t(`again.${field}`)}
            placeholder={t("again.asSent")}
            min={CHANGES[field][0]}
            max={CHANGES[field][1]}
            allowDecimal={false}
            clampBehavior="strict"
            value={typed[field] ?? ""}
            onChange={(value) => setTyped({ ...typed, [field]: value })}
          />
        ))}
      </Group>
      {error && <Failed error={error} />}
      {preview === undefined ? (
        !error && <Loading />
      ) : isRefusal(preview) ? (
        <Why refusal={preview} error={null} />
      ) : (
        <Sent preview={preview} />
      )}
    </ChangeDialog>
  );
}

function Sent({ preview }: { preview: Preview }) {
  const { t } = useTranslation();
  const changed = preview.parameters.filter(({ isChanged }) => isChanged);
  return (
    <>
      <FactList
        facts={[
          [t("again.was"), preview.source],
          [t("again.becomes"), preview.attempt],
          [t("again.taskName"), preview.taskName],
        ]}
      />
      <ul className={css.plain} aria-label={t("again.outputs")}>
        {preview.outputs.map((did) => (
          <li key={did} className={css.long}>
            {did}
          </li>
        ))}
      </ul>
      <Parameters caption={t("again.different")} parameters={changed} />
      <details>
        <summary>{t("again.all", { count: preview.parameters.length })}</summary>
        <Parameters caption={t("again.parameters")} parameters={preview.parameters} />
      </details>
    </>
  );
}

function Parameters({ caption, parameters }: { caption: string; parameters: Preview["parameters"] }) {
  const { t } = useTranslation();
  return (
    <SmallTable
      caption={caption}
      rows={parameters}
      keyOf={({ name }) => name}
      columns={[
        { id: "name", head: t("again.parameter"), cell: ({ name }) => name },
        { id: "source", head: t("again.sent"), cell: ({ source }) => <Value text={source} /> },
        { id: "clone", head: t("again.toSend"), cell: ({ clone }) => <Value text={clone} /> },
      ]}
    />
  );
}

function Value({ text }: { text: string | null }) {
  return <code className={css.long}>{text ?? UNKNOWN}</code>;
}
