/** Calls back when the copy of any service changed, at most once in a while however often that is. */
import { useThrottledCallback } from "@mantine/hooks";
import { useEffect } from "react";
import { useSubscription } from "urql";

import { SyncChanges } from "./documents";

/** A service with short jobs changes every second; nobody reads a page as often. */
const AT_MOST_EVERY_MS = 3_000;

export function useOnSyncChange(changed: () => void): void {
  const throttled = useThrottledCallback(changed, AT_MOST_EVERY_MS);
  const [{ data }] = useSubscription({ query: SyncChanges });
  useEffect(() => {
    if (data !== undefined) throttled();
  }, [data, throttled]);
}
