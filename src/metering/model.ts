/** What metering answers: the usage of many buckets and groups at once. */
import type { AggregationType } from "../catalog/index.ts";
import type { Dec } from "../kernel/decimal.ts";

/** Events that belong together: those whose properties meet every condition, split by the texts of the keys in `group_by`. */
export interface EventBucket {
  /** Key → the property's texts that are wanted. An absent property meets no condition; no conditions: every event does. */
  readonly conditions: Readonly<Record<string, readonly string[]>>;
  readonly group_by: readonly string[];
}

/** Key of `group_by` → the property's text; null for a missing or empty one. */
export type Group = Readonly<Record<string, string | null>>;

/** A level that a weighted sum carries into its window (2.6 of the metering spec). */
export interface CarriedLevel {
  /** Index of the request's bucket. */
  readonly bucket: number;
  readonly group: Group;
  readonly level: Dec;
}

/** One metric of a subscription in the half-open window [from, to). */
export interface UsageRequest {
  readonly organization_id: string;
  readonly external_subscription_id: string;
  readonly code: string;
  readonly aggregation_type: AggregationType;
  /** The property that holds the number or the value; null for a count. */
  readonly field_name: string | null;
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
  /** In order of precedence: an event belongs to the first whose conditions it meets; to none: it is not counted. At least one. */
  readonly buckets: readonly EventBucket[];
  /** Recurring sum and unique count: their history begins here (null: at the first event). Null: metered, only [from, to). */
  readonly history: { readonly from: Temporal.Instant | null } | null;
  /** Prorated recurring sum or unique count (2.5): D, sub_days(from, to), and the zone of the calendar days. */
  readonly proration: {
    readonly timezone: string;
    readonly period_days: number;
    readonly billed_days: number;
  } | null;
  /**
   * Weighted sum (2.6): D × 86 400 seconds, and the levels at `from`: those stored at the last billing, or (a predecessor
   * that stored none) the sum of all values before an instant. `history_before` null: every level begins at 0.
   */
  readonly weighted:
    | { readonly period_seconds: number; readonly levels: readonly CarriedLevel[] }
    | { readonly period_seconds: number; readonly history_before: Temporal.Instant | null }
    | null;
  /** A custom aggregation's script and the charge's custom properties; null for the others. */
  readonly custom: { readonly script: string; readonly properties: unknown } | null;
  /** Only events up to this one, itself included (2.1 (4)): what an event in advance is priced on. Null: all. */
  readonly up_to: { readonly timestamp: Temporal.Instant; readonly ordinal: bigint } | null;
}

export interface GroupUsage {
  readonly group: Group;
  /** Before the metric's rounding; prorated where asked (rounded up at 5 decimals); weighted: rounded up at 20; latest: at least 0. */
  readonly units: Dec;
  /** Un-prorated, where `units` are prorated. */
  readonly full_units: Dec | null;
  /** Weighted sums: the level at the window's end. */
  readonly total_aggregated_units: Dec | null;
  /** As the aggregation counts them (2.2): all events, those with a number, or the active values. */
  readonly events_count: number;
  /** Σ precise_total_amount_cents of a sum's events, in minor units: the dynamic model's price. */
  readonly amount_cents: Dec;
  /** Custom aggregations: the amount that the script added up. */
  readonly custom_amount: Dec | null;
  /** Weighted sums: the last number's instant in the window. */
  readonly last_event_at: Temporal.Instant | null;
}

/** How many of the single values are needed: of a recurring sum, all but "all" reach back into its history (2.7). */
export type SeriesNeed = "all" | { readonly first: number } | { readonly until_sum_exceeds: Dec };

export interface SeriesRequest {
  readonly request: UsageRequest;
  /** Index of the request's bucket. */
  readonly bucket: number;
  readonly group: Group;
  readonly need: SeriesNeed;
}

/** One event's value (2.7): 1 for counts, the number for the others; with its share of the period where prorated. */
export interface SeriesValue {
  readonly full: Dec;
  readonly prorated: Dec | null;
}
