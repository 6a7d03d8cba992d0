/** What the query page keeps in its address: the query and its variables, so that a link asks the same. */

export interface QuerySearch {
  query?: string;
  /** JSON. */
  variables?: string;
}

export function readQuerySearch(search: Record<string, unknown>): QuerySearch {
  const found: QuerySearch = {};
  if (typeof search.query === "string" && search.query !== "") found.query = search.query;
  if (typeof search.variables === "string") found.variables = search.variables;
  // The router reads JSON in an address as what it says.
  else if (typeof search.variables === "object" && search.variables !== null)
    found.variables = JSON.stringify(search.variables, null, 2);
  return found;
}
