/**
 * The connection to the gateway. Operations go by the hash of their text: the server answers the panel only what
 * was stored when the panel was built.
 */

import { documentIds } from "virtual:stored-documents";
import { Client, cacheExchange, fetchExchange, mapExchange, subscriptionExchange } from "@urql/core";

import { remember } from "./asked";
import { follow } from "./live";

export const ENDPOINT = "/graphql";

/** Other sites cannot set this header, so a request that has it comes from the panel. */
export const OWN_HEADERS = { "x-gateway-panel": "1" };

interface Body {
  operationName?: string | null;
  query?: string;
  documentId?: string;
  variables?: unknown;
}

/** Return a body with the operation's hash in place of its text; throw for an operation that was not stored. */
export function byHash(body: Body): Body {
  const id = documentIds[body.operationName ?? ""];
  if (id === undefined) throw new Error(`the operation ${body.operationName} is in no documents.ts`);
  const { query: _text, ...rest } = body;
  return { ...rest, documentId: id };
}

function fetchByHash(asOf: string | null, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const body = JSON.parse(String(init?.body)) as Body;
  remember({
    name: body.operationName ?? "",
    text: body.query ?? "",
    variables: (body.variables ?? {}) as Record<string, unknown>,
  });
  const extensions = asOf === null ? {} : { extensions: { asOf } };
  return fetch(input, { ...init, body: JSON.stringify({ ...byHash(body), ...extensions }) });
}

/** The connection that views ask through; with a moment (ISO, UTC), for things as they were then. */
export const clientAt = (asOf: string | null): Client =>
  new Client({
    url: ENDPOINT,
    preferGetMethod: false,
    fetch: (input, init) => fetchByHash(asOf, input, init),
    fetchOptions: {
      // urql would ask for an event stream in every request.
      headers: { ...OWN_HEADERS, accept: "application/graphql-response+json, application/json" },
    },
    exchanges: [
      // The server answers a query that failed as a whole with `data: null`; views know only that there is none.
      mapExchange({
        onResult: (result) => (result.data === null ? { ...result, data: undefined } : result),
      }),
      cacheExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({
            unsubscribe: follow(
              byHash({
                operationName: request.operationName ?? null,
                query: request.query ?? "",
                variables: request.variables,
              }),
              sink,
            ),
          }),
        }),
      }),
      fetchExchange,
    ],
  });

export const client = clientAt(null);
