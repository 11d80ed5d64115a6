/** Simulations: what is assumed, and what comes of it. */
import type { UnitOverrides } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import type { Group } from "../../metering/index.ts";
import type { Schedule, Subscription } from "../../subscriptions/index.ts";
import type { PlannedInvoice } from "../model.ts";
import type { BillingFacts, DueWork, NextFacts } from "../rules/due-periods.ts";
import type { ChargeUsage } from "../usage/model.ts";

/** A subscription and what the clock will do with it. */
export interface Line {
  readonly facts: BillingFacts;
  readonly schedules: readonly Schedule[];
  readonly next: NextFacts | null;
}

export interface StartingLine extends Line {
  /** The link that an upgrade has just ended; what it owes goes on the first invoice. */
  readonly before: { readonly facts: BillingFacts; readonly schedules: readonly Schedule[] } | null;
  /** Whether its first invoice is still to come: it has just begun, or will. */
  readonly is_new: boolean;
}

/** Something falls due and is billed. */
export interface Step {
  readonly now: Temporal.Instant;
  readonly work: DueWork;
  /** Began without a fee: its first units in advance are billed by themselves. */
  readonly begins: BillingFacts | null;
}

/** What is expected to be used in each period of a charge. */
export interface ExpectedUsage {
  /** One of them names the charges that are meant. */
  readonly charge_code: string | null;
  readonly metric_code: string | null;
  /** Null: the charge's default bucket. */
  readonly filters: Readonly<Record<string, readonly string[]>> | null;
  readonly grouped_by: Group;
  readonly units: Dec;
  readonly events_count: number;
  /** Minor units: what the events are sent with, where their price is their own, or what a script adds up. */
  readonly amount_cents: Dec;
}

/** What a charge's projection starts from: what was used in so many days. */
export interface Basis {
  readonly usage: ChargeUsage;
  readonly days: number;
}

export type Assumption =
  /** Nothing is used beyond what was. */
  | { readonly kind: "current" }
  | { readonly kind: "given"; readonly entries: readonly ExpectedUsage[] }
  /** By charge id. */
  | { readonly kind: "projected"; readonly basis: ReadonlyMap<string, Basis> };

export interface SimulatedInvoice {
  readonly at: Temporal.Instant;
  readonly invoice: PlannedInvoice;
}

/** Up to where, at most. */
export interface Horizon {
  readonly until: Temporal.Instant;
  /** How many invoices. */
  readonly periods: number;
}

export type StoppedBy = "until" | "periods" | "ending" | "scheduled_change";

export interface Simulation {
  readonly subscription: Subscription;
  readonly invoices: readonly SimulatedInvoice[];
  readonly stopped_by: StoppedBy;
  readonly simulated_until: Temporal.Instant;
}

export interface Subject {
  readonly line: StartingLine;
  readonly changes_at: Temporal.Instant | null;
  readonly units: UnitOverrides;
}
