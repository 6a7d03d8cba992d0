import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const DatasetRow = graphql(
  `
    fragment DatasetRow on Dataset @_unmask {
      id
      did
      dataType
      requestName
      isOpen
      sizeBytes
      fileCount
      eventCount
      createdAt
      expiresAt
      replicas { id rseName state }
      ...Freshness
    }
  `,
  [Freshness],
);

export const DatasetsQuery = graphql(
  `
    query Datasets($first: Int!, $after: String, $filter: DatasetFilter, $sort: [DatasetSort!]) {
      datasets(first: $first, after: $after, filter: $filter, sort: $sort) {
        nodes { ...DatasetRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  `,
  [DatasetRow],
);
