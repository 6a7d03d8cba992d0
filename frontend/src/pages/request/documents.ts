import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const AttemptLine = graphql(
  `
    fragment AttemptLine on Attempt @_unmask {
      id
      number
      state
      taskName
      isLive
      reason
      submittedBy
      submittedAt
      execution
      taskPresence
      task {
        id
        jediTaskId
        status
        jobsExpected
        jobsFinished
        jobsFailed
        missingSeeds
        errorDialog
        outputBytes
        ...Freshness
      }
      datasets {
        id
        did
        dataType
        sizeBytes
        fileCount
        eventCount
        isOpen
        expiresAt
        replicas { id rseName state }
        rules { id state expiresAt }
        ...Freshness
      }
    }
  `,
  [Freshness],
);

const Amounts = graphql(`
  fragment Amounts on Completeness @_unmask {
    expected { files events }
    processed { files events }
    registered { files events }
    fraction
    reason
    missingSeeds
  }
`);

export const RequestQuery = graphql(
  `
    query Request($name: String!) {
      request(name: $name) {
        __typename
        ... on Absent { message asOf }
        ... on Request {
          id
          name
          version
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
          jobs
          priority
          description
          intent
          execution
          completeness { ...Amounts }
          requestedBy
          requester { username displayName }
          updatedAt
          geometries { name }
          seedRanges { seedFirst seedLast isExempt }
          steps {
            id
            kind
            position
            script
            scriptVersion
            scriptVariant
            execution
            parent { id }
            completeness { ...Amounts }
            attempts { ...AttemptLine }
          }
          relations { kind other { name } note }
          relatedFrom { kind request { name } note }
          statusChanges { fromIntent toIntent changedAt changedBy }
          comments { author body createdAt }
          findings(first: 50) {
            nodes {
              id
              severity
              code
              subjectKey
              message
              suggestion
              firstFoundAt
              resolvedAt
              acknowledgedBy
              acknowledgedReason
              evidence { label value }
            }
          }
        }
      }
    }
  `,
  [AttemptLine, Amounts],
);

export const RequestChanges = graphql(`
  subscription RequestChanges($name: String) {
    requestChanged(name: $name) { id name }
  }
`);
