import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const StorageQuery = graphql(
  `
    query Storage($name: String!) {
      storage(name: $name) {
        __typename
        ... on Absent { message asOf }
        ... on Unknown { message reason }
        ... on Storage {
          id
          name
          rseType
          canRead
          canWrite
          canDelete
          site { id name downtimes { id isNow severity startsAt endsAt description } }
          endpoint { state stateComment isTape storageType }
          usages { usageKind usedBytes freeBytes totalBytes fileCount updatedAt }
          quotas { account limitBytes isUnlimited usedBytes usedFiles }
          replicas(first: 500, sort: [{ by: SIZE_BYTES, direction: DESC }]) {
            nodes {
              id
              did
              state
              sizeBytes
              dataset { id expiresAt requestName rules { id rseExpression expiresAt } }
            }
            totalCount
          }
          ...Freshness
        }
      }
      waiting: requests(first: 20, filter: { execution: [SUBMITTING, QUEUED, RUNNING] }) {
        nodes { id name events execution completeness { fraction } }
        totalCount
      }
    }
  `,
  [Freshness],
);
