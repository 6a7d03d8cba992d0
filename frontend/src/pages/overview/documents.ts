import { graphql } from "../../api/graphql";

const RequestLine = graphql(`
  fragment OverviewRequest on Request @_unmask {
    id
    name
    tag
    execution
    completeness { fraction missingSeeds }
  }
`);

export const OverviewQuery = graphql(
  `
    query Overview {
      running: requests(
        first: 12
        filter: { execution: [SUBMITTING, QUEUED, RUNNING, STOPPING] }
        sort: [{ by: UPDATED_AT, direction: DESC }]
      ) {
        nodes { ...OverviewRequest }
        totalCount
      }
      troubled: requests(
        first: 12
        filter: { execution: [BLOCKED, ATTENTION, PARTIAL, FAILED] }
        sort: [{ by: UPDATED_AT, direction: DESC }]
      ) {
        nodes { ...OverviewRequest }
        totalCount
      }
      findings(first: 6, filter: { resolvedAt: { isNull: true }, acknowledgedAt: { isNull: true } }) {
        nodes { id severity subjectKey message request { name } }
        totalCount
      }
      runningTasks: tasks(first: 0, filter: { execution: [RUNNING] }) { totalCount }
      statistics {
        production(groupBy: [MONTH]) { keys { value } events { value known } tasks }
      }
      storages(first: 30) {
        nodes { id name usages { usageKind usedBytes totalBytes } }
      }
      sources { name isStale staleReason lastOkAt error }
    }
  `,
  [RequestLine],
);

export const OverviewChanges = graphql(`
  subscription OverviewChanges {
    requestChanged { id }
  }
`);
