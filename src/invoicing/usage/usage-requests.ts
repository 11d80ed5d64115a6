/** What metering is asked for the charges of a bucket. Pure. */
import type { BillableMetric, Charge } from "../../catalog/index.ts";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import { invalid } from "../../kernel/failure.ts";
import type { ComputedAggregation, SeriesNeed, Usage, UsageRequest } from "../../metering/index.ts";
import { isRatedModel, type RatedModel, type Series, seriesNeeded } from "../../rating/index.ts";
import type { UsageBucket } from "./model.ts";

const COMPUTED = {
  count_agg: true,
  sum_agg: true,
  max_agg: true,
  latest_agg: true,
  unique_count_agg: true,
} as const satisfies Record<ComputedAggregation, true>;

function isComputed(type: string): type is ComputedAggregation {
  return Object.hasOwn(COMPUTED, type);
}

/** A charge that has a price today; 422 `not_supported_yet` by field otherwise, rather than a wrong figure. */
export function ratedModelOf({ charge_model }: Charge): RatedModel {
  if (isRatedModel(charge_model)) return charge_model;
  throw invalid("charge_model", "not_supported_yet");
}

/** One request per charge, in their order. The window of every charge is the bucket's. */
export function usageRequests(bucket: UsageBucket): UsageRequest[] {
  return bucket.charges.map(({ billable_metric }) => requestOf(bucket, billable_metric));
}

function requestOf(bucket: UsageBucket, metric: BillableMetric): UsageRequest {
  const { aggregation_type, field_name, code, recurring } = metric;
  if (!isComputed(aggregation_type)) throw invalid("aggregation_type", "not_supported_yet");
  // A recurring metric's history has no lower bound: it would need the chain's whole past.
  if (recurring) throw invalid("recurring", "not_supported_yet");
  return {
    organization_id: bucket.organization_id,
    external_subscription_id: bucket.external_subscription_id,
    code,
    aggregation_type,
    field_name: aggregation_type === "count_agg" ? null : field_name,
    from: bucket.window.from,
    to: bucket.window.to,
  };
}

/** What is known of the series without reading it, and what has to be read. */
export type SeriesPlan = { readonly known: Series | null } | { readonly read: SeriesNeed };

/**
 * The single events that a charge's price depends on. Those of a count are worth 1 each and need no reading;
 * of a unique count only the number of its events is not known yet, where each of them is a transaction.
 */
export function planSeries(charge: Charge, usage: Usage): SeriesPlan {
  const need = seriesNeeded(ratedModelOf(charge), charge.properties);
  const { aggregation_type } = charge.billable_metric;
  const { events_count } = usage;
  if (need.kind === "none") return { known: null };
  if (aggregation_type === "count_agg" || (aggregation_type === "unique_count_agg" && need.kind !== "all")) {
    return { known: { units: events_count, events: events_count } };
  }
  switch (need.kind) {
    case "all":
      return { read: "all" };
    case "first":
      return { read: { first: need.count } };
    case "until_sum_exceeds":
      // The running sum of a maximum is not that of the values (see seriesFrom), so none of them ends it.
      return { read: aggregation_type === "max_agg" ? "all" : { until_sum_exceeds: need.amount } };
  }
}

/** The values that were read, as the charge's price takes them: of a maximum only its first occurrence counts (2.7). */
export function seriesFrom({ billable_metric }: Charge, usage: Usage, values: readonly Dec[]): Series {
  switch (billable_metric.aggregation_type) {
    case "unique_count_agg":
      return { units: usage.events_count, events: values.length };
    case "max_agg": {
      const first = values.findIndex((value) => value.eq(usage.units));
      return values.map((value, index) => (index === first ? value : ZERO));
    }
    default:
      return values;
  }
}
