/** What the server makes of a line such as `stage:S2 energy:27 events:>40M`: it alone knows the whole grammar. */
import { useQuery } from "urql";

import type { ResultOf } from "../api/graphql";
import { ReadLineQuery } from "./documents";

export type Problem = Extract<ResultOf<typeof ReadLineQuery>["readLine"], { __typename: "LineProblem" }>;

export interface ReadLine {
  isUnderstood: boolean;
  problem: Problem | null;
}

/** A key with its colon; a dataset's scope has capitals, digits or dots. */
const KEYED = /(?:^|\s)-?[a-z]+:/;

export function isKeyed(text: string): boolean {
  return KEYED.test(text);
}

/** Ask for the reading of a line; null asks nothing. */
export function useLine(line: string | null): ReadLine {
  const [{ data, fetching, stale }] = useQuery({
    query: ReadLineQuery,
    variables: { line: line ?? "" },
    pause: line === null,
  });
  const answer = line === null || fetching || stale ? undefined : data?.readLine;
  return {
    isUnderstood: answer?.__typename === "Line",
    problem: answer?.__typename === "LineProblem" ? answer : null,
  };
}

/** The line in three parts: before what is wrong, that, and after it. */
export function partsOf(line: string, { position, length }: Pick<Problem, "position" | "length">) {
  // The server counts characters, a string of ours has two places for some.
  const characters = [...line];
  const start = Number(position) - 1;
  const end = start + Number(length);
  return [
    characters.slice(0, start).join(""),
    characters.slice(start, end).join(""),
    characters.slice(end).join(""),
  ] as const;
}
