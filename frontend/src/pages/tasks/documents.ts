import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const TaskRow = graphql(
  `
    fragment TaskRow on Task @_unmask {
      id
      jediTaskId
      name
      status
      execution
      userName
      requestName
      jobsExpected
      jobsFinished
      jobsFailed
      startedAt
      endedAt
      outputBytes
      errorDialog
      ...Freshness
    }
  `,
  [Freshness],
);

export const TasksQuery = graphql(
  `
    query Tasks($first: Int!, $after: String, $filter: TaskFilter, $sort: [TaskSort!]) {
      tasks(first: $first, after: $after, filter: $filter, sort: $sort) {
        nodes { ...TaskRow }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  `,
  [TaskRow],
);
