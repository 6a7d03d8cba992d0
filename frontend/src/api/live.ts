/**
 * Subscriptions over server-sent events. A connection that breaks is made again by itself and goes on after the last
 * event that was seen, or, where none was seen yet, has the view read anew; whether the numbers are live can be asked
 * at any time.
 */
import type { ExecutionResult } from "@urql/core";
import { createEventSource } from "eventsource-client";

interface Sink {
  next: (value: ExecutionResult) => void;
  error: (error: unknown) => void;
  complete: () => void;
}

type Listener = () => void;

const connected = new Set<symbol>();
const wanted = new Set<symbol>();
const listeners = new Set<Listener>();

function changed(): void {
  for (const listener of listeners) listener();
}

/** Whether every subscription that is wanted is connected; `idle` when none is wanted. */
export function liveState(): "idle" | "live" | "lost" {
  if (wanted.size === 0) return "idle";
  return [...wanted].every((one) => connected.has(one)) ? "live" : "lost";
}

/** Call `listener` whenever `liveState()` may have changed; returns what ends it. */
export function onLiveChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Open a subscription; returns what closes it. */
export function follow(body: unknown, sink: Sink): () => void {
  const self = Symbol("subscription");
  wanted.add(self);
  let wasConnected = false;
  let hasPlace = false;
  const end = () => {
    wanted.delete(self);
    connected.delete(self);
    changed();
  };
  const lost = () => {
    connected.delete(self);
    changed();
  };
  const source = createEventSource({
    url: new URL("/graphql", window.location.href),
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", "x-gateway-panel": "1", accept: "text/event-stream" },
    body: JSON.stringify(body),
    onConnect: () => {
      connected.add(self);
      changed();
      // Without an event there is no place to go on from: what happened meanwhile is seen by reading.
      if (wasConnected && !hasPlace) sink.next({ data: {} });
      wasConnected = true;
    },
    // A connection that is closed in order is told by the first of the two, one that breaks by the second alone.
    onDisconnect: lost,
    onScheduleReconnect: lost,
    onMessage: ({ event, data }) => {
      hasPlace = true;
      if (event === "next") sink.next(JSON.parse(data) as ExecutionResult);
      if (event === "complete") {
        source.close();
        end();
        sink.complete();
      }
    },
  });
  return () => {
    source.close();
    end();
  };
}
