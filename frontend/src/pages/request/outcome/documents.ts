import { graphql } from "../../../api/graphql";

export const OutcomeQuery = graphql(`
  query RequestOutcome($name: String!) {
    preview: previewRequest(name: $name, withoutOwn: true) {
      __typename
      ... on RequestPreview {
        name
        steps {
          kind
          forecast {
            jobs
            taskIds
            sizeBytes { expected lowest highest }
            coreHours { expected lowest highest }
            days { expected lowest highest }
          }
        }
      }
      ... on Refused { message }
      ... on Invalid { message }
    }
    request(name: $name) {
      __typename
      ... on Request {
        id
        steps {
          id
          kind
          attempts { id task { id execution jobsFinished outputBytes coreHours startedAt endedAt } }
        }
      }
    }
  }
`);
