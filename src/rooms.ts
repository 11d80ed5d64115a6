/** Which rooms there are: their routes, their jobs, and what the clock makes them do. */
import type { App } from "./app.ts";
import { catalogRoutes } from "./catalog/index.ts";
import { customerRoutes } from "./customers/index.ts";
import type { Server } from "./http/server.ts";
import { identityRoutes, type PeriodicWork } from "./identity/index.ts";
import {
  billBatch,
  billEnd,
  billing,
  billingEverywhere,
  billingSchedules,
  billingWork,
  billStart,
  feeRoutes,
  invoiceRoutes,
  retries,
  retriesEverywhere,
  retriesWork,
  usageRoutes,
} from "./invoicing/index.ts";
import type { Job, Reactions, Schedule } from "./jobs/index.ts";
import { eventRoutes, type RunningMetering, startMetering } from "./metering/index.ts";
import { subscriptionRoutes } from "./subscriptions/index.ts";

export const jobs: readonly Job[] = [
  billing,
  billBatch,
  billingEverywhere,
  billStart,
  billEnd,
  retries,
  retriesEverywhere,
];

/** What follows a domain event: kind → jobs of later rooms. */
export const reactions: Reactions = new Map([
  ["subscription.started", [billStart]],
  ["subscription.terminated", [billEnd]],
]);

export const schedules: readonly Schedule[] = [...billingSchedules];

/** In the order of the table of jobs in the conformance format: at one instant they run in this order. */
const NAMES = [
  "billing",
  "activations",
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

const WORKS: readonly PeriodicWork[] = [billingWork, retriesWork];

export const periodicWork: readonly PeriodicWork[] = NAMES.map(
  (name) => WORKS.find((work) => work.name === name) ?? { name, job: null },
);

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
  customerRoutes(server, app);
  eventRoutes(server, metering);
  subscriptionRoutes(server, app);
  usageRoutes(server, app);
  invoiceRoutes(server, app);
  feeRoutes(server, app);
}
