/**
 * Subscriptions: who is on which plan since when, and when what is due.
 * Owns subscription_chains, subscriptions, billing_schedules. Does not own the invoices that the due work becomes:
 * it publishes `subscription.started` and `subscription.terminated`, and answers what each billing day must bill.
 */
export type * from "./model.ts";
export { subscriptionRoutes } from "./routes.ts";
export { dueBillingDays, movesAfter, type TerminationBilling, terminationBilling } from "./rules/schedules.ts";
export {
  currentPeriod,
  currentUsageWindow,
  isBillingDay,
  isSubscriptionFeeDue,
  nextBillingDay,
  startingWindows,
  termsOf,
  type UsageWindow,
  windowsAt,
} from "./rules/windows.ts";
export {
  dueCustomers,
  loadDueSubscriptions,
  lockSchedules,
  moveSchedules,
  nextDueAt,
  organizationsWithDueWork,
} from "./schedules-store.ts";
export { SubscriptionAnswer } from "./schemas.ts";
export { presentSubscriptionsOf } from "./service.ts";
export { findActiveSubscription, loadSubscriptions } from "./store.ts";
