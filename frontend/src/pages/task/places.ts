/** Where jobs of a task failed or still wait, with how each place stands now. */
import type { Task } from "./TaskPage";

type Count = Task["jobCounts"][number];
type Downtime = NonNullable<NonNullable<Count["queue"]>["site"]>["downtimes"][number];

export interface Place {
  queue: string;
  failed: number;
  jobs: number;
  status: string | null;
  comment: string | null;
  site: string | null;
  siteState: string | null;
  /** The one that is on, or else the next that is announced. */
  downtime: Downtime | null;
}

const BAD = new Set(["failed", "cancelled", "closed"]);
const GOOD = new Set(["finished", "merging", "transferring"]);

/** Return the queues with jobs that are not finished, the worst first; `now` is in milliseconds. */
export function placesOf(counts: readonly Count[], now: number): Place[] {
  const places = new Map<string, Place>();
  const unfinished = new Set<string>();
  for (const { queueName, jobState, jobs, queue } of counts) {
    const site = queue?.site ?? null;
    const ahead = (site?.downtimes ?? [])
      .filter(({ endsAt }) => Date.parse(endsAt) > now)
      .sort((a, b) => a.startsAt.localeCompare(b.startsAt));
    const place = places.get(queueName) ?? {
      queue: queueName,
      failed: 0,
      jobs: 0,
      status: queue?.status ?? null,
      comment: queue?.comment ?? null,
      site: site?.name ?? null,
      siteState: site?.state ?? null,
      downtime: ahead.find(({ isNow }) => isNow) ?? ahead[0] ?? null,
    };
    place.jobs += Number(jobs);
    if (BAD.has(jobState)) place.failed += Number(jobs);
    if (!GOOD.has(jobState) && Number(jobs) > 0) unfinished.add(queueName);
    places.set(queueName, place);
  }
  return [...places.values()]
    .filter(({ queue }) => unfinished.has(queue))
    .sort((a, b) => b.failed - a.failed || a.queue.localeCompare(b.queue));
}
