/** What a task made again shall have otherwise, as it is typed and as the server takes it. */

/** Field and the values that PanDA can be asked for; an empty one stays as it was sent. */
export const CHANGES = {
  priority: [0, 10_000],
  coreCount: [1, 256],
  ramMb: [100, 1_000_000],
  maxAttempts: [1, 50],
} as const;

export type Field = keyof typeof CHANGES;
export const FIELDS = Object.keys(CHANGES) as Field[];
export type Typed = Partial<Record<Field, number | string>>;

/** Return what differs; null where nothing does. */
export function changesOf(typed: Typed): Partial<Record<Field, number>> | null {
  const given = FIELDS.filter((field) => typed[field] !== undefined && typed[field] !== "");
  return given.length === 0 ? null : Object.fromEntries(given.map((field) => [field, Number(typed[field])]));
}
