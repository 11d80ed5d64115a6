/** The fee of one event in advance explained: the price of the usage with it, less the price of what came before (7.2 of the metering spec). */
import type { Charge, ChargeBucket } from "../../catalog/index.ts";
import { daysTouched } from "../../kernel/calendar.ts";
import { ceil, type Dec, round, sum, ZERO } from "../../kernel/decimal.ts";
import type { Page } from "../../kernel/pages.ts";
import { findEventPlace, type Group, type GroupUsage, readCountedEvents, readUsage } from "../../metering/index.ts";
import { explainPrice, type PricePart, type RatedUsage } from "../../rating/index.ts";
import type { Database } from "../../storage/database.ts";
import { currentUsageWindow, historyStarts, type UsageWindow } from "../../subscriptions/index.ts";
import { NOTHING_CARRIED, usageRequest } from "../usage/usage-requests.ts";
import { INVOICE_VIEW, viewedCharge } from "../usage/views.ts";
import { explainAmount, moneyOf } from "./amounts.ts";
import { explainDetails } from "./event-details.ts";
import { type FeeFacts, unroundedAmount } from "./facts.ts";
import { bucketOfFilter } from "./line.ts";
import type { AmountExplanation, ExplainedPart, Explanation, UnitsStep } from "./model.ts";
import { counted, inMoney, inWords } from "./words.ts";

type Explained = Pick<Explanation, keyof AmountExplanation | "line" | "events" | "is_reproduced">;

/** Null where the event, or what priced it, is not known any more. */
export async function explainEventFee(
  database: Database,
  organizationId: string,
  facts: FeeFacts,
  page: Page,
): Promise<Explained | null> {
  const { fee, version, subscription } = facts;
  const charge = version.charges.find(({ id }) => id === fee.charge_id);
  const bucket = charge && bucketOfFilter(charge, fee.charge_filter_id);
  const { external_id } = subscription;
  const place = await findEventPlace(database, organizationId, external_id, fee.event_transaction_id ?? "");
  if (charge === undefined || bucket === undefined || place === null) return null;
  const window = currentUsageWindow({ ...facts.terms, terminated_at: null }, place.timestamp);
  const group = fee.grouped_by as Group;
  const starts = await historyStarts(database.db, organizationId, [subscription.id]);
  const { buckets } = viewedCharge(charge, INVOICE_VIEW);
  const request = {
    ...usageRequest(
      { ...usageBucketOf(organizationId, facts, window), charges: [charge] },
      { charge: { ...charge, prorated: false }, buckets: buckets.map(({ events }) => events) },
      { ...NOTHING_CARRIED, history_from: starts.get(subscription.id) ?? null },
    ),
    up_to: place,
  };
  const index = buckets.findIndex((one) => one.bucket.filter?.id === bucket.filter?.id);
  const [[usages = []], events] = await Promise.all([
    readUsage(database, [request]),
    readCountedEvents(database, { request, bucket: index, group, received_after: null }, page),
  ]);
  const usage = (usages[index] ?? []).find((one) => isSameGroup(one.group, group)) ?? null;
  const days = {
    days: daysTouched(place.timestamp, window.to, facts.terms.timezone),
    period_days: window.duration_days,
  };
  const amount = explainEvent({ facts, charge, bucket, usage, days });
  return { ...amount, line: { charge, bucket, grouped_by: group }, events, is_reproduced: true };
}

const isSameGroup = (a: Group, b: Group) => Object.keys(b).every((key) => (a[key] ?? null) === (b[key] ?? null));

function usageBucketOf(organization_id: string, { subscription, terms }: FeeFacts, window: UsageWindow) {
  return {
    organization_id,
    external_subscription_id: subscription.external_id,
    subscription_id: subscription.id,
    chain_id: subscription.chain_id,
    has_predecessor: subscription.previous_subscription_id !== null,
    window,
    timezone: terms.timezone,
    period_days: window.duration_days,
    billed_days: window.duration_days,
    view: INVOICE_VIEW,
  };
}

interface EventToExplain {
  readonly facts: FeeFacts;
  readonly charge: Charge;
  readonly bucket: ChargeBucket;
  /** Up to the event, itself included; null where nothing is known of it. */
  readonly usage: GroupUsage | null;
  /** From the event to the period's end, and all of it. */
  readonly days: { readonly days: number; readonly period_days: number };
}

function explainEvent(event: EventToExplain): AmountExplanation {
  const { facts, charge } = event;
  const { fee } = facts;
  const currency = fee.amount_currency;
  const applied = charge.applied_pricing_unit;
  const { units, parts } = isDetailed(charge) ? detailed(event) : priced(event);
  return { units, ...explainAmount(parts, currency, applied) };
}

