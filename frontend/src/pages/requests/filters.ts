/** What a list of productions can be narrowed by, as the server's filter; datasets are narrowed by their production. */
import type { VariablesOf } from "../../api/graphql";
import type { ListSearch } from "../../table/search";
import type { RequestsQuery } from "./documents";

export type Filter = NonNullable<VariablesOf<typeof RequestsQuery>["filter"]>;
type Intent = NonNullable<Filter["intent"]>[number];
type Execution = NonNullable<Filter["execution"]>[number];

/** Return a filter for each choice of an address that is about the production itself. */
export function productionFilters(is: NonNullable<ListSearch["is"]>): Filter[] {
  const every: Filter[] = [];
  const numbers = (values: string[]) => values.map(Number).filter((value) => Number.isFinite(value));
  if (is.intent) every.push({ intent: is.intent as Intent[] });
  if (is.execution) every.push({ execution: is.execution as Execution[] });
  if (is.stage) every.push({ stageName: { in: is.stage } });
  if (is.energy) every.push({ energyGev: { in: numbers(is.energy) } });
  if (is.collision) every.push({ collisionType: { in: is.collision } });
  if (is.polarization) every.push({ polarization: { in: is.polarization } });
  if (is.atLeast) every.push({ events: { gte: Math.max(...numbers(is.atLeast)) } });
  if (is.atMost) every.push({ events: { lte: Math.min(...numbers(is.atMost)) } });
  return every;
}
