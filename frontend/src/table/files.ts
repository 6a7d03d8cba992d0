/** A table as a file: CSV, Excel, Markdown or LaTeX, with values that no program takes for a formula. */
import type { Column } from "./DataTable";

type Value = string | number | null | undefined;

/** Spreadsheets run cells that begin so; a leading apostrophe makes them text again. */
const FORMULA = /^[=+\-@\t\r]/;

function plain(value: Value): string {
  return value === null || value === undefined ? "" : String(value);
}

export function csvCell(value: Value): string {
  const text = plain(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function markdownCell(value: Value): string {
  return plain(value).replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\s+/g, " ");
}

const LATEX: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
};

function latexCell(value: Value): string {
  return plain(value)
    .replace(/[\\~^]|[&%$#_{}]/g, (sign) => LATEX[sign] ?? `\\${sign}`)
    .replace(/\s+/g, " ");
}

export type TextKind = "csv" | "md" | "tex";
export type FileKind = TextKind | "xlsx";

/** What a table can be kept as, and the names people know these by. */
export const FILE_KINDS: readonly { kind: FileKind; label: string }[] = [
  { kind: "csv", label: "CSV" },
  { kind: "xlsx", label: "Excel" },
  { kind: "md", label: "Markdown" },
  { kind: "tex", label: "LaTeX" },
];

/** What a file needs to know of a column; its width is the screen's business. */
export type FileColumn<Row> = Omit<Column<Row>, "width">;

function tableOf<Row>(columns: readonly FileColumn<Row>[], rows: readonly Row[]) {
  const shown = columns.filter((column) => column.text !== undefined);
  const table: Value[][] = [
    shown.map((column) => column.full ?? column.head),
    ...rows.map((row) => shown.map((column) => column.text?.(row))),
  ];
  return { shown, table };
}

/** Return the text of a file with the rows given, of the columns that have a `text`. */
export function asFile<Row>(
  kind: TextKind,
  columns: readonly FileColumn<Row>[],
  rows: readonly Row[],
): string {
  const { shown, table } = tableOf(columns, rows);
  const [heads = [], ...body] = table;
  if (kind === "csv") return `${table.map((line) => line.map(csvCell).join(",")).join("\r\n")}\r\n`;
  if (kind === "md") {
    const line = (cells: Value[]) => `| ${cells.map(markdownCell).join(" | ")} |`;
    const rule = `| ${shown.map((column) => (column.numeric ? "---:" : "---")).join(" | ")} |`;
    return `${[line(heads), rule, ...body.map(line)].join("\n")}\n`;
  }
  const line = (cells: Value[]) => `${cells.map(latexCell).join(" & ")} \\\\`;
  const format = shown.map((column) => (column.numeric ? "r" : "l")).join("");
  return `\\begin{tabular}{${format}}\n\\hline\n${line(heads)}\n\\hline\n${body.map(line).join("\n")}\n\\hline\n\\end{tabular}\n`;
}

/** Hand the rows to the browser as a file of a kind; `name` is without its ending. */
export async function keep<Row>(
  kind: FileKind,
  name: string,
  columns: readonly FileColumn<Row>[],
  rows: readonly Row[],
): Promise<void> {
  if (kind !== "xlsx") save(`${name}.${kind}`, asFile(kind, columns, rows));
  else {
    const { xlsx } = await import("./xlsx");
    download(`${name}.xlsx`, xlsx(tableOf(columns, rows).table));
  }
}

/** Hand a text to the browser as a file to keep. */
export function save(name: string, text: string, type = "text/plain"): void {
  download(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
