import { graphql } from "../../api/graphql";
import { Freshness } from "../../ui/documents";

export const PersonQuery = graphql(
  `
    query Person($username: String!) {
      person(username: $username) {
        __typename
        ... on Absent { message asOf }
        ... on Unknown { message reason }
        ... on Person {
          id
          username
          displayName
          isActive
          isService
          membershipEndsAt
          groups { id name description }
          identities { system name rule linkedAt }
          quotas { rseName limitBytes isUnlimited usedBytes usedFiles }
          requests(first: 10, sort: [{ by: UPDATED_AT, direction: DESC }]) {
            nodes { id name tag intent execution }
            totalCount
          }
          tasks(first: 10) {
            nodes { id jediTaskId name status jobsExpected jobsFinished outputBytes }
            totalCount
          }
          ...Freshness
        }
      }
      findings(first: 20, filter: { subjectKey: { eq: $username }, resolvedAt: { isNull: true } }) {
        nodes { id severity message suggestion }
      }
      statistics {
        production(filter: { user: { username: { eq: $username } } }) {
          tasks
          jobsFinished { value known }
          events { value known }
          outputBytes { value known }
        }
      }
    }
  `,
  [Freshness],
);
