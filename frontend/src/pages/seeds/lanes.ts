/** Where a range of seeds is drawn: its beginning and width as parts of all that is taken. */
export interface Range {
  seedFirst: number | string;
  seedLast: number | string;
}

/** Narrower than this nobody would see it. */
const NARROWEST = 0.004;

/** Return beginning and width, 0 to 1, of a range among seeds 1 to `last`. */
export function laneOf(range: Range, last: number): { start: number; width: number } {
  const all = Math.max(last, 1);
  const start = (Number(range.seedFirst) - 1) / all;
  const width = (Number(range.seedLast) - Number(range.seedFirst) + 1) / all;
  const drawn = Math.min(1, Math.max(width, NARROWEST));
  return { start: Math.max(0, Math.min(start, 1 - drawn)), width: drawn };
}

/** Return which ranges run into another one that nobody allowed to. */
export function colliding<Held extends Range & { exemptReason: string | null }>(
  ranges: readonly Held[],
): ReadonlySet<Held> {
  const strict = ranges.filter(({ exemptReason }) => exemptReason === null);
  const found = new Set<Held>();
  for (const one of strict)
    for (const other of strict)
      if (
        one !== other &&
        BigInt(one.seedFirst) <= BigInt(other.seedLast) &&
        BigInt(other.seedFirst) <= BigInt(one.seedLast)
      )
        found.add(one);
  return found;
}
