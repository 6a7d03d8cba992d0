import { graphql } from "../../api/graphql";

export const ServicesQuery = graphql(`
  query Services {
    sources {
      name
      isStale
      staleReason
      ageSeconds
      staleAfterS
      lastAttemptAt
      lastOkAt
      lastFullOkAt
      error
      holdReason
      jobs {
        name
        lastOkAt
        fails
        error
        holdReason
        nextRunAt
        lagSeconds
        staleAfterS
        isRunning
      }
      runs(first: 10) {
        nodes { job isFull startedAt endedAt verdict error rowsSeen rowsChanged rowsGone rowsQuarantined }
      }
    }
  }
`);
