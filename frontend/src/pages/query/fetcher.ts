/** Sends what is written on the query page: free text, and not a stored document as the rest of the panel does. */
import type { Fetcher } from "@graphiql/toolkit";
import type { ExecutionResult } from "@urql/core";

import { ENDPOINT, OWN_HEADERS } from "../../api/client";
import { follow } from "../../api/live";

/** A subscription begins with the word, after comments and fragments. */
const isSubscription = (text: string, name: string | null | undefined) =>
  name ? new RegExp(`\\bsubscription\\s+${name}\\b`).test(text) : /^\s*(#.*\s*)*subscription\b/.test(text);

export const fetcher: Fetcher = (asked) => {
  if (isSubscription(asked.query, asked.operationName))
    return {
      subscribe: (sink: {
        next: (value: ExecutionResult) => void;
        error: (error: unknown) => void;
        complete: () => void;
      }) => ({ unsubscribe: follow(asked, sink) }),
    } as unknown as ReturnType<Fetcher>;
  return fetch(ENDPOINT, {
    method: "POST",
    headers: {
      ...OWN_HEADERS,
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
    },
    body: JSON.stringify(asked),
  }).then((response) => response.json());
};
