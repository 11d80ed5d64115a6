/**
 * Subscriptions: who is on which plan since when, and when what is due.
 * Owns subscription_chains, subscriptions, billing_schedules, subscription_dues, scheduled_changes. Does not own the invoices that the due work becomes:
 * it publishes `subscription.started` and `subscription.terminated`, and answers what each billing day must bill.
 */
export { amountChangeJob } from "./amount-changes.ts";
export { type Beginning, begun } from "./begin.ts";
export { cascadePlan } from "./cascade.ts";
export { endingOfCustomer } from "./customer-deletion.ts";
export { effectiveAt } from "./due-transitions.ts";
export { applySwitches, finishTrials } from "./follow.ts";
export { failGate, passGate } from "./gate.ts";
export { subscriptionJobs, subscriptionSchedules, subscriptionWorks } from "./jobs.ts";
export { historyStarts, linksByExternalId, successorPlans } from "./links-store.ts";
export type { BillMissed } from "./missed.ts";
export type * from "./model.ts";
export { endPlan } from "./plan-deletion.ts";
export { activeStanding, propose, type Standing } from "./proposals.ts";
export { rescheduleCustomer, rescheduleEntity } from "./reschedule.ts";
export { subscriptionRoutes } from "./routes.ts";
export { dueOnDayOf } from "./rules/dues.ts";
export { beginsWithFee, firstUnitsAt, hasUnitsInAdvance } from "./rules/lifecycle.ts";
export { dueResumption, pausedDaysIn, type Resumption } from "./rules/pause.ts";
export {
  dueBillingDays,
  firstSchedules,
  movedSchedules,
  movesAfter,
  type TerminationBilling,
  terminationBilling,
} from "./rules/schedules.ts";
export { type LinkSwitch, planSwitch } from "./rules/switch.ts";
export { dueTrialEnd, isInTrial, type TrialEnd } from "./rules/trial.ts";
export {
  currentFixedChargesWindow,
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
export { scheduledChangeWork } from "./scheduled/jobs.ts";
export { scheduledChangeRoutes } from "./scheduled/routes.ts";
export {
  customersWithDueWork,
  dueCustomers,
  loadDueSubscriptions,
  lockSchedules,
  moveSchedules,
  nextDueAt,
  organizationsWithDueWork,
} from "./schedules-store.ts";
export { CreateBody as SubscriptionInput, SubscriptionAnswer } from "./schemas.ts";
export { presentSubscriptionsOf } from "./service.ts";
export { findActiveSubscription, listByExternalId, loadSubscriptions } from "./store.ts";
export { recordPlanUnits } from "./unit-changes.ts";
