import { graphql } from "../../api/graphql";
import { RefusalParts } from "../../changes/documents";

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
    acknowledgedAt
    acknowledgedBy
    acknowledgedReason
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

const Noted = graphql(
  `
    fragment NotedParts on FindingsResult @_unmask {
      __typename
      ... on FindingsNoted { findings { id acknowledgedAt } }
      ...RefusalParts
    }
  `,
  [RefusalParts],
);

export const AcknowledgeMutation = graphql(
  `
    mutation Acknowledge($ids: [ID!]!, $reason: String!, $key: String!) {
      change: acknowledgeFindings(ids: $ids, reason: $reason, idempotencyKey: $key) { ...NotedParts }
    }
  `,
  [Noted],
);

export const ForgetMutation = graphql(
  `
    mutation Forget($ids: [ID!]!, $key: String!) {
      change: forgetAcknowledgement(ids: $ids, idempotencyKey: $key) { ...NotedParts }
    }
  `,
  [Noted],
);
