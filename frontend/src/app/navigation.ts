/** The pages of the menu, in its order. */
import { paths } from "../paths";

export const NAVIGATION = [
  { key: "overview", to: paths.overview() },
  { key: "requests", to: paths.requests() },
  { key: "tasks", to: paths.tasks() },
  { key: "datasets", to: paths.datasets() },
  { key: "storages", to: paths.storages() },
  { key: "sites", to: paths.sites() },
  { key: "people", to: paths.people() },
  { key: "findings", to: paths.findings() },
  { key: "seeds", to: paths.seeds() },
  { key: "statistics", to: paths.statistics() },
  { key: "services", to: paths.services() },
  { key: "query", to: paths.query() },
  { key: "settings", to: paths.settings() },
] as const;
