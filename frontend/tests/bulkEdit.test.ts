import { expect, test } from "vitest";

import { bulkInputOf } from "../src/pages/requests/bulk/edit";

test("only what is typed is edited", () => {
  expect(bulkInputOf({ priority: " 1 200 ", tag: "", geometries: "TS, TOF" })).toEqual({
    priority: 1200,
    geometries: ["TS", "TOF"],
  });
});

test("a single dash empties what may be empty and is a text elsewhere", () => {
  expect(bulkInputOf({ campaignName: "-", tag: "-" })).toEqual({ campaignName: null, tag: "-" });
});

test("nothing typed, or a priority that is no number, is no edit", () => {
  expect(bulkInputOf({ tag: "  " })).toBeNull();
  expect(bulkInputOf({ priority: "high" })).toBeNull();
});
