import { graphql } from "../../../api/graphql";
import { PreviewParts, RefusalParts } from "../../../changes/documents";

const Done = graphql(`
  fragment RequestDone on Request @_unmask { id name intent version }
`);

export const SubmittedParts = graphql(
  `
    fragment SubmittedParts on Submitted @_unmask {
      request { ...RequestDone }
      attempts { id taskName state }
      warnings
    }
  `,
  [Done],
);

export const ClonePreviewQuery = graphql(
  `
    query ClonePreview($name: String!, $times: Int!) {
      preview: previewClone(name: $name, times: $times) {
        __typename
        ... on ClonePreview {
          sourceVersion
          clones { ...PreviewParts }
          fields { field inherited source clone }
          neverInherited
          sizeBytes { expected lowest highest }
          coreHours { expected }
          days { expected }
        }
        ...RefusalParts
      }
    }
  `,
  [PreviewParts, RefusalParts],
);

export const CloneMutation = graphql(
  `
    mutation Clone($name: String!, $times: Int!, $expectedVersion: BigInt, $key: String!) {
      change: cloneRequest(
        name: $name
        times: $times
        expectedVersion: $expectedVersion
        idempotencyKey: $key
      ) {
        __typename
        ... on RequestsCloned { requests { ...RequestDone } }
        ...RefusalParts
      }
    }
  `,
  [Done, RefusalParts],
);

export const SubmitPreviewQuery = graphql(
  `
    query SubmitPreview($name: String!) {
      request(name: $name) {
        __typename
        ... on Request { id name intent version }
      }
      preview: previewRequest(name: $name) {
        __typename
        ... on RequestPreview { ...PreviewParts exact: steps { kind parameters } }
        ...RefusalParts
      }
    }
  `,
  [PreviewParts, RefusalParts],
);

export const SubmitMutation = graphql(
  `
    mutation Submit($requests: [SubmitRequestInput!]!, $mode: ChainMode!, $key: String!) {
      changes: submitRequests(requests: $requests, mode: $mode, idempotencyKey: $key) {
        __typename
        ...SubmittedParts
        ...RefusalParts
      }
    }
  `,
  [SubmittedParts, RefusalParts],
);

export const CommentMutation = graphql(
  `
    mutation Comment($name: String!, $body: String!, $key: String!) {
      change: commentOnRequest(name: $name, body: $body, idempotencyKey: $key) {
        __typename
        ... on RequestChanged { request { ...RequestDone } }
        ...RefusalParts
      }
    }
  `,
  [Done, RefusalParts],
);

export const MissingSeedsQuery = graphql(`
  query MissingSeeds($key: String!) {
    missing: missingSeeds(key: $key) {
      __typename
      ... on MissingSeeds { count expected text attempts isRunning }
      ... on SeedsUnknown { code message }
    }
  }
`);

export const RecoverMutation = graphql(
  `
    mutation Recover($step: String!, $expectedCount: BigInt!, $key: String!) {
      change: recoverStep(key: $step, expectedCount: $expectedCount, idempotencyKey: $key) {
        __typename
        ...SubmittedParts
        ...RefusalParts
      }
    }
  `,
  [SubmittedParts, RefusalParts],
);
