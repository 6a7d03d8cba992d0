import { graphql } from "../api/graphql";

export const RefusalParts = graphql(`
  fragment RefusalParts on Refusal @_unmask {
    __typename
    code
    message
    ... on Conflict { key currentVersion differences { field seen present wanted isYours } }
    ... on Invalid {
      problems { field message }
      findings { code severity subjectKey message suggestion }
    }
  }
`);

export const PreviewParts = graphql(`
  fragment PreviewParts on RequestPreview @_unmask {
    name
    seedFirst
    seedLast
    jobs
    physicsKey
    sizeBytes { expected lowest highest }
    steps {
      kind
      attempt
      taskName
      outputs
      problem
      forecast { sizeBytes { expected } coreHours { expected } days { expected } taskIds }
    }
    findings { code severity subjectKey message suggestion }
  }
`);
