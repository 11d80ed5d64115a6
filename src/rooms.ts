/** Which rooms there are: their routes, their jobs, and what the clock makes them do. */
import type { App } from "./app.ts";
import type { Server } from "./http/server.ts";
import type { PeriodicWork } from "./identity/index.ts";
import type { Job, Schedule } from "./jobs/index.ts";

export const jobs: readonly Job[] = [];

export const schedules: readonly Schedule[] = [];

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

export const periodicWork: readonly PeriodicWork[] = NAMES.map((name) => ({ name, job: null }));

/** What rooms hold open while Weir runs. */
export interface Rooms {
  stop(): Promise<void>;
}

export async function startRooms(_app: App, _databaseUrl: string): Promise<Rooms> {
  return { async stop() {} };
}

export function registerRooms(_server: Server, _app: App, _rooms: Rooms): void {}
