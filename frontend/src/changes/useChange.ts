/**
 * One change by a mutation whose field is called `change`: sent with a key made once, so that whoever presses twice, or
 * lost the answer and presses again, changes a thing once.
 */
import type { CombinedError, DocumentInput } from "@urql/core";
import { useState } from "react";
import { useMutation } from "urql";

import type { ResultOf } from "../api/graphql";
import type { RefusalParts } from "./documents";

export type Refusal = ResultOf<typeof RefusalParts>;

interface Answer {
  __typename: string;
}

const REFUSALS = ["Refused", "Invalid", "Conflict"];

export function isRefusal(answer: Answer): answer is Answer & Refusal {
  return REFUSALS.includes(answer.__typename);
}

/** What was made of a union of it and refusals. */
export type Made<Change> = Exclude<Change, { __typename: "Refused" | "Invalid" | "Conflict" }>;

export function newKey(): string {
  return crypto.randomUUID();
}

export function useChange<Change extends Answer, Variables extends { key: string }>(
  document: DocumentInput<{ change: Change }, Variables>,
  onMade?: (made: Made<Change>) => void,
) {
  const [key] = useState(newKey);
  const [{ fetching }, run] = useMutation(document);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [error, setError] = useState<CombinedError | null>(null);
  const send = async (variables: Omit<Variables, "key">) => {
    const { data, error: failed } = await run({ ...variables, key } as Variables);
    setError(failed ?? null);
    const change = data?.change;
    setRefusal(change && isRefusal(change) ? change : null);
    if (change && !failed && !isRefusal(change)) onMade?.(change as Made<Change>);
  };
  return { send, isSending: fetching, refusal, error };
}
