/** What the page that is open asked the server for, so that each view can show its query to whoever wants to script it. */

export interface Asked {
  name: string;
  text: string;
  variables: Record<string, unknown>;
}

/** What every page asks for itself, around the view. */
const EVERYWHERE = new Set(["HomePages", "Palette", "ReadLine", "SourceHealth", "SyncChanges"]);

let page = "";
let asked: Asked[] = [];
const listeners = new Set<() => void>();

/** Remember a query of the page that is open; a newer one of the same name takes its place. */
export function remember(one: Asked): void {
  if (EVERYWHERE.has(one.name)) return;
  if (page !== window.location.pathname) {
    page = window.location.pathname;
    asked = [];
  }
  asked = [...asked.filter(({ name }) => name !== one.name), one];
  for (const listener of listeners) listener();
}

export function queriesOfPage(): readonly Asked[] {
  return asked;
}

/** Call `listener` whenever the queries change; returns what ends it. */
export function onAsked(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
