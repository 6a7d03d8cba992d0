/** Until when a copy is kept, by the rules that Rucio has for it. */

interface Rule {
  rseExpression: string;
  expiresAt: string | null;
}

/** A moment (ISO 8601), or why there is none. */
export type Kept = { until: string } | { until: null; why: "forever" | "unprotected" | "unknown" };

/**
 * The last rule that names the storage decides, unless the dataset itself ends before. A rule with an expression
 * of another kind may or may not be meant for it: then nobody can say without asking Rucio.
 */
export function keptUntil(
  storage: string,
  dataset: { expiresAt: string | null; rules: readonly Rule[] } | null,
): Kept {
  if (dataset === null) return { until: null, why: "unknown" };
  const named = dataset.rules.filter(({ rseExpression }) => rseExpression === storage);
  const isForever = named.some(({ expiresAt }) => expiresAt === null);
  const byRules = named.map(({ expiresAt }) => expiresAt ?? "").sort();
  const last = byRules[byRules.length - 1];
  if (dataset.expiresAt !== null && (isForever || (last !== undefined && dataset.expiresAt < last)))
    return { until: dataset.expiresAt };
  if (isForever) return { until: null, why: "forever" };
  if (named.length < dataset.rules.length) return { until: null, why: "unknown" };
  return last === undefined ? { until: null, why: "unprotected" } : { until: last };
}
