/** Parts of a view that are loaded when they are wanted, and tried again while the line is broken. */
import { type ComponentType, lazy } from "react";

const PAUSE_MS = 1_500;
/** About as long as a line is waited for elsewhere; then the view says that something is wrong. */
const MOST_TRIES = 60;

/** Return what `load` gives, asking again after a pause while it fails. */
export async function persistent<Value>(load: () => Promise<Value>, pauseMs = PAUSE_MS): Promise<Value> {
  for (let tries = 1; ; tries++) {
    try {
      return await load();
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** A component that is loaded when it is first drawn. */
export function part<Props>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => ({ default: await persistent(load) }));
}
