/** Offers to make a task again that was sent from here and has ended; the open dialog stands in the address. */
import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../../account/useViewer";
import { part } from "../../../ui/part";
import type { Task } from "../TaskPage";

const AgainDialog = part(async () => (await import("./AgainDialog")).AgainDialog);

export function Again({ task }: { task: Task }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const navigate = useNavigate();
  const { do: open } = useSearch({ from: "/tasks/$jediTaskId" });
  const show = (what?: string) => void navigate({ to: ".", search: { do: what } });
  const isOurs = task.attempt?.origin === "gateway" && !task.attempt.isLive;
  return (
    <>
      {may("SUBMIT") && isOurs && (
        <Button size="xs" variant="default" onClick={() => show("again")}>
          {t("again.short")}
        </Button>
      )}
      <Suspense>{open === "again" && <AgainDialog task={task.jediTaskId} onClose={() => show()} />}</Suspense>
    </>
  );
}
