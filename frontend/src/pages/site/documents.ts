import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const SiteQuery = graphql(
  `
    query Site($name: String!) {
      site(name: $name) {
        __typename
        ... on Absent { message asOf }
        ... on Unknown { message reason }
        ... on Site {
          id
          name
          centreName
          country
          state
          tierLevel
          cores
          coresUsual
          storageUsableBytes
          storageNote
          queues {
            id
            name
            status
            comment
            queueType
            coreCount
            maxRssMb
            maxWalltimeS
            jobCounts(first: 200) { nodes { jobState jobs task { jediTaskId } } }
          }
          storages { id name canRead canWrite usages { usageKind usedBytes totalBytes } }
          services { id name serviceType flavour endpoint state status }
          downtimes { id severity classification startsAt endsAt affected description isNow }
          ...Freshness
        }
      }
    }
  `,
  [Freshness],
);
