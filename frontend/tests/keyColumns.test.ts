import { describe, expect, it } from "vitest";

import { keyColumns, MORE_PX } from "../src/table/keyColumns";

const widths = (columns: { width: number; numeric?: boolean }[], room: number) =>
  keyColumns(columns, room + MORE_PX).map(({ width }) => width);

describe("the columns of a narrow table", () => {
  it("are the first ones that fit", () => {
    expect(widths([{ width: 130 }, { width: 110 }, { width: 136 }], 316)).toEqual([130, 110]);
  });
  it("begin with the first one, however wide it is", () => {
    expect(widths([{ width: 430 }, { width: 60 }], 316)).toEqual([316]);
  });
  it("end with one of words that is narrowed, and never with a narrowed number", () => {
    expect(widths([{ width: 90 }, { width: 260 }, { width: 60 }], 316)).toEqual([90, 226]);
    expect(widths([{ width: 90 }, { width: 260, numeric: true }], 316)).toEqual([90]);
  });
  it("are none where the table has none", () => {
    expect(keyColumns([], 300)).toEqual([]);
  });
});
