/**
 * Catalog: what is sold. Billable metrics, plans and their charges, and every version a plan had.
 * Owns billable_metrics, plans, charges, plan_versions. Does not own who subscribes, nor how usage is priced.
 */

export { type MeteredProperty, meteredProperties } from "./metrics-store.ts";
export type * from "./model.ts";
export { presentPlansOf } from "./plans-service.ts";
export { findPlan, loadPlans, markPlanAttached } from "./plans-store.ts";
export { presentMetric } from "./present.ts";
export { catalogRoutes } from "./routes.ts";
export { notYetSubscribable } from "./rules/not-yet.ts";
export { MetricAnswer, PlanAnswer } from "./schemas.ts";
