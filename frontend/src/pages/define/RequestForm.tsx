/** The fields of a request, and beside them what it would become: checks and forecast follow what is typed. */
import { Button, Checkbox, Group, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import css from "../../ui/page.module.css";
import define from "./define.module.css";
import type { Draft } from "./draft";
import { inputOf } from "./draft";
import { LivePreview, usePreview } from "./LivePreview";
import { StepFields } from "./StepFields";

type TextField = Exclude<keyof Draft, "steps" | "isTest" | "description">;

const NEEDED: readonly TextField[] = [
  "stageName",
  "collisionType",
  "energyGev",
  "polarization",
  "softwareProject",
  "softwareVersion",
  "tag",
  "events",
  "eventsPerFile",
];
const OTHERS: readonly TextField[] = ["campaignName", "priority", "geometries", "seedFirst", "seedLast"];

interface Props {
  draft: Draft;
  onChange: (draft: Draft) => void;
  save: string;
  onSave: () => void;
  isSaving: boolean;
  /** The request that is edited: it keeps its name and seeds, those of a new one are not shown. */
  edited?: string | null;
  canSave?: boolean;
  children?: ReactNode;
}

export function RequestForm({
  draft,
  onChange,
  save,
  onSave,
  isSaving,
  edited = null,
  canSave = true,
  children,
}: Props) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const input = useMemo(() => inputOf(draft), [draft]);
  const asked = useMemo(
    () => (input === null || edited === null ? input : { ...input, seeds: null, seedReuseReason: null }),
    [input, edited],
  );
  const [settled] = useDebouncedValue(asked, 350);
  const preview = usePreview(settled);
  const set = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  const field = (name: TextField, isNeeded: boolean) => (
    <TextInput
      key={name}
      label={t(`define.${name}`)}
      required={isNeeded}
      error={preview.problems[name]}
      value={draft[name]}
      onChange={(event) => set({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <form
      className={define.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSave();
      }}
    >
      <div>
        <div className={define.fields}>
          {NEEDED.map((name) => field(name, true))}
          {OTHERS.map((name) => field(name, false))}
          {may("APPROVE") && field("seedReuseReason", false)}
        </div>
        <StepFields steps={draft.steps} onChange={(steps) => set({ steps })} />
        <Textarea
          mt="sm"
          autosize
          minRows={2}
          label={t("define.description")}
          value={draft.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <Checkbox
          mt="sm"
          label={t("define.isTest")}
          checked={draft.isTest}
          onChange={(event) => set({ isTest: event.currentTarget.checked })}
        />
        {children}
        <Group mt="md">
          <Button
            type="submit"
            loading={isSaving}
            disabled={
              input === null || !canSave || (edited === null && (asked !== settled || preview.isBlocked))
            }
          >
            {save}
          </Button>
        </Group>
      </div>
      <section aria-label={t("define.preview")} className={css.step} aria-live="polite">
        <h2>{t("define.preview")}</h2>
        <LivePreview {...preview} isComplete={input !== null} edited={edited} />
      </section>
    </form>
  );
}
