/** What metering is asked about the past of a charge, and what its answers are called in books. Pure. */
import { dec, ZERO } from "../../kernel/decimal.ts";
import type { EventBucket, SettledOperation, SettledSums, SettledWindow } from "../../metering/index.ts";
import { groupHash } from "../usage/weighted-levels.ts";
import { bucketOf, type Charging, type ValueState } from "./model.ts";
import type { Sums } from "./rules/book.ts";
import type { BucketName, MarkName } from "./store.ts";

export const bucketName = (charging: Charging): BucketName => ({
  charge_filter_id: bucketOf(charging).filter?.id ?? null,
  group_hash: groupHash(charging.group),
});

export const markName = (charging: Charging): MarkName => ({
  subscription_id: charging.facts.subscription.id,
  charge_id: charging.charge.id,
  period_from: charging.window.from,
  ...bucketName(charging),
});

/** The charge's buckets, as metering tells events apart by them. */
export const eventBuckets = ({ buckets }: Pick<Charging, "buckets">): EventBucket[] =>
  buckets.map(({ conditions, pricing_group_keys }) => ({ conditions, group_by: pricing_group_keys }));

/** All of a scope's events, or a part. */
export function scopeWindow(charging: Charging, part: Partial<Pick<SettledWindow, "from" | "to">> = {}): SettledWindow {
  const { charge, event, window, scope_from } = charging;
  const { aggregation_type, field_name, recurring } = charge.billable_metric;
  return {
    stream_id: event.stream_id,
    field_name: aggregation_type === "count_agg" || aggregation_type === "custom_agg" ? null : field_name,
    buckets: eventBuckets(charging),
    from: scope_from,
    to: recurring ? null : window.to,
    ...part,
  };
}

/** As the charge's metric counts them. */
export function sumsOf({ charge }: Pick<Charging, "charge">, sums: SettledSums): Sums {
  const { events, valued_events, numeric_events, sum, amount_cents } = sums;
  switch (charge.billable_metric.aggregation_type) {
    case "count_agg":
      return { units: dec(events), events, amount: amount_cents };
    case "unique_count_agg":
      return { units: ZERO, events: valued_events, amount: amount_cents };
    default:
      return { units: sum, events: numeric_events, amount: amount_cents };
  }
}

export const stateOf = ({ timestamp, is_removal }: SettledOperation): ValueState => ({
  at: timestamp,
  active: !is_removal,
});
