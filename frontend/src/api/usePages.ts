/** Reads a connection page by page into one growing list, as far as it is wanted. */
import type { AnyVariables, CombinedError, TypedDocumentNode } from "@urql/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";

/** The server's hard maximum is 1000; smaller pages draw sooner. */
export const PAGE_SIZE = 200;

export interface Connection<Row> {
  nodes: readonly Row[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  totalCount: number | string;
}

export interface Pages<Row> {
  rows: readonly Row[];
  /** Rows of the whole list; null until the first page is there. */
  total: number | null;
  isLoading: boolean;
  error: CombinedError | undefined;
  /** Ask for the next page; nothing happens when there is none or one is on its way. */
  more: () => void;
  /** Read the list anew from its start; the rows stay until the new ones are there. */
  again: () => void;
}

/** While it is waiting, nothing is asked: the variables are not settled yet. */
export function usePages<Data, Variables extends AnyVariables, Row>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, "first" | "after">,
  pick: (data: Data) => Connection<Row>,
  isWaiting = false,
): Pages<Row> {
  const client = useClient();
  const key = JSON.stringify(variables);
  const [state, setState] = useState<{
    key: string;
    rows: readonly Row[];
    total: number | null;
    next: string | null;
    error: CombinedError | undefined;
  }>({ key: "", rows: [], total: null, next: null, error: undefined });
  const [isLoading, setLoading] = useState(true);
  const running = useRef<symbol | null>(null);
  const pickRef = useRef(pick);
  pickRef.current = pick;

  const read = useCallback(
    async (after: string | null) => {
      const self = Symbol("page");
      running.current = self;
      setLoading(true);
      const asked = { ...(JSON.parse(key) as object), first: PAGE_SIZE, after } as unknown as Variables;
      const answer = await client.query(query, asked, { requestPolicy: "network-only" }).toPromise();
      // An older question may be answered late: only the newest counts.
      if (running.current !== self) return;
      running.current = null;
      setLoading(false);
      const page = answer.data ? pickRef.current(answer.data) : null;
      setState((old) =>
        page === null
          ? {
              ...old,
              key,
              error: answer.error,
              ...(after === null ? { rows: [], total: null, next: null } : {}),
            }
          : {
              key,
              rows: after === null ? page.nodes : [...old.rows, ...page.nodes],
              total: Number(page.totalCount),
              next: page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null,
              error: answer.error,
            },
      );
    },
    [client, query, key],
  );

  useEffect(() => {
    if (isWaiting) return;
    void read(null);
    return () => {
      running.current = null;
    };
  }, [read, isWaiting]);

  const more = useCallback(() => {
    if (running.current === null && state.next !== null && state.key === key) void read(state.next);
  }, [read, state.next, state.key, key]);
  const again = useCallback(() => void read(null), [read]);
  return { rows: state.rows, total: state.total, isLoading, error: state.error, more, again };
}
