/** Which rooms there are: their routes, their jobs, and what the clock makes them do. */
import type { App } from "./app.ts";
import { catalogRoutes } from "./catalog/index.ts";
import {
  askViesAgain,
  askViesAgainEverywhere,
  checkVatNumber,
  customerRoutes,
  viesSchedule,
  viesWork,
} from "./customers/index.ts";
import type { Server } from "./http/server.ts";
import { identityRoutes, type PeriodicWork } from "./identity/index.ts";
import {
  billBatch,
  billEnd,
  billing,
  billingEverywhere,
  billingRunRoutes,
  billingSchedules,
  billingWork,
  billMissed,
  billStart,
  billUnits,
  chargeInAdvance,
  chargeInAdvanceEverywhere,
  estimateRoutes,
  explanationRoutes,
  feeRoutes,
  inAdvanceSchedules,
  invoiceRoutes,
  isEventBilled,
  lifetimeUsageRoutes,
  periodUsageRoutes,
  retries,
  retriesEverywhere,
  retriesWork,
  simulationRoutes,
  usageAnalyticsRoutes,
  usageRoutes,
} from "./invoicing/index.ts";
import type { Job, Reactions, Schedule } from "./jobs/index.ts";
import { correctionRoutes, eventRoutes, type RunningMetering, startMetering } from "./metering/index.ts";
import {
  amountChangeJob,
  cascadePlan,
  endingOfCustomer,
  endPlan,
  recordPlanUnits,
  rescheduleCustomer,
  rescheduleEntity,
  scheduledChangeRoutes,
  scheduledChangeWork,
  subscriptionJobs,
  subscriptionRoutes,
  subscriptionSchedules,
  subscriptionWorks,
} from "./subscriptions/index.ts";

const followAmount = amountChangeJob(billMissed);

const scheduledChanges = scheduledChangeWork(billMissed);

export const jobs: readonly Job[] = [
  checkVatNumber,
  askViesAgain,
  askViesAgainEverywhere,
  ...scheduledChanges.jobs,
  ...subscriptionJobs,
  endPlan,
  rescheduleCustomer,
  rescheduleEntity,
  billing,
  billBatch,
  billingEverywhere,
  billStart,
  billUnits,
  billEnd,
  retries,
  retriesEverywhere,
  chargeInAdvance,
  chargeInAdvanceEverywhere,
  cascadePlan,
  recordPlanUnits,
  followAmount,
];

/** What follows a domain event: kind → jobs of later rooms. */
export const reactions: Reactions = new Map([
  ["subscription.started", [billStart]],
  ["subscription.units_changed", [billUnits]],
  ["events.in_advance", [chargeInAdvance]],
  ["customer.updated", [rescheduleCustomer]],
  ["billing_entity.updated", [rescheduleEntity]],
  ["subscription.terminated", [billEnd]],
  ["plan.cascade_requested", [cascadePlan]],
  ["plan.units_changed", [recordPlanUnits]],
  ["plan.amount_changed", [followAmount]],
  ["plan.deletion_requested", [endPlan]],
]);

export const schedules: readonly Schedule[] = [
  viesSchedule,
  ...subscriptionSchedules,
  scheduledChanges.schedule,
  ...billingSchedules,
  ...inAdvanceSchedules,
];

/** In the order of the table of jobs in the conformance format: at one instant they run in this order. */
const NAMES = [
  "billing",
  "activations",
  "scheduled_changes",
  "activation_expirations",
  "terminations",
  "termination_alerts",
  "refresh_drafts",
  "finalize",
  "usage",
  "wallets",
  "wallet_top_ups",
  "wallet_expirations",
  "coupon_expirations",
  "overdue",
  "dunning",
  "retries",
] as const;

const WORKS: readonly PeriodicWork[] = [
  billingWork,
  ...subscriptionWorks,
  scheduledChanges.work,
  retriesWork,
  viesWork,
];

export const periodicWork: readonly PeriodicWork[] = NAMES.flatMap((name) => {
  const works = WORKS.filter((work) => work.name === name);
  return works.length > 0 ? works : [{ name, job: null }];
});

/** What rooms hold open while Weir runs. */
export interface Rooms {
  readonly metering: RunningMetering;
  stop(): Promise<void>;
}

export async function startRooms(app: App, databaseUrl: string): Promise<Rooms> {
  const metering = startMetering(app, databaseUrl);
  return { metering, stop: () => metering.stop() };
}

export function registerRooms(server: Server, app: App, { metering }: Rooms): void {
  identityRoutes(server, app);
  catalogRoutes(server, app);
  customerRoutes(server, app, endingOfCustomer(billMissed));
  eventRoutes(server, metering);
  correctionRoutes(server, { metering, isEventBilled });
  subscriptionRoutes(server, app, billMissed);
  scheduledChangeRoutes(server, app);
  usageRoutes(server, app);
  estimateRoutes(server, app);
  lifetimeUsageRoutes(server, app);
  periodUsageRoutes(server, app);
  usageAnalyticsRoutes(server, app);
  invoiceRoutes(server, app);
  billingRunRoutes(server, app);
  simulationRoutes(server, app);
  feeRoutes(server, app);
  explanationRoutes(server, app);
}
