import { graphql } from "../../../api/graphql";

export const SteerMutation = graphql(`
  mutation Steer(
    $jediTaskIds: [BigInt!]!
    $command: TaskCommandKind!
    $dryRun: Boolean!
    $priority: BigInt
    $isSoft: Boolean!
    $reason: String
  ) {
    steering: steerTasks(
      jediTaskIds: $jediTaskIds
      command: $command
      dryRun: $dryRun
      priority: $priority
      isSoft: $isSoft
      reason: $reason
    ) {
      isDryRun
      tasks { jediTaskId state isPossible message }
    }
  }
`);
