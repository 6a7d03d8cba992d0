import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const SiteRow = graphql(
  `
    fragment SiteRow on Site @_unmask {
      id
      name
      country
      state
      tierLevel
      cores
      queues { id name status state comment isOnline queueType coreCount }
      storages { id name canWrite }
      downtimes { id severity startsAt endsAt description isNow }
      ...Freshness
    }
  `,
  [Freshness],
);

export const SitesQuery = graphql(
  `
    query Sites($first: Int!, $after: String, $filter: SiteFilter, $sort: [SiteSort!]) {
      sites(first: $first, after: $after, filter: $filter, sort: $sort) {
        nodes { ...SiteRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  `,
  [SiteRow],
);
