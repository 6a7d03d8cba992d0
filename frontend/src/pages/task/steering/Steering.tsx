/** What PanDA can be asked for this task; the open dialog stands in the address as `?do=`. */
import { Button, Group } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../../account/useViewer";
import { Again } from "../again/Again";
import type { Task } from "../TaskPage";
import { AFTER, COMMANDS, type Command, MEANWHILE } from "./commands";
import { SteerDialog } from "./SteerDialog";

const ENDED = ["done", "finished", "failed", "aborted", "broken", "exhausted"];

export function Steering({ task }: { task: Task }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const navigate = useNavigate();
  const { do: open } = useSearch({ from: "/tasks/$jediTaskId" });
  const show = (command?: Command) => void navigate({ to: ".", search: { do: command } });
  const tasks = useMemo(() => [task.jediTaskId], [task.jediTaskId]);
  const offered = ENDED.includes(task.status)
    ? AFTER
    : MEANWHILE.filter((one) => (one === "RESUME") === (task.status === "paused") || one === "KILL");
  const command = COMMANDS.find((one) => one === open);
  return (
    <>
      <Group gap="xs" mb="sm" role="group" aria-label={t("action.label")}>
        {may("STEER") &&
          offered.map((one) => (
            <Button key={one} size="xs" variant="default" onClick={() => show(one)}>
              {t(`steer.${one}.short`)}
            </Button>
          ))}
        <Again task={task} />
      </Group>
      {command && <SteerDialog command={command} tasks={tasks} onClose={() => show()} />}
    </>
  );
}
