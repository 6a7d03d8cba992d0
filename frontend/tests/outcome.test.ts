import { expect, test } from "vitest";

import { isWithin, outcomeOf } from "../src/pages/request/outcome/compare";

const DONE = {
  execution: "COMPLETE",
  outputBytes: "1000",
  coreHours: 2,
  startedAt: "2026-03-01T00:00:00Z",
  endedAt: "2026-03-02T00:00:00Z",
};

test("what all attempts made counts together, from the first start to the last end", () => {
  const again = {
    ...DONE,
    outputBytes: 5,
    startedAt: "2026-03-03T00:00:00Z",
    endedAt: "2026-03-04T12:00:00Z",
  };

  expect(outcomeOf([DONE, again])).toEqual({ bytes: 1005, coreHours: 4, days: 3.5, isOver: true });
});

test("what one of them does not tell is not told of all", () => {
  expect(outcomeOf([DONE, { ...DONE, outputBytes: null }]).bytes).toBeNull();
  expect(outcomeOf([{ ...DONE, endedAt: null }])).toMatchObject({ days: null, isOver: false });
  expect(outcomeOf([])).toEqual({ bytes: null, coreHours: null, days: null, isOver: false });
});

test("an amount is within a forecast from its lowest to its highest", () => {
  const expected = { expected: 10, lowest: 8, highest: 12 };

  expect([7, 8, 12, 13].map((amount) => isWithin(amount, expected))).toEqual([false, true, true, false]);
  expect([isWithin(null, expected), isWithin(1, null)]).toEqual([null, null]);
});
