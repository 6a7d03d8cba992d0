/** The rules that keep a dataset where it is, and what may be done with them; a dialog has an address, `?do=`. */
import { Button, Group } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../../account/useViewer";
import { part } from "../../../ui/part";
import { SmallTable } from "../../../ui/SmallTable";
import { Status } from "../../../ui/Status";
import { count } from "../../../units/numbers";
import { local, utc } from "../../../units/times";
import type { Dataset } from "../DatasetPage";

const dialogs = () => import("./RuleDialogs");
const AddRuleDialog = part(async () => (await dialogs()).AddRuleDialog);
const LifetimeDialog = part(async () => (await dialogs()).LifetimeDialog);
const DeleteRuleDialog = part(async () => (await dialogs()).DeleteRuleDialog);

export function Rules({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const navigate = useNavigate();
  const { do: open } = useSearch({ from: "/datasets/$did" });
  const show = (what?: string) => void navigate({ to: ".", search: { do: what } });
  const close = () => show();
  const [what, ruleId] = open?.split(".") ?? [];
  const rule = dataset.rules.find((one) => one.ruleId === ruleId);
  const where = rule?.rseExpression ?? "";
  return (
    <section aria-label={t("dataset.rules")}>
      <h2>{t("dataset.rules")}</h2>
      {may("MANAGE_RULES") && (
        <Button size="xs" mb="xs" onClick={() => show("addRule")}>
          {t("rule.addShort")}
        </Button>
      )}
      <SmallTable
        caption={t("dataset.rules")}
        isTitled
        rows={dataset.rules}
        keyOf={({ id }) => id}
        columns={[
          {
            id: "where",
            head: t("dataset.where"),
            cell: ({ rseExpression, copies }) => `${rseExpression} × ${count(copies)}`,
          },
          {
            id: "status",
            head: t("task.status"),
            cell: ({ state, error }) => <Status word={state} title={error ?? undefined} />,
          },
          { id: "account", head: t("dataset.account"), cell: ({ account }) => account },
          {
            id: "locks",
            head: t("dataset.locks"),
            numeric: true,
            cell: ({ locksOk, locksReplicating, locksStuck }) =>
              `${count(locksOk)} / ${count(locksReplicating)} / ${count(locksStuck)}`,
          },
          {
            id: "expires",
            head: t("dataset.expires"),
            cell: ({ expiresAt }) => <span title={utc(expiresAt)}>{local(expiresAt)}</span>,
          },
          ...(may("MANAGE_RULES")
            ? [
                {
                  id: "changes",
                  head: t("action.label"),
                  cell: (one: Dataset["rules"][number]) => (
                    <Group gap={4} wrap="nowrap">
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={t("rule.lifetimeTitle", { where: one.rseExpression })}
                        onClick={() => show(`lifetime.${one.ruleId}`)}
                      >
                        {t("rule.lifetimeShort")}
                      </Button>
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={t("rule.deleteTitle", { where: one.rseExpression })}
                        onClick={() => show(`delete.${one.ruleId}`)}
                      >
                        {t("rule.deleteShort")}
                      </Button>
                    </Group>
                  ),
                },
              ]
            : []),
        ]}
      />
      <Suspense>
        {what === "addRule" && <AddRuleDialog did={dataset.did} onClose={close} />}
        {what === "lifetime" && rule && <LifetimeDialog ruleId={rule.ruleId} where={where} onClose={close} />}
        {what === "delete" && rule && <DeleteRuleDialog ruleId={rule.ruleId} where={where} onClose={close} />}
      </Suspense>
    </section>
  );
}
