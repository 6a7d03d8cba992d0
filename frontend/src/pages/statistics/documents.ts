import { graphql } from "../../api/graphql";

const Sums = graphql(`
  fragment Sums on ProductionStatistics @_unmask {
    keys { dimension value }
    tasks
    jobsFinished { value known }
    events { value known }
    outputBytes { value known }
    coreHours
    coreHoursKnown
  }
`);

export const StatisticsQuery = graphql(
  `
    query Statistics(
      $timeBy: [ProductionDimension!]!
      $totalBy: [ProductionDimension!]!
      $filter: TaskFilter
    ) {
      statistics {
        overTime: production(groupBy: $timeBy, filter: $filter) { ...Sums }
        bySplit: production(groupBy: $totalBy, filter: $filter) { ...Sums }
        total: production(filter: $filter) { ...Sums }
      }
      campaigns(first: 100) { nodes { id name } }
    }
  `,
  [Sums],
);

export const CentralQuery = graphql(`
  query CentralProductions($filter: TaskFilter) {
    statistics {
      centralProductions(first: 1000, filter: $filter) {
        rows {
          jediTaskId
          name
          status
          startedAt
          endedAt
          events
          eventsPerJob
          jobs
          outputBytes
          completeness { fraction }
        }
        total {
          tasks
          jobsFinished { value known }
          events { value known }
          outputBytes { value known }
        }
      }
    }
  }
`);
