import { graphql } from "../../api/graphql";
import { RefusalParts } from "../../changes/documents";
import { Freshness } from "../../ui/documents";

export const TaskQuery = graphql(
  `
    query Task($jediTaskId: BigInt!, $subject: String!) {
      task(jediTaskId: $jediTaskId) {
        __typename
        ... on Absent { message asOf }
        ... on Unknown { message reason }
        ... on Task {
          id
          jediTaskId
          name
          status
          execution
          userName
          user {
            username
            displayName
            quotas { rseName limitBytes isUnlimited usedBytes }
          }
          workingGroup
          requestName
          stepKind
          attemptNumber
          attempt { id origin isLive }
          priority
          coreCount
          jobsExpected
          jobsFinished
          jobsFailed
          events
          eventsPerJob
          outputBytes
          logBytes
          coreHours
          createdAt
          startedAt
          endedAt
          missingSeeds
          errorDialog
          jobCounts {
            queueName
            jobState
            jobs
            queue {
              id
              status
              comment
              site {
                id
                name
                state
                downtimes { id isNow startsAt endsAt description }
              }
            }
          }
          datasets { id did dataType sizeBytes fileCount isOpen }
          parent { jediTaskId name status }
          ...Freshness
        }
      }
      findings(
        first: 20
        filter: { subjectKind: [TASK], subjectKey: { eq: $subject }, resolvedAt: { isNull: true } }
      ) {
        nodes { id severity code message suggestion acknowledgedBy acknowledgedReason }
      }
    }
  `,
  [Freshness],
);

export const TaskChanges = graphql(`
  subscription TaskChanges($jediTaskId: BigInt) {
    taskChanged(jediTaskId: $jediTaskId) { id jediTaskId }
  }
`);

export const AdoptMutation = graphql(
  `
    mutation Adopt($task: BigInt!, $request: String!, $kind: String!, $reason: String!, $key: String!) {
      change: adoptTask(
        jediTaskId: $task
        requestName: $request
        kind: $kind
        reason: $reason
        idempotencyKey: $key
      ) {
        __typename
        ... on RequestChanged { request { id name } }
        ...RefusalParts
      }
    }
  `,
  [RefusalParts],
);
