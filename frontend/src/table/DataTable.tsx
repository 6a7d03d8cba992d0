/**
 * The one table: draws only the rows in view, whatever their number, and leaves order and filters to the server.
 *
 * A cell is plain text or plain elements: a component with state of its own in every cell costs a third of a frame.
 */
import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";

import { part } from "../ui/part";
import { keyColumns, MORE_PX, SELECT_PX } from "./keyColumns";
import css from "./table.module.css";

const RowCard = part(async () => (await import("./RowCard")).RowCard);

const ROW_PX = 30;
/** Two lines: the longest names do not fit into one of a phone. */
const PHONE_ROW_PX = 48;
const PHONE = "(max-width: 767px)";

export interface Column<Row> {
  id: string;
  /** Short head, as people know it. */
  head: string;
  /** The full name, on hover and in the column chooser. */
  full?: string;
  /** Width, px. */
  width: number;
  numeric?: boolean;
  /** The server's name of this order; without it the column cannot be sorted by. */
  sort?: string;
  cell: (row: Row) => ReactNode;
  /** The value as a file should have it; without it the column is not exported. */
  text?: (row: Row) => string | number | null | undefined;
}

export interface Sort {
  by: string;
  direction: "ASC" | "DESC";
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** What a row is called when it is chosen; its key unless something else is given. */
  nameOf?: (row: Row) => string;
  /** Rows of the whole list, when more exist than are here. */
  total?: number | null;
  sort?: Sort | null;
  onSort?: (sort: Sort | null) => void;
  /** Called when the last rows come into view. */
  onEnd?: () => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
}

/** The order after a press on a head: up, down, the list's own. */
export function nextSort(current: Sort | null | undefined, by: string): Sort | null {
  if (current?.by !== by) return { by, direction: "ASC" };
  return current.direction === "ASC" ? { by, direction: "DESC" } : null;
}

export function DataTable<Row>({
  label,
  columns: all,
  rows,
  keyOf,
  nameOf = keyOf,
  total,
  sort,
  onSort,
  onEnd,
  selected,
  onSelect,
}: Props<Row>) {
  const { t } = useTranslation();
  const scroll = useRef<HTMLDivElement>(null);
  const isPrinting = usePrinting();
  const isPhone = useMediaQuery(PHONE, false, { getInitialValueInEffect: false }) && !isPrinting;
  const columns = isPhone ? keyColumns(all, window.innerWidth - (onSelect ? SELECT_PX : 0)) : all;
  const [opened, setOpened] = useState<Row | null>(null);
  const rowPx = isPhone ? PHONE_ROW_PX : ROW_PX;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPx,
    overscan: 10,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height must be measured anew
  useEffect(() => {
    virtual.measure();
  }, [rowPx, virtual]);
  const items = isPrinting
    ? rows.map((_row, index) => ({ index, start: 0, end: 0 }))
    : virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const last = items[items.length - 1];
  const below = last && !isPrinting ? virtual.getTotalSize() - last.end : 0;
  const reached = last ? last.index : 0;
  useEffect(() => {
    if (rows.length > 0 && reached >= rows.length - 20) onEnd?.();
  }, [reached, rows.length, onEnd]);
  const edges = (onSelect ? SELECT_PX : 0) + (isPhone ? MORE_PX : 0);
  const width = columns.reduce((sum, column) => sum + column.width, edges);
  const toggle = (key: string) => {
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    onSelect?.(next);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section ref={scroll} className={css.scroll} tabIndex={0} aria-label={label} data-phone={isPhone}>
        <table
          className={css.table}
          style={{ width, minWidth: "100%" }}
          aria-label={label}
          aria-rowcount={(total ?? rows.length) + 1}
        >
          <thead>
            <tr>
              {onSelect && (
                <th scope="col" style={{ width: SELECT_PX }}>
                  <span>
                    <input
                      type="checkbox"
                      aria-label={t("table.all")}
                      checked={rows.length > 0 && selected?.size === rows.length}
                      onChange={(event) => onSelect(new Set(event.target.checked ? rows.map(keyOf) : []))}
                    />
                  </span>
                </th>
              )}
              {columns.map((column) => (
                <Head key={column.id} column={column} sort={sort} onSort={onSort} />
              ))}
              {isPhone && (
                <th scope="col" style={{ width: MORE_PX }}>
                  <span className={css.unseen}>{t("table.more")}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {above > 0 && <tr aria-hidden style={{ height: above }} />}
            {items.map(({ index }) => {
              const row = rows[index] as Row;
              const key = keyOf(row);
              return (
                <tr
                  key={key}
                  aria-rowindex={index + 2}
                  className={`${css.row} ${index % 2 ? css.odd : ""}`}
                  data-selected={selected?.has(key) ?? false}
                >
                  {onSelect && (
                    <td>
                      <input
                        type="checkbox"
                        aria-label={t("table.select", { row: nameOf(row) })}
                        checked={selected?.has(key) ?? false}
                        onChange={() => toggle(key)}
                      />
                    </td>
                  )}
                  {columns.map((column) => (
                    <Cell key={column.id} isNumeric={column.numeric ?? false}>
                      {column.cell(row)}
                    </Cell>
                  ))}
                  {isPhone && (
                    <td>
                      <button
                        type="button"
                        aria-label={t("table.open", { row: nameOf(row) })}
                        className={css.more}
                        aria-haspopup="dialog"
                        onClick={() => setOpened(row)}
                      >
                        ⋯
                      </button>
                    </td>
                  )}
                </tr>
              );
            })}
            {below > 0 && <tr aria-hidden style={{ height: below }} />}
          </tbody>
        </table>
      </section>
      <Suspense>
        {opened !== null && (
          <RowCard
            facts={all.map((column) => [column.full ?? column.head, column.cell(opened)] as const)}
            title={nameOf(opened)}
            onClose={() => setOpened(null)}
          />
        )}
      </Suspense>
    </>
  );
}

/** What does not fit is told on hover. */
function Cell({ isNumeric, children }: { isNumeric: boolean; children: ReactNode }) {
  return (
    <td
      className={isNumeric ? css.numeric : undefined}
      title={typeof children === "string" ? children : undefined}
    >
      <div className={css.cell}>{children}</div>
    </td>
  );
}

/** Whether the page is on its way to a printer, which does not scroll. */
function usePrinting(): boolean {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    // The browser prints what stands there when this returns.
    const begin = () => flushSync(() => setPrinting(true));
    const end = () => setPrinting(false);
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
    return () => {
      window.removeEventListener("beforeprint", begin);
      window.removeEventListener("afterprint", end);
    };
  }, []);
  return isPrinting;
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | null | undefined;
  onSort: ((sort: Sort | null) => void) | undefined;
}) {
  const { t } = useTranslation();
  const by = column.sort;
  const direction = by !== undefined && sort?.by === by ? sort.direction : null;
  const title = column.full ?? column.head;
  return (
    <th
      scope="col"
      className={column.numeric ? css.numeric : undefined}
      style={{ width: column.width }}
      aria-sort={direction === null ? undefined : direction === "ASC" ? "ascending" : "descending"}
    >
      {by !== undefined && onSort ? (
        <button
          type="button"
          title={`${title}. ${t("table.sortBy", { column: title })}`}
          onClick={() => onSort(nextSort(sort, by))}
        >
          {column.head}
          {direction === "ASC" ? " ▲" : direction === "DESC" ? " ▼" : ""}
        </button>
      ) : (
        <span title={title}>{column.head}</span>
      )}
    </th>
  );
}
