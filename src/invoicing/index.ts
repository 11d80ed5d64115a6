/**
 * Invoicing: fees and invoices. The billing run, usage (current, projected, past, lifetime, over time), what is read of all, and why it is so.
 * Owns invoices, invoice_subscriptions, fees, weighted_levels, lifetime_usages, billing_failures, the tables of billing runs and the in_advance tables but the queue.
 * Does not own payments.
 */

export { isEventBilled } from "./billed-events.ts";
export { billEnd, billMissed, billStart } from "./billing/edges.ts";
export {
  billBatch,
  billing,
  billingEverywhere,
  billingSchedules,
  billingWork,
  retries,
  retriesEverywhere,
  retriesWork,
} from "./billing/jobs.ts";
export { billUnits } from "./billing/units-changed.ts";
export { explanationRoutes } from "./explain/routes.ts";
export { feeRoutes } from "./fees/routes.ts";
export { estimateRoutes } from "./in-advance/estimates/routes.ts";
export { chargeInAdvance, chargeInAdvanceEverywhere, inAdvanceSchedules } from "./in-advance/jobs.ts";
export { invoiceRoutes } from "./routes.ts";
export { billingRunRoutes } from "./runs/routes.ts";
export { simulationRoutes } from "./simulation/routes.ts";
export { usageAnalyticsRoutes } from "./usage/analytics-routes.ts";
export { lifetimeUsageRoutes } from "./usage/lifetime-routes.ts";
export { periodUsageRoutes } from "./usage/period-routes.ts";
export { usageRoutes } from "./usage/routes.ts";
