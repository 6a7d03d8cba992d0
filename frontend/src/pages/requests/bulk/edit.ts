/** What of a request can be edited for many at once, and how what is typed becomes an edit. */
import type { VariablesOf } from "../../../api/graphql";
import { whole } from "../../define/draft";
import type { BulkEditMutation } from "./documents";

type Input = VariablesOf<typeof BulkEditMutation>["input"];

/** Fields whose value may be the same in many requests; seeds never are. */
export const BULK_FIELDS = [
  "campaignName",
  "priority",
  "softwareProject",
  "softwareVersion",
  "tag",
  "geometries",
  "description",
] as const;
export type BulkField = (typeof BULK_FIELDS)[number];
export type Typed = Partial<Record<BulkField, string>>;

/** Typed alone, it empties a field: an empty one says that the field stays as it is. */
export const NOTHING = "-";
const MAY_BE_EMPTY: readonly BulkField[] = ["campaignName", "priority", "geometries", "description"];

/** Return the edit; null while there is none, or one that cannot be read. */
export function bulkInputOf(typed: Typed): Input | null {
  const input: Input = {};
  for (const field of BULK_FIELDS) {
    const text = typed[field]?.trim() ?? "";
    if (text === "") continue;
    if (text === NOTHING && MAY_BE_EMPTY.includes(field)) input[field] = null;
    else if (field === "priority") {
      const priority = whole(text);
      if (!/^\d+$/.test(String(priority))) return null;
      input.priority = priority;
    } else if (field === "geometries")
      input.geometries = text
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== "");
    else input[field] = text;
  }
  return Object.keys(input).length > 0 ? input : null;
}
