/** The typed `graphql()` of the panel: queries are checked against `schema.graphql` when they are written. */
import { initGraphQLTada } from "gql.tada";

import type { introspection } from "./schema-types";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: {
    /** A whole number; beyond 2^53 - 1 the server sends it as digits. */
    BigInt: number | string;
    /** ISO 8601, UTC. */
    DateTime: string;
    JSON: unknown;
  };
}>();

export { type FragmentOf, type ResultOf, readFragment, type VariablesOf } from "gql.tada";
