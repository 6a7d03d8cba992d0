import { graphql } from "../../../api/graphql";
import { RefusalParts } from "../../../changes/documents";

export const AdoptDatasetsMutation = graphql(
  `
    mutation AdoptDatasets(
      $dids: [String!]!
      $request: String!
      $kind: String!
      $reason: String!
      $key: String!
    ) {
      change: adoptDatasets(
        dids: $dids
        requestName: $request
        kind: $kind
        reason: $reason
        idempotencyKey: $key
      ) {
        __typename
        ... on RequestChanged { request { id name } }
        ...RefusalParts
      }
    }
  `,
  [RefusalParts],
);
