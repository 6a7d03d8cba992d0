/** Of which step of which request something is to be, and why. */
import { Group, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

export interface Adopted {
  request: string;
  kind: string;
  reason: string;
}

export function isWhole(adopted: Adopted): boolean {
  return Object.values(adopted).every((text: string) => text.trim() !== "");
}

export function trimmed({ request, kind, reason }: Adopted): Adopted {
  return { request: request.trim(), kind: kind.trim(), reason: reason.trim() };
}

export function AdoptFields({ value, onChange }: { value: Adopted; onChange: (value: Adopted) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Group grow>
        <TextInput
          label={t("adopt.request")}
          required
          value={value.request}
          onChange={(event) => onChange({ ...value, request: event.currentTarget.value })}
        />
        <TextInput
          label={t("adopt.step")}
          required
          value={value.kind}
          onChange={(event) => onChange({ ...value, kind: event.currentTarget.value.toUpperCase() })}
        />
      </Group>
      <Textarea
        mt="sm"
        autosize
        required
        label={t("decision.reason")}
        value={value.reason}
        onChange={(event) => onChange({ ...value, reason: event.currentTarget.value })}
      />
    </>
  );
}
