/** Keeps a table as a file. Menus are loaded when one is opened first: most views are left without any. */
import { Button } from "@mantine/core";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { part } from "../ui/part";
import type { FileColumn } from "./files";

const ExportMenu = part(async () => (await import("./ExportMenu")).ExportMenu);

export interface ExportOf<Row> {
  /** The name of the file, without its ending. */
  file: string;
  columns: readonly FileColumn<Row>[];
  rows: readonly Row[];
}

export function ExportButton<Row>({ size, ...of }: ExportOf<Row> & { size: "xs" | "compact-xs" }) {
  const { t } = useTranslation();
  const [isWanted, setWanted] = useState(false);
  const button = (
    <Button size={size} variant="default" aria-haspopup="menu" onClick={() => setWanted(true)}>
      {t("table.export")}
    </Button>
  );
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <ExportMenu {...(of as ExportOf<unknown>)} button={button} />
    </Suspense>
  );
}
