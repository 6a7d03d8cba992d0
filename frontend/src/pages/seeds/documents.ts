import { graphql } from "../../api/graphql";

export const SeedKeysQuery = graphql(`
  query SeedKeys($name: String!) {
    request(name: $name) {
      __typename
      ... on Absent { message }
      ... on Request { id seedRanges { seedFirst physicsKey } }
    }
  }
`);

export const SeedMapQuery = graphql(`
  query SeedMap($physicsKey: String!) {
    seedMap(physicsKey: $physicsKey) {
      physicsKey
      seedsTaken
      nextFree
      ranges {
        seedFirst
        seedLast
        requestName
        exemptReason
        isSameScript
        request { id intent tag }
      }
    }
  }
`);
