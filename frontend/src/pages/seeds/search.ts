/** Of which request's physics the map is, kept in the address. */
export interface SeedsSearch {
  request?: string | undefined;
}

export function readSeedsSearch(search: Record<string, unknown>): SeedsSearch {
  return typeof search.request === "string" && search.request !== "" ? { request: search.request } : {};
}
