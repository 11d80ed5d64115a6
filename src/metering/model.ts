/** What metering answers: the usage of many buckets at once. */
import type { AggregationType } from "../catalog/index.ts";
import type { Dec } from "../kernel/decimal.ts";

/** The aggregations that are computed today. */
export type ComputedAggregation = Extract<
  AggregationType,
  "count_agg" | "sum_agg" | "max_agg" | "latest_agg" | "unique_count_agg"
>;

/** One bucket: what a subscription sent under a code in the half-open window [from, to). */
export interface UsageRequest {
  readonly organization_id: string;
  readonly external_subscription_id: string;
  readonly code: string;
  readonly aggregation_type: ComputedAggregation;
  /** The property that holds the number or the value; null for a count. */
  readonly field_name: string | null;
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
}

export interface Usage {
  /** Before the metric's rounding; `latest` and `max` may be negative (zeroed at the fee). */
  readonly units: Dec;
  /** As the aggregation counts them (2.2): all events, those with a number, or the distinct values. */
  readonly events_count: number;
}

/** How many of the single values are needed. */
export type SeriesNeed = "all" | { readonly first: number } | { readonly until_sum_exceeds: Dec };

export interface SeriesRequest extends UsageRequest {
  readonly need: SeriesNeed;
}
