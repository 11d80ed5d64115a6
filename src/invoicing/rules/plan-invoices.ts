/** From due periods and their usage to invoices: 2.12 and 5.4 of the subscriptions spec. Pure. */
import type { BilledCustomer } from "../../customers/index.ts";
import { dec } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import type { BilledPeriod, PlannedFee, PlannedInvoice } from "../model.ts";
import { chargeFees, type RatedPeriod } from "./charge-fees.ts";
import { commitmentAmounts, committedPeriod, countsTowards, periodFees } from "./commitment.ts";
import { invoiceDates } from "./dates.ts";
import type { DuePeriod } from "./due-periods.ts";
import { fixedChargeFees } from "./fixed-charge-fees.ts";
import { subscriptionFeeAmount } from "./subscription-fee.ts";
import { finalStatus, invoiceTotals } from "./totals.ts";

const ONE = dec(1);

/** What a fee of a subscription has not: usage. */
const NO_USAGE = {
  charge_filter_id: null,
  grouped_by: {},
  events_count: 0,
  pricing_unit: null,
  breakdowns: [],
  invoiceable: true,
  true_up_of: null,
} as const;

function subscriptionFee({ subscription, plan, terms, windows }: DuePeriod): PlannedFee {
  const isFirstLink = subscription.previous_subscription_id === null;
  const { amount_cents, precise_amount_cents } = subscriptionFeeAmount(plan, terms, windows, { isFirstLink });
  return {
    ...NO_USAGE,
    fee_type: "subscription",
    charge_id: null,
    billable_metric_id: null,
    amount_cents,
    precise_amount_cents,
    units: ONE,
    total_aggregated_units: ONE,
    unit_amount_cents: amount_cents,
    precise_unit_amount: inMajorUnits(dec(amount_cents), plan.amount_currency),
    amount_details: { plan_amount_cents: Number(plan.amount_cents) },
    pay_in_advance: plan.pay_in_advance,
    ...windows.subscription,
  };
}

const COMMITMENT_NAME = "Minimum commitment - True up";

/** `fees`: what this invoice and those planned before it bill. In advance, a period that no invoice began closes nothing. */
function commitmentFee({ period, billed_before }: RatedPeriod, fees: readonly PlannedFee[]): PlannedFee | null {
  const { minimum_commitment: commitment, pay_in_advance, amount_currency } = period.plan;
  const closed = committedPeriod(period);
  if (commitment === null || closed === null) return null;
  const counted = fees.filter((fee) => countsTowards(fee, closed.window));
  const billed = periodFees(billed_before, counted);
  if (pay_in_advance && !billed.is_invoiced && counted.length === 0) return null;
  const amounts = commitmentAmounts(commitment.amount_cents, closed, billed);
  if (amounts === null) return null;
  return {
    ...NO_USAGE,
    ...amounts,
    fee_type: "commitment",
    charge_id: null,
    billable_metric_id: null,
    units: ONE,
    total_aggregated_units: ONE,
    unit_amount_cents: amounts.amount_cents,
    precise_unit_amount: inMajorUnits(dec(amounts.amount_cents), amount_currency),
    amount_details: {},
    invoice_display_name: commitment.invoice_display_name ?? COMMITMENT_NAME,
    pay_in_advance: false,
    ...closed.window,
  };
}

/** One customer's periods, in their order: what one bills counts towards what the next ones close. */
function billedPeriods(periods: readonly RatedPeriod[]): Map<RatedPeriod, BilledPeriod> {
  const planned = new Map<string, PlannedFee[]>();
  return new Map(
    periods.map((rated) => {
      const { id } = rated.period.subscription;
      const earlier = planned.get(id) ?? [];
      const billed = billedPeriod(rated, earlier);
      planned.set(id, [...earlier, ...billed.fees, ...billed.standalone_fees]);
      return [rated, billed];
    }),
  );
}

/**
 * The fees of a period in the contract's order: the subscription's, those of its usage, its fixed charges, what is missing to its
 * commitment.
 */
function billedPeriod(rated: RatedPeriod, earlier: readonly PlannedFee[]): BilledPeriod {
  const { subscription, plan, reason, timestamp, windows, bills_subscription_fee } = rated.period;
  const charged = chargeFees(rated);
  const fees = [...(bills_subscription_fee ? [subscriptionFee(rated.period)] : []), ...charged.fees];
  fees.push(...fixedChargeFees(rated.period, rated.fixed_charges, earlier));
  const missing = commitmentFee(rated, [...earlier, ...fees, ...charged.standalone_fees]);
  return {
    subscription,
    plan,
    reason,
    timestamp,
    windows,
    fees: missing === null ? fees : [...fees, missing],
    standalone_fees: charged.standalone_fees,
    levels: charged.levels,
  };
}

/** What periods must have in common to share an invoice (2.12). */
function groupOf({ day, reason, occasion, plan, billing_entity, subscription }: DuePeriod): string {
  const { consolidate_invoice, purchase_order_number, id } = subscription;
  const isAlone = !consolidate_invoice && reason === "subscription_periodic";
  return JSON.stringify([
    day.toString(),
    occasion,
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
  const billed = billedPeriods(periods);
  if (periods.length === 1) return [planInvoice(customer, periods, billed, today)];
  const groups = [...Map.groupBy(periods, ({ period }) => groupOf(period)).values()];
  const dayOf = (group: readonly RatedPeriod[]) => (group[0] as RatedPeriod).period.day;
  return groups
    .sort((a, b) => Temporal.PlainDate.compare(dayOf(a), dayOf(b)))
    .map((group) => planInvoice(customer, group, billed, today));
}

function planInvoice(
  customer: BilledCustomer,
  group: readonly RatedPeriod[],
  billed: ReadonlyMap<RatedPeriod, BilledPeriod>,
  today: Temporal.PlainDate,
): PlannedInvoice {
  const { period } = group[0] as RatedPeriod;
  const periods = group.map((rated) => billed.get(rated) as BilledPeriod);
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
