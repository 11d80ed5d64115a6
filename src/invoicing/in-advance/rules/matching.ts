/** Which charges an event is charged by, and where it belongs (7.1, 6.1 and 3.5 of the metering spec). Pure. */
import { bucketOfEvent, type Charge, chargeBuckets, type Plan } from "../../../catalog/index.ts";
import { floorToMillisecond, isBefore } from "../../../kernel/calendar.ts";
import { type Group, groupIn, textIn } from "../../../metering/index.ts";
import { currentUsageWindow, type Subscription, termsOf } from "../../../subscriptions/index.ts";
import type { BillingFacts } from "../../rules/due-periods.ts";
import type { Charging, PricedEvent } from "../model.ts";

/**
 * The link that an event falls into: of those that had begun by then and not ended before, the one that is still open, else
 * the last to end. At the very instant of a change of plan the event is the successor's. Null: there is none.
 */
export function linkAt(links: readonly Subscription[], at: Temporal.Instant): Subscription | null {
  const found = links.find(
    ({ started_at, terminated_at }) =>
      started_at !== null &&
      !isBefore(at, floorToMillisecond(started_at)) &&
      (terminated_at === null || !isBefore(terminated_at, at)),
  );
  return found ?? null;
}

/** Charges in advance on what the event counts for. */
export function chargesInAdvance({ charges }: Plan, code: string): Charge[] {
  return charges.filter(({ pay_in_advance, billable_metric }) => pay_in_advance && billable_metric.code === code);
}

/** An event that lacks the property is none for the metric; a count needs none, and a script sees for itself. */
export function carriesProperty({ billable_metric }: Charge, { properties }: Pick<PricedEvent, "properties">): boolean {
  const { aggregation_type, field_name } = billable_metric;
  if (aggregation_type === "count_agg" || aggregation_type === "custom_agg") return true;
  return field_name !== null && (textIn(properties, field_name) ?? "").trim() !== "";
}

/** No event is older (decisions 14). */
const FIRST_INSTANT = Temporal.Instant.fromEpochMilliseconds(0);

export interface Place {
  readonly history_from: Temporal.Instant | null;
  /** Tells groups apart. */
  readonly hashOf: (group: Group) => string;
}

/** The fee that an event is to have by a charge; null where the metric does not look at it. */
export function chargingOf(
  facts: BillingFacts,
  charge: Charge,
  event: PricedEvent,
  { history_from, hashOf }: Place,
): Charging | null {
  if (!carriesProperty(charge, event)) return null;
  const terms = termsOf(facts.subscription, facts.plan, facts.customer.timezone);
  const window = currentUsageWindow(terms, event.timestamp);
  const buckets = chargeBuckets(charge);
  const bucket = bucketOfEvent(buckets, event.properties);
  const group = groupIn({ group_by: bucket.pricing_group_keys }, event.properties);
  const isRecurring = charge.billable_metric.recurring;
  const scope_from = isRecurring ? (history_from ?? FIRST_INSTANT) : floorToMillisecond(window.from);
  const keyFrom = (from: Temporal.Instant) =>
    [facts.subscription.id, charge.id, from, bucket.filter?.id ?? "", hashOf(group)].join("/");
  return {
    ...{ event, facts, terms, charge, buckets, group, window, scope_from },
    index: buckets.indexOf(bucket),
    level_key: keyFrom(scope_from),
    mark_key: keyFrom(window.from),
  };
}
