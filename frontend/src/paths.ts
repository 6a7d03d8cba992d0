/** The one place that knows addresses: of our own views, and of things' homes in other services. */

export const paths = {
  overview: () => "/",
  requests: () => "/requests",
  request: (name: string) => `/requests/${encodeURIComponent(name)}`,
  newRequest: () => "/requests/new",
  editRequest: (name: string) => `/requests/${encodeURIComponent(name)}/edit`,
  tasks: () => "/tasks",
  task: (jediTaskId: number | string) => `/tasks/${jediTaskId}`,
  datasets: () => "/datasets",
  dataset: (did: string) => `/datasets/${encodeURIComponent(did)}`,
  storages: () => "/storages",
  storage: (name: string) => `/storages/${encodeURIComponent(name)}`,
  sites: () => "/sites",
  site: (name: string) => `/sites/${encodeURIComponent(name)}`,
  people: () => "/people",
  person: (username: string) => `/people/${encodeURIComponent(username)}`,
  findings: () => "/findings",
  statistics: () => "/statistics",
  services: () => "/services",
  query: () => "/query",
  settings: () => "/settings",
  seeds: () => "/seeds",
} as const;

/** A page of another service: its address with the names of one thing put in their places, or null without one. */
export function home(address: string | null, names: Readonly<Record<string, string>>): string | null {
  if (address === null) return null;
  return address.replace(/\{(\w+)\}/g, (_place, name: string) => encodeURIComponent(names[name] ?? ""));
}

/** The address of a list of files, one line a file; `root` is what it has without being asked. */
export function fileList(
  request: string,
  kind: string,
  output: string,
  { site, protocol }: { site: string | null; protocol: "root" | "davs" },
): string {
  const asked = new URLSearchParams({
    ...(site === null ? {} : { site }),
    ...(protocol === "root" ? {} : { protocol }),
  }).toString();
  return `/files/${encodeURIComponent(request)}/${kind}.${output}.txt${asked === "" ? "" : `?${asked}`}`;
}
