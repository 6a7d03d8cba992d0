/** Numbers made ready for a plot: one value for each place of the axis and each series, sums on request. */

export interface Point {
  /** The place on the axis: a month, a name. */
  at: string;
  /** The series it belongs to. */
  of: string;
  /** Null: not known. It is drawn as a gap and not as 0. */
  value: number | null;
}

export interface Series {
  name: string;
  values: (number | null)[];
}

/** Return all months from the first to the last, `2025-01` style: a month without anything is a fact too. */
export function monthsBetween(first: string, last: string): string[] {
  const months: string[] = [];
  let [year = 0, month = 0] = first.split("-").map(Number);
  for (let name = first; name <= last && months.length < 1200; ) {
    months.push(name);
    month += 1;
    if (month > 12) {
      month = 1;
      year += 1;
    }
    name = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}`;
  }
  return months;
}

/** Return a series for each name, the largest first, with a value for each place; without a point it is `absent`. */
export function seriesOf(
  points: readonly Point[],
  places: readonly string[],
  absent: number | null,
): Series[] {
  const found = new Map<string, Map<string, number | null>>();
  for (const { at, of, value } of points) {
    const one = found.get(of) ?? new Map<string, number | null>();
    one.set(at, value);
    found.set(of, one);
  }
  const total = ({ values }: Series) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  return [...found]
    .map(([name, one]) => ({
      name,
      values: places.map((at) => (one.has(at) ? (one.get(at) as number | null) : absent)),
    }))
    .sort((a, b) => total(b) - total(a) || a.name.localeCompare(b.name));
}

/** Return each value with all before it added; what is not known adds nothing. */
export function cumulative(values: readonly (number | null)[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value ?? 0;
    return sum;
  });
}
