import { describe, expect, it } from "vitest";

import type { Column } from "../src/table/DataTable";
import { asFile, csvCell } from "../src/table/files";

interface Row {
  name: string;
  events: number | null;
}

const COLUMNS: Column<Row>[] = [
  { id: "name", head: "Name", width: 1, cell: (row) => row.name, text: (row) => row.name },
  {
    id: "events",
    head: "E",
    full: "Events",
    width: 1,
    numeric: true,
    cell: () => null,
    text: (row) => row.events,
  },
  { id: "drawn", head: "Only drawn", width: 1, cell: () => null },
];

describe("a table as a file", () => {
  it.each(["=1+1", "+1", "-1", "@sum", "\tx"])("makes the formula %j text in CSV", (text) => {
    expect(csvCell(text).replaceAll('"', "").startsWith("'")).toBe(true);
  });
  it("leaves numbers numbers, negative ones too", () => {
    expect(csvCell(-1)).toBe("-1");
  });
  it("quotes commas, quotes and line ends", () => {
    expect(csvCell('a,"b"\nc')).toBe('"a,""b""\nc"');
  });
  it("has full names as heads and an empty cell for what is not known", () => {
    expect(asFile("csv", COLUMNS, [{ name: "A", events: null }])).toBe("Name,Events\r\nA,\r\n");
  });
  it("cannot break out of a Markdown or LaTeX cell", () => {
    const rows = [{ name: "a|b_c & {d}", events: 1 }];
    expect(asFile("md", COLUMNS, rows)).toContain("| a\\|b_c & {d} | 1 |");
    expect(asFile("tex", COLUMNS, rows)).toContain("a|b\\_c \\& \\{d\\} & 1 \\\\");
  });
});
