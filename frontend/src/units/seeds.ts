/** Seeds as the server writes them, '10007,12001-12003', taken apart. */

/** Return each seed, at most `limit` of them, and how many there are in all. */
export function seedsOf(ranges: string, limit: number): { seeds: number[]; total: number } {
  const seeds: number[] = [];
  let total = 0;
  for (const range of ranges.split(",")) {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    if (Number.isNaN(first) || Number.isNaN(last) || last < first) continue;
    total += last - first + 1;
    for (let seed = first; seed <= last && seeds.length < limit; seed += 1) seeds.push(seed);
  }
  return { seeds, total };
}
