/** What metering is asked for the charges of a bucket. Pure. */
import type { Charge, ChargeProperties } from "../../catalog/index.ts";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import type { CarriedLevel, EventBucket, GroupUsage, SeriesNeed, UsageRequest } from "../../metering/index.ts";
import { needsPairs, type Series, seriesNeeded } from "../../rating/index.ts";
import type { UsageBucket } from "./model.ts";
import { isProrated, type ViewedCharge } from "./views.ts";

/** What of the past the usage of a recurring metric begins with. */
export interface Carried {
  /** Where the subscription's history begins; null: at the first event. */
  readonly history_from: Temporal.Instant | null;
  /** Levels that the last billing left of a weighted sum; null where it left none, or none that the view tells apart. */
  readonly levels: readonly CarriedLevel[] | "untold" | null;
}

export const NOTHING_CARRIED: Carried = { history_from: null, levels: null };

const SECONDS_PER_DAY = 86_400;

/** A charge whose weighted sum begins with the level of the period before. */
export function carriesLevels({ billable_metric }: Charge): boolean {
  return billable_metric.recurring && billable_metric.aggregation_type === "weighted_sum_agg";
}

/** The request of one charge; its buckets are those of the view, in order of precedence. */
export function usageRequest(
  bucket: UsageBucket,
  { charge, buckets }: Pick<ViewedCharge, "charge"> & { readonly buckets: readonly EventBucket[] },
  carried: Carried,
): UsageRequest {
  const { aggregation_type, field_name, code, recurring, custom_aggregator } = charge.billable_metric;
  const { timezone, period_days, billed_days } = bucket;
  const isWeighted = aggregation_type === "weighted_sum_agg";
  return {
    organization_id: bucket.organization_id,
    external_subscription_id: bucket.external_subscription_id,
    code,
    aggregation_type,
    field_name: aggregation_type === "count_agg" ? null : field_name,
    from: bucket.window.from,
    to: bucket.window.to,
    buckets,
    history: recurring ? { from: carried.history_from } : null,
    proration: isProrated(charge, bucket.view) ? { timezone, period_days, billed_days } : null,
    weighted: isWeighted ? weightedFrom(bucket, charge, carried) : null,
    custom:
      aggregation_type === "custom_agg"
        ? { script: custom_aggregator ?? "", properties: charge.properties.custom_properties ?? {} }
        : null,
    up_to: null,
  };
}

/**
 * The level at the window's start: what the last billing left, else (after a change of plan, or where the view asks for
 * events that no stored level tells apart) all that came before (2.6).
 */
function weightedFrom(bucket: UsageBucket, charge: Charge, { levels }: Carried): UsageRequest["weighted"] {
  const period_seconds = bucket.period_days * SECONDS_PER_DAY;
  if (!carriesLevels(charge)) return { period_seconds, history_before: null };
  if (levels !== null && levels !== "untold") return { period_seconds, levels };
  const isCarried = levels === "untold" || bucket.has_predecessor;
  return { period_seconds, history_before: isCarried ? bucket.window.from : null };
}

/** What is known of the series without reading it, and what has to be read. */
export type SeriesPlan = { readonly known: Series | null } | { readonly read: SeriesNeed };

/**
 * The single events that a bucket's price depends on. Those of a count are worth 1 each and need no reading;
 * of a unique count only the number of its events is not known yet, where each of them is a transaction.
 */
export function planSeries(
  charge: Charge,
  properties: ChargeProperties,
  { events_count }: Pick<GroupUsage, "events_count">,
  isProratedCharge: boolean,
): SeriesPlan {
  const { charge_model, billable_metric } = charge;
  const { aggregation_type } = billable_metric;
  if (isProratedCharge) return needsPairs(charge_model) ? { read: "all" } : { known: null };
  const need = seriesNeeded(charge_model, properties);
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
export function seriesFrom(
  { billable_metric }: Charge,
  usage: Pick<GroupUsage, "units" | "events_count">,
  values: readonly Dec[],
): Series {
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
