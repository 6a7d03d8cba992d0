/** What a request's page keeps in its address: the open dialog, and the past moment it is shown at. */
import { type DialogSearch, readDialogSearch } from "../../changes/search";

export interface RequestSearch extends DialogSearch {
  /** ISO, UTC. */
  asOf?: string | undefined;
}

export function readRequestSearch(search: Record<string, unknown>): RequestSearch {
  const moment = typeof search.asOf === "string" ? Date.parse(search.asOf) : Number.NaN;
  const isMoment = Number.isFinite(moment);
  return { ...readDialogSearch(search), ...(isMoment ? { asOf: new Date(moment).toISOString() } : {}) };
}
