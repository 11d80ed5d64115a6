/** What of the past a charge's price of one event depends on. Pure. */
import { createHash } from "node:crypto";
import type { Charge, ChargeBucket } from "../../../catalog/index.ts";
import { type AllowanceTerms, allowanceTerms } from "../../../rating/index.ts";
import type { Charging } from "../model.ts";

/** Allowances go by the values of the events: those of counts and distinct values are worth 1 each and need no book. */
export function allowancesOf(
  { charge_model, billable_metric }: Charge,
  { properties }: ChargeBucket,
): AllowanceTerms | null {
  const hasValues = billable_metric.aggregation_type === "sum_agg" || billable_metric.aggregation_type === "custom_agg";
  return charge_model === "percentage" && hasValues ? allowanceTerms(properties) : null;
}

/** Whether the units before an event are counted at all: a price per unit needs none, distinct values and scripts always do. */
export function countsLevel({ charge_model, billable_metric }: Charge): boolean {
  return charge_model !== "standard" || countsValues({ billable_metric }) || isScripted({ billable_metric });
}

type Metered = Pick<Charge, "billable_metric">;

export const countsValues = ({ billable_metric }: Metered) => billable_metric.aggregation_type === "unique_count_agg";
export const isScripted = ({ billable_metric }: Metered) => billable_metric.aggregation_type === "custom_agg";

/** Only what rises above the period's highest level is charged; each counted event is charged by itself. */
export const hasHighWaterMark = ({ billable_metric }: Metered) => billable_metric.aggregation_type !== "count_agg";

/** Under which conditions a charge's levels were counted: with others they are counted anew. */
export function basisOf({ charge, buckets, event }: Pick<Charging, "charge" | "buckets" | "event">): string {
  const { id, aggregation_type, field_name, custom_aggregator } = charge.billable_metric;
  const of = buckets.map((bucket) => [
    bucket.filter?.id ?? null,
    bucket.conditions,
    bucket.pricing_group_keys,
    allowancesOf(charge, bucket),
  ]);
  const script = isScripted(charge) ? [custom_aggregator, charge.properties.custom_properties ?? null] : null;
  const text = JSON.stringify([id, aggregation_type, field_name, script, of, String(event.stream_voids)]);
  return createHash("md5").update(text).digest("hex");
}
