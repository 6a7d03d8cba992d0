/** A short table, drawn whole: the numbers behind a plot, or the parts of one thing. It can be kept as a file. */
import type { Column } from "../table/DataTable";
import { ExportButton } from "../table/ExportButton";
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
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={css.wide} tabIndex={0} aria-label={caption}>
      <table className={css.small}>
        <caption className={css.caption}>
          <span className={isTitled ? css.unseen : undefined}>{caption}</span>{" "}
          {file && <ExportButton size="compact-xs" file={file} columns={columns} rows={rows} />}
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
