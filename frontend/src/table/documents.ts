import { graphql } from "../api/graphql";

/** Whether a line says something of requests, or where it cannot be understood. */
export const ReadLineQuery = graphql(`
  query ReadLine($line: String!) {
    readLine(line: $line) {
      __typename
      ... on Line { words }
      ... on LineProblem { message position length }
    }
  }
`);
