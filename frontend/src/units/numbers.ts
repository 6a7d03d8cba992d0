/**
 * Numbers as people read them, in the panel's language. Null and undefined are "unknown" and never 0: every function
 * gives the word for it.
 */
import i18n from "../i18n";

type Quantity = number | string | null | undefined;

/** What stands where a value is not known. */
export const UNKNOWN = "—";

const THIN_SPACE = "\u2009";

const formats = new Map<string, Intl.NumberFormat>();

function format(value: number | bigint, digits: number): string {
  const key = `${i18n.language}/${digits}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: digits });
    formats.set(key, found);
  }
  return found
    .formatToParts(value)
    .map((part) => (part.type === "group" ? THIN_SPACE : part.value))
    .join("");
}

/** A whole number, exactly: beyond 2^53 the server sends digits, and they are not rounded. */
export function count(value: Quantity): string {
  if (value === null || value === undefined) return UNKNOWN;
  return format(typeof value === "string" ? BigInt(value) : value, 0);
}

export function decimal(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? UNKNOWN : format(value, digits);
}

/** A part of one, as per cent; 0.9993 is 99.93 % and not 100 %. */
export function percent(part: number | null | undefined): string {
  if (part === null || part === undefined) return UNKNOWN;
  const value = part * 100;
  const digits = value > 99 && value < 100 ? 2 : value < 10 ? 1 : 0;
  const shown = value < 100 ? Math.min(value, 99.99) : value;
  return `${format(shown, digits)}${THIN_SPACE}%`;
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"] as const;

/** A size in bytes, in powers of ten as storage people count: 1 TB is 10^12 bytes. */
export function bytes(value: Quantity): string {
  if (value === null || value === undefined) return UNKNOWN;
  let amount = Number(value);
  let unit = 0;
  while (Math.abs(amount) >= 1000 && unit < BYTE_UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${format(amount, unit === 0 ? 0 : amount < 10 ? 2 : 1)}${THIN_SPACE}${BYTE_UNITS[unit]}`;
}

/** A number as the axis of a plot has room for: 40 000 000 is 40 M. */
export function axisNumber(value: number): string {
  const size = Math.abs(value);
  for (const [unit, sign] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const)
    if (size >= unit) return `${format(value / unit, 1)}${THIN_SPACE}${sign}`;
  return format(value, size < 0.1 ? 4 : 2);
}
