/** What every list keeps in its address: the text filter, exact filters by field, the order, the shown columns. */
import type { Sort } from "./DataTable";

export interface ListSearch {
  /** Words that must occur. */
  q?: string;
  /** Exact values by filter name. */
  is?: Record<string, string[]>;
  sort?: Sort;
  /** Ids of the columns shown; without it the list's own choice. */
  columns?: string[];
}

function words(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === "string") && value.length > 0
    ? value
    : undefined;
}

/** Return what of an address can be used; whatever else stands there is passed over. */
export function readListSearch(search: Record<string, unknown>): ListSearch {
  const found: ListSearch = {};
  if (typeof search.q === "string" && search.q !== "") found.q = search.q;
  if (typeof search.is === "object" && search.is !== null) {
    const is: Record<string, string[]> = {};
    for (const [name, value] of Object.entries(search.is)) {
      const values = words(value);
      if (values !== undefined) is[name] = values;
    }
    if (Object.keys(is).length > 0) found.is = is;
  }
  const sort = search.sort as Partial<Sort> | undefined;
  if (typeof sort?.by === "string" && (sort.direction === "ASC" || sort.direction === "DESC"))
    found.sort = { by: sort.by, direction: sort.direction };
  const columns = words(search.columns);
  if (columns !== undefined) found.columns = columns;
  return found;
}
