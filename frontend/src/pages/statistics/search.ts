/** What the statistics page keeps in its address. */

export const MEASURES = ["events", "outputBytes", "jobsFinished", "tasks", "coreHours"] as const;
export type Measure = (typeof MEASURES)[number];

export const SPLITS = ["CAMPAIGN", "STAGE", "STEP", "SITE", "USER", "STATUS"] as const;
export type Split = (typeof SPLITS)[number];

export interface StatisticsSearch {
  measure?: Measure;
  by?: Split;
  cumulative?: boolean;
  /** A day, UTC: only tasks that ended by then. */
  until?: string;
  campaign?: string;
}

const oneOf = <Word extends string>(words: readonly Word[], value: unknown): Word | undefined =>
  words.find((word) => word === value);

/** Return what of an address can be used; whatever else stands there is passed over. */
export function readStatisticsSearch(search: Record<string, unknown>): StatisticsSearch {
  const found: StatisticsSearch = {};
  const measure = oneOf(MEASURES, search.measure);
  if (measure) found.measure = measure;
  const by = oneOf(SPLITS, search.by);
  if (by) found.by = by;
  if (search.cumulative === true) found.cumulative = true;
  if (typeof search.until === "string" && /^\d{4}-\d{2}-\d{2}$/.test(search.until)) {
    // 2025-02-30 has the right form but is no day.
    const day = new Date(`${search.until}T00:00:00Z`);
    if (!Number.isNaN(day.getTime()) && day.toISOString().startsWith(search.until))
      found.until = search.until;
  }
  if (typeof search.campaign === "string" && search.campaign !== "") found.campaign = search.campaign;
  return found;
}
