/** A short table, drawn whole: the numbers behind a plot, or the parts of one thing. It can be kept as a file. */
import { Button, Menu } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Column } from "../table/DataTable";
import { asFile, FILE_KINDS, save } from "../table/files";
import css from "./page.module.css";

interface Props<Row> {
  /** Says what the table is, above it and to screen readers. */
  caption: string;
  columns: readonly Omit<Column<Row>, "width">[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Whether a heading above says the same: then only screen readers get the caption. */
  isTitled?: boolean;
  /** The name of the file it is kept as, without its ending; without it there is no such menu. */
  file?: string;
}

export function SmallTable<Row>({ caption, columns, rows, keyOf, isTitled = false, file }: Props<Row>) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={css.wide} tabIndex={0} aria-label={caption}>
      <table className={css.small}>
        <caption className={css.caption}>
          <span className={isTitled ? css.unseen : undefined}>{caption}</span>{" "}
          {file && (
            <Menu position="bottom-start">
              <Menu.Target>
                <Button size="compact-xs" variant="default">
                  {t("table.export")}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {FILE_KINDS.map(({ kind, label }) => (
                  <Menu.Item key={kind} onClick={() => save(`${file}.${kind}`, asFile(kind, columns, rows))}>
                    {label}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
        </caption>
        <thead>
          <tr>
            {columns.map(({ id, head, full, numeric }) => (
              <th key={id} scope="col" title={full} className={numeric ? css.number : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ id, numeric, cell }) => (
                <td key={id} className={numeric ? css.number : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
