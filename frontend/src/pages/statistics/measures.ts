/** Reads one measure out of a group of sums. */
import type { ResultOf } from "../../api/graphql";
import type { StatisticsQuery } from "./documents";
import type { Measure, Split } from "./search";

export type Sums = ResultOf<typeof StatisticsQuery>["statistics"]["overTime"][number];

const BYTES_IN_TB = 1e12;

/** Return the value in the measure's unit (output: TB); null when nothing is known of it. */
export function measured(sums: Sums, measure: Measure): number | null {
  switch (measure) {
    case "tasks":
      return Number(sums.tasks);
    case "coreHours":
      return sums.coreHours;
    case "outputBytes":
      return sums.outputBytes.value === null ? null : Number(sums.outputBytes.value) / BYTES_IN_TB;
    default: {
      const { value } = sums[measure];
      return value === null ? null : Number(value);
    }
  }
}

/** Return the group's value of a dimension; null for tasks without one. */
export function groupOf(sums: Sums, dimension: Split | "MONTH"): string | null {
  return sums.keys.find((key) => key.dimension === dimension)?.value ?? null;
}
