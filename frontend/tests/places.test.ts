import { expect, test } from "vitest";

import { placesOf } from "../src/pages/task/places";

const NOW = Date.parse("2026-11-25T12:00:00Z");

function jobs(queueName: string, jobState: string, number: number, downtimes: object[] = []) {
  const site = { id: "s", name: queueName.split("_")[0] ?? "", state: "ACTIVE", downtimes };
  const queue = { id: "q", status: "online", comment: null, site };
  return { queueName, jobState, jobs: number, queue } as Parameters<typeof placesOf>[0][number];
}

function downtime(startsAt: string, endsAt: string, isNow: boolean) {
  return { id: startsAt, isNow, startsAt, endsAt, description: null };
}

test("only queues with jobs that are not finished count, the worst first", () => {
  const places = placesOf(
    [
      jobs("JINR_SPD", "finished", 6196),
      jobs("PNPI_SPD", "failed", 8),
      jobs("PNPI_SPD", "finished", 1598),
      jobs("SSAU_SPD", "activated", 40),
    ],
    NOW,
  );

  expect(places.map(({ queue, failed, jobs: all }) => [queue, failed, all])).toEqual([
    ["PNPI_SPD", 8, 1606],
    ["SSAU_SPD", 0, 40],
  ]);
});

test("the downtime that is on is told before one to come, and one that is over is not", () => {
  const over = downtime("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", false);
  const ahead = downtime("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", false);
  const on = downtime("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z", true);
  const told = (...all: object[]) => placesOf([jobs("PNPI_SPD", "failed", 1, all)], NOW)[0]?.downtime;

  expect(told(over)).toBeNull();
  expect(told(over, ahead)).toBe(ahead);
  expect(told(ahead, on, over)).toBe(on);
});
