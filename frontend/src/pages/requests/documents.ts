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
