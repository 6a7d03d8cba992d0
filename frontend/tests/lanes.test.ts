import { expect, test } from "vitest";

import { colliding, laneOf } from "../src/pages/seeds/lanes";

test("a range is drawn where it lies among all seeds, and never too narrow to be seen", () => {
  expect(laneOf({ seedFirst: 1, seedLast: 50 }, 100)).toEqual({ start: 0, width: 0.5 });
  expect(laneOf({ seedFirst: "51", seedLast: "100" }, 100)).toEqual({ start: 0.5, width: 0.5 });
  const last = laneOf({ seedFirst: 1_000_000, seedLast: 1_000_000 }, 1_000_000);
  expect(last.width).toBe(0.004);
  expect(last.start + last.width).toBeLessThanOrEqual(1);
});

test("ranges collide when they share a seed and neither is exempt", () => {
  const held = (seedFirst: number, seedLast: number, exemptReason: string | null = null) => ({
    seedFirst,
    seedLast,
    exemptReason,
  });
  const ranges = [held(1, 10), held(10, 20), held(21, 30), held(25, 26, "a test")];

  expect([...colliding(ranges)]).toEqual(ranges.slice(0, 2));
});
