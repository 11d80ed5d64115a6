/**
 * Invoicing: fees and invoices. The billing run, current usage, what is read of both.
 * Owns invoices, invoice_subscriptions, fees, billing_failures. Does not own payments.
 */
export { billEnd, billStart } from "./billing/edges.ts";
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
export { feeRoutes, invoiceRoutes } from "./routes.ts";
export { usageRoutes } from "./usage/routes.ts";
