/** From events and what was counted before them to their fees (7.2 to 7.4 and 8.2 of the metering spec). Pure. */
import { daysTouched } from "../../../kernel/calendar.ts";
import { exponentOf } from "../../../kernel/currency.ts";
import { type Dec, dec, round, ZERO } from "../../../kernel/decimal.ts";
import { inMajorUnits } from "../../../kernel/money.ts";
import { type EventPrice, type EventUsage, priceOfEvent } from "../../../rating/index.ts";
import type { Window } from "../../../subscriptions/index.ts";
import type { PlannedFee } from "../../model.ts";
import { feeAmounts } from "../../rules/fee-amounts.ts";
import { isStorable } from "../../usage/usage-fees.ts";
import { bucketOf, type Charging } from "../model.ts";
import { type Book, enter, type Position } from "./book.ts";
import { hasHighWaterMark, isScripted } from "./counted.ts";
import { type DaysLeft, type Rise, riseOf } from "./high-water.ts";

export interface EventFee {
  readonly charging: Charging;
  readonly fee: PlannedFee;
}

const ONE = dec(1);

/** An event of a prorated charge is charged for its own day and those that are left of the period. */
function daysLeft({ charge, event, window, terms }: Charging): DaysLeft | null {
  if (!charge.prorated) return null;
  return { days: daysTouched(event.timestamp, window.to, terms.timezone), period_days: window.duration_days };
}

function rise(
  book: Book,
  charging: Charging,
  { change }: Position,
): Pick<Rise, "increment" | "prorated_increment" | "units"> {
  if (!hasHighWaterMark(charging.charge)) return { increment: ONE, prorated_increment: ONE, units: ONE };
  const risen = riseOf(book.marks.get(charging.mark_key) ?? null, change, daysLeft(charging));
  book.marks.set(charging.mark_key, risen.marks);
  return risen;
}

function usageOf(charging: Charging, { before, after, series }: Position, increment: Dec): EventUsage {
  const { amount_currency } = charging.facts.plan;
  const major = (amount: Dec) => (isScripted(charging.charge) ? amount : inMajorUnits(amount, amount_currency));
  return {
    units: after.units,
    increment,
    events_count: after.events,
    events_before: before.events,
    amount: major(after.amount),
    amount_before: major(before.amount),
    series,
  };
}

/** The fee of one event, and its place in the book. Of a quantity below zero nothing is charged. */
export function chargeEvent(book: Book, charging: Charging): EventFee {
  const { charge } = charging;
  const position = enter(book, charging);
  const { increment, prorated_increment, units } = rise(book, charging, position);
  const usage = usageOf(charging, position, charge.prorated ? prorated_increment : increment);
  const price = priceOfEvent(charge.charge_model, bucketOf(charging).properties, usage);
  return { charging, fee: plannedFee(charging, units, price) };
}

/** What of a price is due per unit that is shown: of the rounded one. */
function unitAmount({ charge, facts }: Charging, amount: Dec, units: Dec): Dec {
  const rounded = round(amount, charge.applied_pricing_unit === null ? exponentOf(facts.plan.amount_currency) : 2);
  return rounded.eq(0) || units.eq(0) ? ZERO : rounded.div(units);
}

function plannedFee(charging: Charging, units: Dec, { amount, amount_details }: EventPrice): PlannedFee {
  const { charge, facts, group } = charging;
  const { filter } = bucketOf(charging);
  const { amount_currency } = facts.plan;
  const unit_amount = unitAmount(charging, amount, units);
  const amounts = feeAmounts({ amount, unit_amount }, amount_currency, charge.applied_pricing_unit);
  if (!isStorable({ ...amounts, events_count: 1 }))
    throw new Error(`charge ${charge.code}: the amount is larger than an invoice can hold`);
  return {
    ...amounts,
    fee_type: "charge",
    charge_id: charge.id,
    billable_metric_id: charge.billable_metric.id,
    charge_filter_id: filter?.id ?? null,
    grouped_by: group,
    units,
    total_aggregated_units: units,
    events_count: 1,
    amount_details,
    breakdowns: [],
    pay_in_advance: true,
    invoiceable: charge.invoiceable,
    is_regrouped: charge.regroup_paid_fees !== null,
    true_up_of: null,
    event_transaction_id: charging.event.transaction_id,
    ...feeWindow(charging),
  };
}

/** What an invoice bills begins with the subscription itself, a fee of its own with the subscription's day (8.5). */
function feeWindow({ charge, window, terms }: Charging): Window {
  if (charge.invoiceable) return { from: window.from, to: window.to };
  const from = window.from.toZonedDateTimeISO(terms.timezone).startOfDay().toInstant();
  return { from, to: window.to };
}
