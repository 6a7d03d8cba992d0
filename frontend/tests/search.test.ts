import { describe, expect, it } from "vitest";

import { nextSort } from "../src/table/DataTable";
import { readListSearch } from "../src/table/search";

describe("a list's address", () => {
  it("gives back what a list put there", () => {
    const search = {
      q: "minbias",
      is: { intent: ["READY"] },
      sort: { by: "NAME", direction: "ASC" },
      columns: ["name"],
    };
    expect(readListSearch(search)).toEqual(search);
  });
  it.each([
    { q: 5 },
    { is: { intent: "READY" } },
    { is: null },
    { sort: { by: "NAME", direction: "UP" } },
    { columns: [1] },
  ])("passes over what cannot be used: %j", (search) => {
    expect(readListSearch(search as Record<string, unknown>)).toEqual({});
  });
});

describe("a press on a head", () => {
  it("goes up, down, and back to the list's own order", () => {
    const up = nextSort(null, "NAME");
    const down = nextSort(up, "NAME");
    expect([up, down, nextSort(down, "NAME")]).toEqual([
      { by: "NAME", direction: "ASC" },
      { by: "NAME", direction: "DESC" },
      null,
    ]);
  });
});
