/** A page's open dialog, kept in its address as `do`, so that a link opens it. */
export interface DialogSearch {
  do?: string | undefined;
}

export function readDialogSearch(search: Record<string, unknown>): DialogSearch {
  return typeof search.do === "string" ? { do: search.do } : {};
}
