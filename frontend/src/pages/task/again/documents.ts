import { graphql } from "../../../api/graphql";
import { RefusalParts } from "../../../changes/documents";
import { SubmittedParts } from "../../request/changes/documents";

export const TaskClonePreviewQuery = graphql(
  `
    query TaskClonePreview($task: BigInt!, $changes: TaskChangesInput) {
      task(jediTaskId: $task) {
        __typename
        ... on Task { id attempt { id step { id request { id name version } } } }
      }
      preview: previewTaskClone(jediTaskId: $task, changes: $changes) {
        __typename
        ... on TaskClonePreview {
          requestName
          source
          attempt
          taskName
          outputs
          parameters { name inherited source clone isChanged }
        }
        ...RefusalParts
      }
    }
  `,
  [RefusalParts],
);

export const CloneTaskMutation = graphql(
  `
    mutation CloneTask($task: BigInt!, $changes: TaskChangesInput, $expectedVersion: BigInt, $key: String!) {
      change: cloneTask(
        jediTaskId: $task
        changes: $changes
        expectedVersion: $expectedVersion
        idempotencyKey: $key
      ) {
        __typename
        ...SubmittedParts
        ...RefusalParts
      }
    }
  `,
  [SubmittedParts, RefusalParts],
);
