/** The steps of a request: what each does, with which script, from whose output. */
import { Button, Group, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { DraftStep } from "./draft";

interface Props {
  steps: readonly DraftStep[];
  onChange: (steps: DraftStep[]) => void;
}

export function StepFields({ steps, onChange }: Props) {
  const { t } = useTranslation();
  const set = (index: number, part: Partial<DraftStep>) =>
    onChange(steps.map((one, at) => (at === index ? { ...one, ...part } : one)));
  return (
    <fieldset>
      <legend>{t("request.chain")}</legend>
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place, its kind is being typed
        <Group key={index} align="end" gap="xs" wrap="wrap" mb="xs">
          <TextInput
            w={90}
            label={t("define.kind")}
            required
            value={step.kind}
            onChange={(event) => set(index, { kind: event.currentTarget.value })}
          />
          <TextInput
            w={320}
            label={t("define.script")}
            value={step.script}
            onChange={(event) => set(index, { script: event.currentTarget.value })}
          />
          <TextInput
            w={180}
            label={t("define.reads")}
            value={step.reads}
            onChange={(event) => set(index, { reads: event.currentTarget.value })}
          />
          <Button
            variant="default"
            aria-label={t("define.dropStep", { kind: step.kind })}
            onClick={() => onChange(steps.filter((_one, at) => at !== index))}
          >
            ×
          </Button>
        </Group>
      ))}
      <Button
        size="xs"
        variant="default"
        onClick={() =>
          onChange([...steps, { kind: "", script: "", reads: steps.at(-1)?.kind ?? "", description: null }])
        }
      >
        {t("define.addStep")}
      </Button>
    </fieldset>
  );
}
