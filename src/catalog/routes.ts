import type { App } from "../app.ts";
import type { Server } from "../http/server.ts";
import { addOnRoutes } from "./add-ons-routes.ts";
import { chargeRoutes } from "./charges-routes.ts";
import { expressionRoutes } from "./expression-routes.ts";
import { filterRoutes } from "./filters-routes.ts";
import { fixedChargeRoutes } from "./fixed-charges-routes.ts";
import { metricRoutes } from "./metrics-routes.ts";
import { planMetadataRoutes } from "./plan-metadata-routes.ts";
import { planRoutes } from "./plans-routes.ts";
import { pricingUnitRoutes } from "./pricing-units-routes.ts";

export function catalogRoutes(server: Server, app: App): void {
  metricRoutes(server, app);
  expressionRoutes(server);
  planRoutes(server, app);
  chargeRoutes(server, app);
  filterRoutes(server, app);
  fixedChargeRoutes(server, app);
  planMetadataRoutes(server, app);
  addOnRoutes(server, app);
  pricingUnitRoutes(server, app);
}
