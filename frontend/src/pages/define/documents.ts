import { graphql } from "../../api/graphql";
import { PreviewParts, RefusalParts } from "../../changes/documents";

export const NewPreviewQuery = graphql(
  `
    query NewPreview($input: CreateRequestInput!) {
      preview: previewNewRequest(input: $input) {
        __typename
        ... on RequestPreview { ...PreviewParts }
        ...RefusalParts
      }
    }
  `,
  [PreviewParts, RefusalParts],
);

export const SeedsHeldQuery = graphql(`
  query SeedsHeld($physicsKey: String!) {
    seedMap(physicsKey: $physicsKey) {
      seedsTaken
      nextFree
      ranges { seedFirst seedLast requestName exemptReason }
    }
  }
`);

export const CreateMutation = graphql(
  `
    mutation Create($input: CreateRequestInput!, $key: String!) {
      change: createRequest(input: $input, idempotencyKey: $key) {
        __typename
        ... on RequestChanged { request { id name version } }
        ...RefusalParts
      }
    }
  `,
  [RefusalParts],
);

export const UpdateMutation = graphql(
  `
    mutation Update(
      $name: String!
      $expectedVersion: BigInt!
      $input: UpdateRequestInput!
      $key: String!
    ) {
      change: updateRequest(
        name: $name
        expectedVersion: $expectedVersion
        input: $input
        idempotencyKey: $key
      ) {
        __typename
        ... on RequestChanged { request { id name version } }
        ...RefusalParts
      }
    }
  `,
  [RefusalParts],
);

export const EditedQuery = graphql(`
  query Edited($name: String!) {
    request(name: $name) {
      __typename
      ... on Absent { message }
      ... on Request {
        id
        name
        version
        intent
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
        priority
        description
        isTest
        geometries { name }
        seedRanges { seedFirst seedLast }
        steps { id kind script description parent { id key requestName kind } }
      }
    }
  }
`);
