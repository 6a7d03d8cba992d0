import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const StorageRow = graphql(
  `
    fragment StorageRow on Storage @_unmask {
      id
      name
      rseType
      canRead
      canWrite
      canDelete
      site { id name }
      usages { usageKind usedBytes freeBytes totalBytes updatedAt }
      ...Freshness
    }
  `,
  [Freshness],
);

export const StoragesQuery = graphql(
  `
    query Storages($first: Int!, $after: String, $filter: StorageFilter, $sort: [StorageSort!]) {
      storages(first: $first, after: $after, filter: $filter, sort: $sort) {
        nodes { ...StorageRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  `,
  [StorageRow],
);
