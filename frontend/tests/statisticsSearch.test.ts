import { describe, expect, it } from "vitest";

import { readStatisticsSearch } from "../src/pages/statistics/search";

describe("the address of the statistics", () => {
  it("is read as it was written", () => {
    const search = { measure: "tasks", by: "SITE", cumulative: true, until: "2025-04-30", campaign: "C" };
    expect(readStatisticsSearch(search)).toEqual(search);
  });
  it("loses what cannot be used", () => {
    expect(
      readStatisticsSearch({ measure: "x", by: 1, cumulative: "yes", until: "2025-02-30", campaign: "" }),
    ).toEqual({});
  });
});
