/**
 * One line of plain words as filters: "27 GeV pp UU >= 40 M events at JINR".
 *
 * The grammar is small on purpose: what it does not know stays a word to look for, and what it made of the line is
 * shown before anything is asked.
 */

export interface Line {
  /** Exact filters by name, as lists keep them in their addresses. */
  is: Record<string, string[]>;
  /** The words that are left. */
  q: string;
}

const COLLISIONS = new Set(["pp", "dd", "pd", "dp"]);
const STAGES = new Set(["S1", "S2", "S3"]);
const EXECUTIONS = new Set([
  "BLOCKED",
  "QUEUED",
  "RUNNING",
  "ATTENTION",
  "COMPLETE",
  "PARTIAL",
  "FAILED",
  "ABORTED",
]);
const TIMES: Record<string, number> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

const ENERGY = /(?:^|\s)(\d+(?:\.\d+)?)\s*GeV(?=\s|$)/gi;
const EVENTS =
  /(?:^|\s)(>=|≥|>|<=|≤|<)\s*(\d+(?:\.\d+)?)\s*([kKMG]?)\s*(?:events?|событий|события)?(?=\s|$)/g;
const PLACE = /(?:^|\s)(?:at|в|@)\s+([A-Za-z][\w-]*)(?=\s|$)/gi;
/** Polarization of each beam: unpolarized, longitudinal, transverse. */
const POLARIZATION = /^[ULT]{2}$/;

/** Return what a line asks for; null when it is only words. */
export function readLine(text: string): Line | null {
  const is: Record<string, string[]> = {};
  const add = (name: string, value: string) => {
    is[name] = [...(is[name] ?? []), value];
  };
  const rest = text
    .replace(ENERGY, (_all, energy: string) => {
      add("energy", String(Number(energy)));
      return " ";
    })
    .replace(EVENTS, (_all, sign: string, amount: string, unit: string) => {
      const events = Math.round(Number(amount) * (TIMES[unit] ?? 1));
      // "> n" is asked as "at least n + 1": events are whole.
      if (sign === ">" || sign === ">=" || sign === "≥")
        is.atLeast = [String(sign === ">" ? events + 1 : events)];
      else is.atMost = [String(sign === "<" ? events - 1 : events)];
      return " ";
    })
    .replace(PLACE, (_all, site: string) => {
      add("at", site);
      return " ";
    });
  const words: string[] = [];
  for (const word of rest.split(/\s+/).filter((one) => one !== "")) {
    if (COLLISIONS.has(word)) add("collision", word);
    else if (POLARIZATION.test(word)) add("polarization", word);
    else if (STAGES.has(word)) add("stage", word);
    else if (EXECUTIONS.has(word)) add("execution", word);
    else words.push(word);
  }
  return Object.keys(is).length > 0 ? { is, q: words.join(" ") } : null;
}
