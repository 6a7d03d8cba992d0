import { graphql } from "../../api/graphql";

export const RequestRow = graphql(`
  fragment RequestRow on Request @_unmask {
    id
    name
    campaignName
    stageName
    collisionType
    energyGev
    polarization
    softwareProject
    softwareVersion
    tag
    events
    eventsPerFile
    jobs
    seedRanges { seedFirst seedLast }
    intent
    execution
    requestedBy
    priority
    updatedAt
  }
`);

export const RequestsQuery = graphql(
  `
    query Requests($first: Int!, $after: String, $filter: RequestFilter, $sort: [RequestSort!]) {
      requests(first: $first, after: $after, filter: $filter, sort: $sort) {
        nodes { ...RequestRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  `,
  [RequestRow],
);

/** The values that a production can be chosen by; few of the many rows have a value of their own. */
export const FacetValuesQuery = graphql(`
  query FacetValues {
    requests(first: 500) {
      nodes { energyGev collisionType polarization }
    }
    sites(first: 200) {
      nodes { name }
    }
  }
`);
