import type { App } from "../app.ts";
import type { Server } from "../http/server.ts";
import { metricRoutes } from "./metrics-routes.ts";
import { planRoutes } from "./plans-routes.ts";

export function catalogRoutes(server: Server, app: App): void {
  metricRoutes(server, app);
  planRoutes(server, app);
}
