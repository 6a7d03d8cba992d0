/** Taking a task that no request claims as the next attempt at a step; its name says of which it was meant. */
import { Button, Group } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../account/useViewer";
import { type Adopted, AdoptFields, isWhole, trimmed } from "../../changes/AdoptFields";
import { ChangeDialog } from "../../changes/ChangeDialog";
import { useChange } from "../../changes/useChange";
import { AdoptMutation } from "./documents";
import type { Task } from "./TaskPage";

export function Adoption({ task, onMade }: { task: Task; onMade: () => void }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const navigate = useNavigate();
  const { do: open } = useSearch({ from: "/tasks/$jediTaskId" });
  const show = (what?: string) => void navigate({ to: ".", search: { do: what } });
  if (task.attempt !== null || !task.name.startsWith("PROD")) return null;
  return (
    <>
      {may("ACKNOWLEDGE") && (
        <Group gap="xs" mb="sm">
          <Button size="xs" onClick={() => show("adopt")}>
            {t("adopt.short")}
          </Button>
        </Group>
      )}
      {open === "adopt" && (
        <AdoptDialog
          task={task}
          onMade={() => {
            show();
            onMade();
          }}
          onClose={() => show()}
        />
      )}
    </>
  );
}

interface Props {
  task: Task;
  onMade: () => void;
  onClose: () => void;
}

function AdoptDialog({ task, onMade, onClose }: Props) {
  const { t } = useTranslation();
  const [adopted, setAdopted] = useState<Adopted>({
    request: task.requestName ?? "",
    kind: task.stepKind ?? "",
    reason: "",
  });
  const { send, ...change } = useChange(AdoptMutation, onMade);
  return (
    <ChangeDialog
      title={t("adopt.title", { id: String(task.jediTaskId) })}
      needs="ACKNOWLEDGE"
      confirm={t("adopt.do")}
      isReady={isWhole(adopted)}
      onConfirm={() => void send({ task: task.jediTaskId, ...trimmed(adopted) })}
      onClose={onClose}
      {...change}
    >
      <p>
        {t("adopt.means")} <strong>{task.name}</strong>
      </p>
      <AdoptFields value={adopted} onChange={setAdopted} />
    </ChangeDialog>
  );
}
