/** What came of a step beside what was to be expected of it; an amount that one task does not tell is not told. */
export interface TaskOutcome {
  execution: string;
  outputBytes: number | string | null;
  coreHours: number | null;
  startedAt: string | null;
  endedAt: string | null;
}

export interface StepOutcome {
  bytes: number | null;
  coreHours: number | null;
  days: number | null;
  isOver: boolean;
}

const DAY_MS = 86_400_000;

function sum(values: readonly (number | string | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null;
  return values.reduce<number>((all, value) => all + Number(value), 0);
}

/** Return what the tasks of all attempts at a step made together, from the first start to the last end. */
export function outcomeOf(tasks: readonly TaskOutcome[]): StepOutcome {
  const isOver = tasks.length > 0 && tasks.every(({ endedAt }) => endedAt !== null);
  const starts = tasks.map(({ startedAt }) => (startedAt === null ? Number.NaN : Date.parse(startedAt)));
  const ends = tasks.map(({ endedAt }) => (endedAt === null ? Number.NaN : Date.parse(endedAt)));
  const days = isOver ? (Math.max(...ends) - Math.min(...starts)) / DAY_MS : Number.NaN;
  return {
    bytes: sum(tasks.map(({ outputBytes }) => outputBytes)),
    coreHours: sum(tasks.map(({ coreHours }) => coreHours)),
    days: Number.isFinite(days) ? days : null,
    isOver,
  };
}

export interface Expected {
  expected: number;
  lowest: number;
  highest: number;
}

/** Whether an amount lies within what was to be expected; null where one of the two is not known. */
export function isWithin(amount: number | null, expected: Expected | null): boolean | null {
  if (amount === null || expected === null) return null;
  return expected.lowest <= amount && amount <= expected.highest;
}
