import { graphql } from "../api/graphql";

/** What every remembered thing can say of itself: from whom, from when, and whether it still counts. */
export const Freshness = graphql(`
  fragment Freshness on Synced @_unmask {
    source
    syncedAt
    isStale
    staleReason
  }
`);

export const HomePagesQuery = graphql(`
  query HomePages {
    homePages { task dataset storage site person }
  }
`);
