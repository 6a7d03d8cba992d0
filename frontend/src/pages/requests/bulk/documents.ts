import { graphql } from "../../../api/graphql";
import { RefusalParts } from "../../../changes/documents";

export const BulkPreviewQuery = graphql(`
  query BulkPreview($names: [String!]!, $input: UpdateRequestInput!) {
    previewBulkEdit(names: $names, input: $input) {
      name
      version
      changes { field before after }
      problem
    }
  }
`);

const Edited = graphql(
  `
    fragment BulkEdited on BulkEditResult @_unmask {
      __typename
      ... on RequestsEdited { edit requests { id name version } }
      ...RefusalParts
    }
  `,
  [RefusalParts],
);

export const BulkEditMutation = graphql(
  `
    mutation BulkEdit($requests: [EditOfInput!]!, $input: UpdateRequestInput!, $key: String!) {
      change: bulkUpdateRequests(requests: $requests, input: $input, idempotencyKey: $key) { ...BulkEdited }
    }
  `,
  [Edited],
);

export const UndoBulkEditMutation = graphql(
  `
    mutation UndoBulkEdit($edit: BigInt!, $key: String!) {
      change: undoBulkEdit(edit: $edit, idempotencyKey: $key) { ...BulkEdited }
    }
  `,
  [Edited],
);
