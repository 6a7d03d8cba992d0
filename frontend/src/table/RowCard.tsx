/** One row of a table as a card, for screens that have no room for its columns. */
import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { FactList } from "../ui/FactList";

interface Props {
  /** Heads and cells of all columns. */
  facts: readonly (readonly [string, ReactNode])[];
  title: string;
  onClose: () => void;
}

export function RowCard({ facts, title, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("app.close") }}>
      <FactList facts={facts} />
    </Modal>
  );
}
