/** The panel's views and their addresses. A view's state is its address: filters, order and columns stand in it. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { NoLogin } from "../account/NoLogin";
import { readDialogSearch } from "../changes/search";
import { readQuerySearch } from "../pages/query/search";
import { readRequestSearch } from "../pages/request/search";
import { readSeedsSearch } from "../pages/seeds/search";
import { readStatisticsSearch } from "../pages/statistics/search";
import { readListSearch } from "../table/search";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const list = { getParentRoute: () => root, validateSearch: readListSearch };
const one = { getParentRoute: () => root };

const views = [
  createRoute({
    ...one,
    path: "/",
    component: lazyRouteComponent(() => import("../pages/overview/OverviewPage"), "OverviewPage"),
  }),
  createRoute({
    ...list,
    path: "/requests",
    component: lazyRouteComponent(() => import("../pages/requests/RequestsPage"), "RequestsPage"),
  }),
  createRoute({
    ...one,
    path: "/requests/$name",
    validateSearch: readRequestSearch,
    component: lazyRouteComponent(() => import("../pages/request/RequestPage"), "RequestPage"),
  }),
  createRoute({
    ...one,
    path: "/requests/new",
    component: lazyRouteComponent(() => import("../pages/define/NewPage"), "NewPage"),
  }),
  createRoute({
    ...one,
    path: "/requests/$name/edit",
    component: lazyRouteComponent(() => import("../pages/define/EditPage"), "EditPage"),
  }),
  createRoute({
    ...one,
    path: "/settings",
    component: lazyRouteComponent(() => import("../pages/settings/SettingsPage"), "SettingsPage"),
  }),
  createRoute({ ...one, path: "/auth/login", component: NoLogin }),
  createRoute({
    ...list,
    path: "/tasks",
    component: lazyRouteComponent(() => import("../pages/tasks/TasksPage"), "TasksPage"),
  }),
  createRoute({
    ...one,
    path: "/tasks/$jediTaskId",
    validateSearch: readDialogSearch,
    component: lazyRouteComponent(() => import("../pages/task/TaskPage"), "TaskPage"),
  }),
  createRoute({
    ...list,
    path: "/datasets",
    component: lazyRouteComponent(() => import("../pages/datasets/DatasetsPage"), "DatasetsPage"),
  }),
  createRoute({
    ...one,
    path: "/datasets/$did",
    validateSearch: readDialogSearch,
    component: lazyRouteComponent(() => import("../pages/dataset/DatasetPage"), "DatasetPage"),
  }),
  createRoute({
    ...list,
    path: "/storages",
    component: lazyRouteComponent(() => import("../pages/storages/StoragesPage"), "StoragesPage"),
  }),
  createRoute({
    ...one,
    path: "/storages/$name",
    component: lazyRouteComponent(() => import("../pages/storage/StoragePage"), "StoragePage"),
  }),
  createRoute({
    ...list,
    path: "/sites",
    component: lazyRouteComponent(() => import("../pages/sites/SitesPage"), "SitesPage"),
  }),
  createRoute({
    ...one,
    path: "/sites/$name",
    component: lazyRouteComponent(() => import("../pages/site/SitePage"), "SitePage"),
  }),
  createRoute({
    ...list,
    path: "/people",
    component: lazyRouteComponent(() => import("../pages/people/PeoplePage"), "PeoplePage"),
  }),
  createRoute({
    ...one,
    path: "/people/$username",
    component: lazyRouteComponent(() => import("../pages/person/PersonPage"), "PersonPage"),
  }),
  createRoute({
    ...list,
    path: "/findings",
    component: lazyRouteComponent(() => import("../pages/findings/FindingsPage"), "FindingsPage"),
  }),
  createRoute({
    ...one,
    path: "/seeds",
    validateSearch: readSeedsSearch,
    component: lazyRouteComponent(() => import("../pages/seeds/SeedsPage"), "SeedsPage"),
  }),
  createRoute({
    ...one,
    path: "/statistics",
    validateSearch: readStatisticsSearch,
    component: lazyRouteComponent(() => import("../pages/statistics/StatisticsPage"), "StatisticsPage"),
  }),
  createRoute({
    ...one,
    path: "/query",
    validateSearch: readQuerySearch,
    component: lazyRouteComponent(() => import("../pages/query/QueryPage"), "QueryPage"),
  }),
  createRoute({
    ...one,
    path: "/services",
    component: lazyRouteComponent(() => import("../pages/services/ServicesPage"), "ServicesPage"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([...views]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
