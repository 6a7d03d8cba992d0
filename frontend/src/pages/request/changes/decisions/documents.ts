import { graphql } from "../../../../api/graphql";
import { RefusalParts } from "../../../../changes/documents";

const Decided = graphql(
  `
    fragment DecidedParts on RequestChangeResult @_unmask {
      __typename
      ... on RequestChanged { request { id name intent version } }
      ...RefusalParts
    }
  `,
  [RefusalParts],
);

export const MakeReadyMutation = graphql(
  `
    mutation MakeReady($name: String!, $expectedVersion: BigInt!, $reason: String, $key: String!) {
      change: makeRequestReady(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);

export const ApproveMutation = graphql(
  `
    mutation Approve($name: String!, $expectedVersion: BigInt!, $reason: String, $key: String!) {
      change: approveRequest(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);

export const HoldMutation = graphql(
  `
    mutation Hold($name: String!, $expectedVersion: BigInt!, $reason: String!, $key: String!) {
      change: holdRequest(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);

export const OffHoldMutation = graphql(
  `
    mutation OffHold($name: String!, $expectedVersion: BigInt!, $reason: String, $key: String!) {
      change: takeRequestOffHold(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);

export const CancelMutation = graphql(
  `
    mutation Cancel($name: String!, $expectedVersion: BigInt!, $reason: String!, $key: String!) {
      change: cancelRequest(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);

export const AcceptMutation = graphql(
  `
    mutation Accept($name: String!, $expectedVersion: BigInt!, $reason: String, $key: String!) {
      change: acceptRequest(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);

export const RejectMutation = graphql(
  `
    mutation Reject($name: String!, $expectedVersion: BigInt!, $reason: String!, $key: String!) {
      change: rejectRequest(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);

export const ObsoleteMutation = graphql(
  `
    mutation Obsolete($name: String!, $expectedVersion: BigInt!, $reason: String!, $key: String!) {
      change: makeRequestObsolete(
        name: $name
        expectedVersion: $expectedVersion
        reason: $reason
        idempotencyKey: $key
      ) { ...DecidedParts }
    }
  `,
  [Decided],
);
