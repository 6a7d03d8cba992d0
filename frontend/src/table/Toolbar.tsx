/** What stands above every list: words to look for, how many there are, which columns, and the list as a file. */
import { Button, Checkbox, Group, Popover, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { count } from "../units/numbers";
import type { Column } from "./DataTable";
import { ExportButton } from "./ExportButton";

interface Props<Row> {
  title: string;
  words: string;
  /** Whether the words may be a line with keys. */
  takesLines: boolean;
  onWords: (words: string) => void;
  rows: readonly Row[];
  total: number | null;
  columns: readonly Column<Row>[];
  shown: readonly string[];
  onShown: (ids: string[]) => void;
  children?: ReactNode;
}

export function Toolbar<Row>({
  title,
  words,
  takesLines,
  onWords,
  rows,
  total,
  columns,
  shown,
  onShown,
  children,
}: Props<Row>) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(words);
  const tell = useDebouncedCallback(onWords, 250);
  const visible = columns.filter((column) => shown.includes(column.id));
  return (
    <Group p="xs" gap="xs" align="center">
      <h1>{title}</h1>
      <TextInput
        size="xs"
        w={takesLines ? 290 : 200}
        maw="100%"
        type="search"
        aria-label={t("table.filter")}
        placeholder={takesLines ? "stage:S2 energy:27 events:>40M" : t("table.filter")}
        title={takesLines ? t("table.lineHint") : undefined}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          tell(event.currentTarget.value.trim());
        }}
      />
      {children}
      <span role="status">
        {total === null
          ? ""
          : rows.length < total
            ? t("table.shown", { shown: count(rows.length), total: count(total) })
            : t("table.rows", { count: total })}
      </span>
      <Popover position="bottom-end" withArrow>
        <Popover.Target>
          <Button size="xs" variant="default">
            {t("table.columns")}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Checkbox.Group value={[...shown]} onChange={onShown} label={t("table.columns")}>
            {columns.map((column) => (
              <Checkbox
                key={column.id}
                size="xs"
                mt={10}
                value={column.id}
                label={column.full ?? column.head}
              />
            ))}
          </Checkbox.Group>
        </Popover.Dropdown>
      </Popover>
      <ExportButton size="xs" file={title} columns={visible} rows={rows} />
    </Group>
  );
}
