/** Who looks at the panel and what they may do; the server asks again at every change. */
import { useQuery } from "urql";

import type { ResultOf } from "../api/graphql";
import { ViewerQuery } from "./documents";

export type Viewer = ResultOf<typeof ViewerQuery>["viewer"];
export type Right = Viewer["rights"][number];

export function useViewer() {
  const [{ data, error }] = useQuery({ query: ViewerQuery });
  const viewer = data?.viewer ?? null;
  return {
    viewer,
    isKnown: data !== undefined || error !== undefined,
    isLoggedIn: viewer?.username != null,
    may: (right: Right) => viewer?.rights.includes(right) ?? false,
  };
}

/** The address that logs in and comes back to the view that is open. */
export function loginPath(): string {
  const { pathname, search } = window.location;
  return `/auth/login?next=${encodeURIComponent(pathname + search)}`;
}
