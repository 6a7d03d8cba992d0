/** The panel's views and their addresses. A view's state is its address: filters, order and columns stand in it. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";

import { readListSearch } from "../table/search";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/requests" });
  },
});
const list = { getParentRoute: () => root, validateSearch: readListSearch };
const one = { getParentRoute: () => root };

const views = [
  createRoute({
    ...list,
    path: "/requests",
    component: lazyRouteComponent(() => import("../pages/requests/RequestsPage"), "RequestsPage"),
  }),
  createRoute({
    ...one,
    path: "/requests/$name",
    component: lazyRouteComponent(() => import("../pages/request/RequestPage"), "RequestPage"),
  }),
  createRoute({
    ...list,
    path: "/tasks",
    component: lazyRouteComponent(() => import("../pages/tasks/TasksPage"), "TasksPage"),
  }),
  createRoute({
    ...one,
    path: "/tasks/$jediTaskId",
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
    component: lazyRouteComponent(() => import("../pages/dataset/DatasetPage"), "DatasetPage"),
  }),
  createRoute({
    ...list,
    path: "/storages",
    component: lazyRouteComponent(() => import("../pages/storages/StoragesPage"), "StoragesPage"),
  }),
  createRoute({
    ...list,
    path: "/sites",
    component: lazyRouteComponent(() => import("../pages/sites/SitesPage"), "SitesPage"),
  }),
  createRoute({
    ...list,
    path: "/people",
    component: lazyRouteComponent(() => import("../pages/people/PeoplePage"), "PeoplePage"),
  }),
  createRoute({
    ...list,
    path: "/findings",
    component: lazyRouteComponent(() => import("../pages/findings/FindingsPage"), "FindingsPage"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([home, ...views]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
