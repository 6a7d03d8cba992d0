/** What the last edit of many requests was, with the one press that takes it back. */
import { Button, CloseButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useChange } from "../../../changes/useChange";
import { Why } from "../../../changes/Why";
import css from "../../../ui/page.module.css";
import type { BulkEdit } from "./BulkEditDialog";
import { UndoBulkEditMutation } from "./documents";

interface Props {
  of: BulkEdit;
  onUndone: () => void;
  onClose: () => void;
}

export function UndoNotice({ of, onUndone, onClose }: Props) {
  const { t } = useTranslation();
  const [isUndone, setUndone] = useState(false);
  const { send, isSending, refusal, error } = useChange(UndoBulkEditMutation, () => {
    setUndone(true);
    onUndone();
  });
  return (
    <div role="status" className={css.notice}>
      <div className={css.line}>
        <span className={css.long}>
          {t(isUndone ? "bulk.undone" : "bulk.made", { count: of.names.length })} {of.names.join(", ")}
        </span>
        {!isUndone && (
          <Button size="compact-sm" loading={isSending} onClick={() => void send({ edit: of.edit })}>
            {t("bulk.undo")}
          </Button>
        )}
        <CloseButton size="sm" aria-label={t("app.close")} onClick={onClose} />
      </div>
      <Why refusal={refusal} error={error} />
    </div>
  );
}
