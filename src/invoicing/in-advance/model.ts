/** Charging events at once: an event with the charge that prices it, and what was counted before it. */
import type { Charge, ChargeBucket, CustomState } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import type { Group, QueuedEvent } from "../../metering/index.ts";
import type { UsedAllowances } from "../../rating/index.ts";
import type { BillingTerms, UsageWindow } from "../../subscriptions/index.ts";
import type { BillingFacts } from "../rules/due-periods.ts";

/** The parts of an event that decide its price; an estimate's has not come in. */
export type PricedEvent = Omit<QueuedEvent, "id" | "commit_id" | "ordinal">;

/** One event and one charge of its subscription's plan: one fee. */
export interface Charging {
  readonly event: PricedEvent;
  readonly facts: BillingFacts;
  readonly terms: BillingTerms;
  readonly charge: Charge;
  /** In order of precedence, and which of them is the event's. */
  readonly buckets: readonly ChargeBucket[];
  readonly index: number;
  readonly group: Group;
  /** The charges period that holds the event. */
  readonly window: UsageWindow;
  /** Where the usage begins that its price depends on: with the period, or (recurring) with the subscription's history. */
  readonly scope_from: Temporal.Instant;
  /** The same for events of one filter and group, within one scope. */
  readonly level_key: string;
  /** The same, within one period. */
  readonly mark_key: string;
}

export const bucketOf = ({ buckets, index }: Charging): ChargeBucket => buckets[index] as ChargeBucket;

/** What was counted of one filter and group within a scope. */
export interface Level {
  /** As the metric aggregates them, up to the last event. */
  readonly units: Dec;
  /** How many events it looked at; of distinct values each operation is one. */
  readonly events: number;
  /** Minor units that came with them. */
  readonly amount_cents: Dec;
  /** The latest of them; null: there was none. */
  readonly last_at: Temporal.Instant | null;
  /** Of a percentage with allowances; null otherwise. */
  readonly allowances: LevelAllowances | null;
  /** Of a custom aggregation; null otherwise, and before its first event. */
  readonly script: LevelScript | null;
}

export interface LevelAllowances {
  readonly used: UsedAllowances;
  /** The latest event that used them: an earlier one takes its place among those before. */
  readonly last_at: Temporal.Instant | null;
}

export interface LevelScript {
  readonly state: CustomState;
  /** Major units. */
  readonly amount: Dec;
}

/** Whether a distinct value is active, and since which of its operations. */
export interface ValueState {
  readonly at: Temporal.Instant;
  readonly active: boolean;
}
