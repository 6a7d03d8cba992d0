/** What whoever looks may do with a request as it stands; each dialog has an address, `?do=`. */
import { Button, Group, Menu } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useViewer } from "../../../account/useViewer";
import { paths } from "../../../paths";
import type { Request } from "../RequestPage";
import { CloneDialog } from "./CloneDialog";
import { DecisionDialog } from "./decisions/DecisionDialog";
import { DECISIONS, decisionsFrom, isDecision } from "./decisions/decisions";
import { RecoverDialog } from "./RecoverDialog";
import { SubmitDialog } from "./SubmitDialog";

const SUBMITTABLE: readonly Request["intent"][] = ["DRAFT", "READY", "APPROVED"];
const EDITABLE: readonly Request["intent"][] = ["DRAFT", "READY", "APPROVED", "ON_HOLD"];

/** Whether a step has ended without all of its output; which seeds are missing, the dialog asks. */
function hasMissing({ attempts, completeness, execution }: Request["steps"][number]): boolean {
  return attempts.length > 0 && (Boolean(completeness.missingSeeds) || execution === "PARTIAL");
}

export function Actions({ request }: { request: Request }) {
  const { t } = useTranslation();
  const { may } = useViewer();
  const navigate = useNavigate();
  const { do: open } = useSearch({ from: "/requests/$name" });
  const show = (what: string | undefined) => void navigate({ to: ".", search: { do: what } });
  const close = () => show(undefined);
  const decisions = decisionsFrom(request.intent).filter((name) => may(DECISIONS[name].needs));
  const [first, ...others] = decisions;
  const gaps = may("REPAIR") ? request.steps.filter(hasMissing) : [];
  return (
    <>
      <Group gap="xs" mb="sm" role="group" aria-label={t("action.label")}>
        {gaps.map(({ kind }) => (
          <Button key={kind} size="xs" onClick={() => show(`recover.${kind}`)}>
            {t("action.recover", { kind })}
          </Button>
        ))}
        {may("SUBMIT") && SUBMITTABLE.includes(request.intent) && (
          <Button size="xs" onClick={() => show("submit")}>
            {t("action.submit")}
          </Button>
        )}
        {may("DEFINE") && (
          <Button size="xs" variant="default" onClick={() => show("clone")}>
            {t("action.clone")}
          </Button>
        )}
        {may("DEFINE") && EDITABLE.includes(request.intent) && (
          <Button
            size="xs"
            variant="default"
            renderRoot={(props) => <Link to={paths.editRequest(request.name)} {...props} />}
          >
            {t("action.edit")}
          </Button>
        )}
        {first && (
          <Button size="xs" variant="default" onClick={() => show(first)}>
            {t(`decision.${first}.do`)}
          </Button>
        )}
        {others.length > 0 && (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button size="xs" variant="default">
                {t("action.more")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {others.map((name) => (
                <Menu.Item key={name} onClick={() => show(name)}>
                  {t(`decision.${name}.do`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      {open === "clone" && <CloneDialog name={request.name} onClose={close} />}
      {open === "submit" && <SubmitDialog names={[request.name]} onClose={close} />}
      {isDecision(open) && <DecisionDialog decision={open} request={request} onClose={close} />}
      {open?.startsWith("recover.") && (
        <RecoverDialog
          step={`${request.name}.${open.slice("recover.".length)}`}
          remembered={
            request.steps.find(({ kind }) => open === `recover.${kind}`)?.completeness.missingSeeds ?? null
          }
          onClose={close}
        />
      )}
    </>
  );
}
