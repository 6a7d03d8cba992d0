import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const DatasetQuery = graphql(
  `
    query Dataset($did: String!) {
      dataset(did: $did) {
        __typename
        ... on Absent { message asOf }
        ... on Unknown { message reason }
        ... on Dataset {
          id
          did
          didType
          dataType
          account
          isOpen
          sizeBytes
          fileCount
          eventCount
          createdAt
          closedAt
          expiresAt
          requestName
          request { id name }
          stepKind
          attemptNumber
          task { jediTaskId name status }
          rules { id ruleId account rseExpression copies state locksOk locksReplicating locksStuck error expiresAt }
          replicas { id rseName state sizeBytes fileCount availableBytes availableFiles storage { id site { id name } } }
          ...Freshness
        }
      }
    }
  `,
  [Freshness],
);