/** Percentages keep with the fee how it was made. */
const isDetailed = ({ charge_model }: Charge) =>
  charge_model === "percentage" || charge_model === "graduated_percentage";

interface Made {
  readonly units: readonly UnitsStep[];
  readonly parts: readonly ExplainedPart[];
}

function detailed({ facts, charge }: EventToExplain): Made {
  const { fee } = facts;
  const money = moneyOf(fee.amount_currency, charge.applied_pricing_unit);
  const text = `The event's own: ${counted(fee.units, "unit")}`;
  return {
    units: [{ step: "counted", units: fee.units, text }],
    parts: explainDetails(fee.amount_details).map((part) => inWords(part, money)),
  };
}

/** With the event, less without what it is charged for: its units where they rise above what was charged before, else nothing. */
function priced(event: EventToExplain): Made {
  const { facts, charge, usage, days } = event;
  const { units } = facts.fee;
  const isCharged = facts.fee.amount_cents !== 0n || !facts.fee.precise_amount_cents.eq(0);
  const steps: UnitsStep[] = [{ step: "counted", units, text: `The event's own: ${counted(units, "unit")}` }];
  const total = usage?.units ?? units;
  if (charge.charge_model !== "standard")
    steps.push({
      step: "counted",
      units: total,
      text: `With all that was counted up to it: ${counted(total, "unit")}`,
    });
  // What costs nothing may still be counted: in a first tier that is free, say.
  const increments = isCharged ? [units] : [units, ZERO];
  const candidates = increments.map((increment) => {
    const own = charge.prorated ? ceil(increment.times(days.days).div(days.period_days), PRORATED_PLACES) : increment;
    return { increment, own, parts: partsOf(event, total, own) };
  });
  const paid = unroundedAmount(facts.fee);
  const isPaid = ({ parts }: { readonly parts: readonly ExplainedPart[] }) =>
    round(sum(parts.map(({ amount }) => amount)), KEPT_PLACES).eq(round(paid, KEPT_PLACES));
  const found = candidates.find(isPaid) ?? candidates.at(-1);
  const { increment = ZERO, own = ZERO, parts = [] } = found ?? {};
  if (increment.eq(0) && !units.eq(0)) steps.push(notAbove());
  if (charge.prorated && !own.eq(increment)) {
    const text = `Prorated, ${days.days} of ${days.period_days} days: ${counted(own, "unit")} (rounded up at 5 decimals)`;
    steps.push({ step: "prorated", units: own, text });
  }
  return { units: steps, parts };
}

const PRORATED_PLACES = 5;
/** Fewer than what columns keep of an amount in minor units, whatever the currency. */
const KEPT_PLACES = 12;

function notAbove(): UnitsStep {
  const text = "Not above the highest level of the period, which was charged already: nothing to charge";
  return { step: "in_advance", units: ZERO, text };
}

function ratedOf(units: Dec, usage: GroupUsage | null, amount: Dec): RatedUsage {
  return { units, full_units: null, events_count: usage?.events_count ?? 0, series: null, pairs: null, amount };
}

function partsOf({ facts, charge, bucket, usage }: EventToExplain, total: Dec, increment: Dec): ExplainedPart[] {
  const { charge_model, applied_pricing_unit } = charge;
  const currency = facts.fee.amount_currency;
  const money = moneyOf(currency, applied_pricing_unit);
  const explain = (units: Dec): PricePart[] => {
    return explainPrice(charge_model, bucket.properties, ratedOf(units, usage, unroundedAmount(facts.fee)));
  };
  const inAll = (units: Dec) => explain(units).map((part) => inWords(part, money));
  if (charge_model === "standard") return inAll(increment);
  // What is sent with the event, or added up by a script, is the event's own, also where it adds no units to those before.
  if (charge_model === "dynamic" || charge_model === "custom") return inAll(total);
  const before = total.minus(increment);
  const isFirst = before.eq(0) && !increment.eq(0) && charge_model === "graduated";
  if (isFirst) return inAll(total);
  const without = sum(explain(before).map(({ amount }) => amount));
  const text = `Less what ${counted(before, "unit")} cost: ${inMoney(without.neg(), money)}`;
  const less: ExplainedPart = {
    kind: "charged_before",
    tier: null,
    quantity: before,
    price: null,
    amount: without.neg(),
    text,
  };
  return [...inAll(total), less];
}
