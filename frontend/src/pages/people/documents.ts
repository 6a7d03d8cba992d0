import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const PersonRow = graphql(
  `
    fragment PersonRow on Person @_unmask {
      id
      username
      displayName
      isActive
      isService
      membershipEndsAt
      groups { id name }
      identities { system name }
      ...Freshness
    }
  `,
  [Freshness],
);

export const PeopleQuery = graphql(
  `
    query People($first: Int!, $after: String, $filter: PersonFilter, $sort: [PersonSort!]) {
      people(first: $first, after: $after, filter: $filter, sort: $sort) {
        nodes { ...PersonRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  `,
  [PersonRow],
);
