/** A dialog for one change: what exactly will happen, why it cannot, and one button that says it again. */
import { Button, Group, Modal } from "@mantine/core";
import type { CombinedError } from "@urql/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { loginPath, type Right, useViewer } from "../account/useViewer";
import ui from "../ui/ui.module.css";
import type { Refusal } from "./useChange";
import { Why } from "./Why";

interface Props {
  title: string;
  /** The right that the change needs; without it the dialog says so and offers nothing. */
  needs: Right;
  /** What the button says: the change, with its numbers. */
  confirm: string;
  onConfirm: () => void;
  onClose: () => void;
  isReady?: boolean;
  isSending?: boolean;
  isDangerous?: boolean;
  size?: string;
  refusal?: Refusal | null;
  error?: CombinedError | null;
  /** Set when the change was made: stands in place of everything else. */
  made?: ReactNode;
  children?: ReactNode;
}

export function ChangeDialog({
  title,
  needs,
  confirm,
  onConfirm,
  onClose,
  isReady = true,
  isSending = false,
  isDangerous = false,
  size = "lg",
  refusal = null,
  error = null,
  made,
  children,
}: Props) {
  const { t } = useTranslation();
  const { may, isKnown } = useViewer();
  const isForbidden = isKnown && !may(needs);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      closeButtonProps={{ "aria-label": t("change.close") }}
    >
      {isForbidden ? <Forbidden right={needs} /> : (made ?? children)}
      {!isForbidden && made === undefined && <Why refusal={refusal} error={error} />}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {made !== undefined || isForbidden ? t("change.close") : t("change.leave")}
        </Button>
        {!isForbidden && made === undefined && (
          <Button
            color={isDangerous ? "red.9" : undefined}
            classNames={{ root: ui.tall ?? "", label: ui.wraps ?? "" }}
            disabled={!isReady || !isKnown}
            loading={isSending}
            onClick={onConfirm}
          >
            {confirm}
          </Button>
        )}
      </Group>
    </Modal>
  );
}

/** Says in words what somebody may not do, as what they are here, and who may. */
export function Forbidden({ right }: { right: Right }) {
  const { t } = useTranslation();
  const { viewer, isLoggedIn } = useViewer();
  if (!isLoggedIn)
    return (
      <p className={ui.text} role="alert">
        {t("change.loggedOut")}. <a href={loginPath()}>{t("account.logIn")}</a>
      </p>
    );
  const roles = viewer?.roles.map((role) => t(`role.${role}`)).join(", ") ?? "";
  return (
    <p className={ui.text} role="alert">
      {t("change.needs", { name: viewer?.name ?? "", roles, right })}
    </p>
  );
}
