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
const requests = createRoute({
  getParentRoute: () => root,
  path: "/requests",
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import("../pages/requests/RequestsPage"), "RequestsPage"),
});
const request = createRoute({
  getParentRoute: () => root,
  path: "/requests/$name",
  component: lazyRouteComponent(() => import("../pages/request/RequestPage"), "RequestPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, requests, request]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
