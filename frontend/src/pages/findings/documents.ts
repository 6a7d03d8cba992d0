import { graphql } from "../../api/graphql";

export const FindingRow = graphql(`
  fragment FindingRow on Finding @_unmask {
    id
    severity
    code
    subjectKind
    subjectKey
    message
    suggestion
    firstFoundAt
    resolvedAt
    request { id name }
  }
`);

export const FindingsQuery = graphql(
  `
    query Findings($first: Int!, $after: String, $filter: FindingFilter, $sort: [FindingSort!]) {
      findings(first: $first, after: $after, filter: $filter, sort: $sort) {
        nodes { ...FindingRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  `,
  [FindingRow],
);
