import { describe, expect, it } from "vitest";

import { cumulative, monthsBetween, seriesOf } from "../src/plots/series";

describe("what a plot draws", () => {
  it("has a place for a month in which nothing was made", () => {
    expect(monthsBetween("2024-11", "2025-02")).toEqual(["2024-11", "2024-12", "2025-01", "2025-02"]);
  });
  it("is a series for each name, the largest first", () => {
    const points = [
      { at: "a", of: "small", value: 1 },
      { at: "b", of: "large", value: 5 },
    ];
    expect(seriesOf(points, ["a", "b"], 0)).toEqual([
      { name: "large", values: [0, 5] },
      { name: "small", values: [1, 0] },
    ]);
  });
  it("keeps what is not known apart from nothing", () => {
    expect(seriesOf([{ at: "a", of: "one", value: null }], ["a", "b"], 0)).toEqual([
      { name: "one", values: [null, 0] },
    ]);
  });
  it("can be added up", () => {
    expect(cumulative([1, null, 2])).toEqual([1, 1, 3]);
  });
});
