/** From due periods and their usage to invoices: 2.12 and 5.4 of the subscriptions spec. Pure. */
import type { BilledCustomer } from "../../customers/index.ts";
import { dec } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import type { BilledPeriod, PlannedFee, PlannedInvoice } from "../model.ts";
import type { ChargeUsage, UsageFeeDraft } from "../usage/model.ts";
import { isKept, isStorable, usageFee } from "../usage/usage-fees.ts";
import { invoiceDates } from "./dates.ts";
import type { DuePeriod } from "./due-periods.ts";
import { subscriptionFeeAmount } from "./subscription-fee.ts";
import { finalStatus, invoiceTotals } from "./totals.ts";

/** A due period and what was used in its window, in the order of the plan's charges. */
export interface RatedPeriod {
  readonly period: DuePeriod;
  readonly usage: readonly ChargeUsage[];
}

const ONE = dec(1);

function subscriptionFee({ subscription, plan, terms, windows }: DuePeriod): PlannedFee {
  const isFirstLink = subscription.previous_subscription_id === null;
  const { amount_cents, precise_amount_cents } = subscriptionFeeAmount(plan, terms, windows, { isFirstLink });
  return {
    fee_type: "subscription",
    charge_id: null,
    billable_metric_id: null,
    amount_cents,
    precise_amount_cents,
    units: ONE,
    total_aggregated_units: ONE,
    unit_amount_cents: amount_cents,
    precise_unit_amount: inMajorUnits(dec(amount_cents), plan.amount_currency),
    events_count: 0,
    amount_details: { plan_amount_cents: Number(plan.amount_cents) },
    pay_in_advance: plan.pay_in_advance,
    ...windows.subscription,
  };
}

function chargeFee(fee: UsageFeeDraft, { from, to }: { from: Temporal.Instant; to: Temporal.Instant }): PlannedFee {
  if (!isStorable(fee)) throw new Error(`charge ${fee.charge.code}: the amount is larger than an invoice can hold`);
  const { charge, units, total_aggregated_units, events_count, amount_cents, precise_amount_cents } = fee;
  return {
    fee_type: "charge",
    charge_id: charge.id,
    billable_metric_id: charge.billable_metric.id,
    amount_cents,
    precise_amount_cents,
    units,
    total_aggregated_units,
    unit_amount_cents: fee.unit_amount_cents,
    precise_unit_amount: fee.precise_unit_amount,
    events_count,
    amount_details: fee.amount_details,
    pay_in_advance: false,
    from,
    to,
  };
}

/** The fees of a period in the contract's order: the subscription's, then those of its usage. */
function feesOf({ period, usage }: RatedPeriod): PlannedFee[] {
  const { plan, windows, bills_subscription_fee, bills_charges } = period;
  const fees: PlannedFee[] = bills_subscription_fee ? [subscriptionFee(period)] : [];
  if (bills_charges && windows.charges !== null) {
    for (const used of usage) {
      const fee = usageFee(used, plan.amount_currency);
      if (isKept(fee)) fees.push(chargeFee(fee, windows.charges));
    }
  }
  return fees;
}

function billedPeriod(rated: RatedPeriod): BilledPeriod {
  const { subscription, plan, reason, timestamp, windows } = rated.period;
  return { subscription, plan, reason, timestamp, windows, fees: feesOf(rated) };
}

/** What periods must have in common to share an invoice (2.12). */
function groupOf({ day, reason, plan, billing_entity, subscription }: DuePeriod): string {
  const { consolidate_invoice, purchase_order_number, id } = subscription;
  const isAlone = !consolidate_invoice || reason !== "subscription_periodic";
  return JSON.stringify([
    day.toString(),
    reason,
    plan.amount_currency,
    billing_entity.id,
    isAlone ? id : null,
    purchase_order_number,
  ]);
}

/** The invoices of one customer's due periods, the oldest day first. `today` is the customer's local day of the run. */
export function planInvoices(
  customer: BilledCustomer,
  periods: readonly RatedPeriod[],
  today: Temporal.PlainDate,
): PlannedInvoice[] {
  if (periods.length === 1) return [planInvoice(customer, periods, today)];
  const groups = [...Map.groupBy(periods, ({ period }) => groupOf(period)).values()];
  const dayOf = (group: readonly RatedPeriod[]) => (group[0] as RatedPeriod).period.day;
  return groups
    .sort((a, b) => Temporal.PlainDate.compare(dayOf(a), dayOf(b)))
    .map((group) => planInvoice(customer, group, today));
}

function planInvoice(
  customer: BilledCustomer,
  group: readonly RatedPeriod[],
  today: Temporal.PlainDate,
): PlannedInvoice {
  const { period } = group[0] as RatedPeriod;
  const periods = group.map(billedPeriod);
  const totals = invoiceTotals(periods.flatMap(({ fees }) => fees));
  return {
    customer,
    billing_entity: period.billing_entity,
    status: finalStatus(totals, customer),
    currency: period.plan.amount_currency,
    // Missed periods too are issued on the day of the run.
    dates: invoiceDates(today, customer, period.reason === "subscription_periodic"),
    totals,
    skip_charges: period.reason === "subscription_starting",
    purchase_order_number: period.subscription.purchase_order_number,
    periods,
  };
}
