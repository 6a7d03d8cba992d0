/** Moments and durations as people read them. The server's times are UTC; shown are local ones, UTC on hover. */
import i18n from "../i18n";
import { UNKNOWN } from "./numbers";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "3 minutes ago", from seconds. */
export function ago(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const words = new Intl.RelativeTimeFormat(i18n.language, { numeric: "auto", style: "short" });
  if (seconds < MINUTE) return words.format(-Math.round(seconds), "second");
  if (seconds < HOUR) return words.format(-Math.round(seconds / MINUTE), "minute");
  if (seconds < 2 * DAY) return words.format(-Math.round(seconds / HOUR), "hour");
  return words.format(-Math.round(seconds / DAY), "day");
}

export function secondsSince(moment: string, now: number = Date.now()): number {
  return Math.max(0, (now - Date.parse(moment)) / 1000);
}

/** English as it is written at JINR: the day before the month, and 24 hours. */
const calendar = () => (i18n.language === "en" ? "en-GB" : i18n.language);

export function local(moment: string | null | undefined): string {
  if (!moment) return UNKNOWN;
  return new Intl.DateTimeFormat(calendar(), { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(moment),
  );
}

export function utc(moment: string | null | undefined): string {
  return moment ? `${moment.slice(0, 19).replace("T", " ")} UTC` : UNKNOWN;
}

/** "in 3 minutes" or "3 minutes ago", from a moment. */
export function relative(moment: string | null | undefined, now: number = Date.now()): string {
  if (!moment) return UNKNOWN;
  const seconds = (Date.parse(moment) - now) / 1000;
  if (seconds <= 0) return ago(-seconds);
  const words = new Intl.RelativeTimeFormat(i18n.language, { numeric: "auto", style: "short" });
  if (seconds < MINUTE) return words.format(Math.round(seconds), "second");
  if (seconds < HOUR) return words.format(Math.round(seconds / MINUTE), "minute");
  if (seconds < 2 * DAY) return words.format(Math.round(seconds / HOUR), "hour");
  return words.format(Math.round(seconds / DAY), "day");
}

/** A day in the panel's language, without the time. */
export function day(moment: string | null | undefined): string {
  return moment
    ? new Intl.DateTimeFormat(calendar(), { dateStyle: "medium", timeZone: "UTC" }).format(new Date(moment))
    : UNKNOWN;
}

/** A length of time in its largest fitting unit: "90 min", "2 days". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const [size, unit] =
    seconds < 2 * MINUTE
      ? [1, "second"]
      : seconds < 2 * HOUR
        ? [MINUTE, "minute"]
        : seconds < 2 * DAY
          ? [HOUR, "hour"]
          : [DAY, "day"];
  const words = new Intl.NumberFormat(i18n.language, {
    style: "unit",
    unit: String(unit),
    unitDisplay: "short",
    maximumFractionDigits: 0,
  });
  return words.format(seconds / Number(size));
}
