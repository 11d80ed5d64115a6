/** Fees of fixed charges: 10.3 of the metering spec, 4.6 and 4.7 of the subscriptions spec. Pure. */
import { type FixedCharge, type FixedChargeUnits, fixedChargeUnits, type UnitRecord } from "../../catalog/index.ts";
import { isBefore, localDayNumber } from "../../kernel/calendar.ts";
import { type Dec, dec, max, round, toCents, ZERO } from "../../kernel/decimal.ts";
import { needsPairs, price } from "../../rating/index.ts";
import type { UsageWindow, Window } from "../../subscriptions/index.ts";
import type { PlannedFee } from "../model.ts";
import { isStorable } from "../usage/usage-fees.ts";
import type { DuePeriod } from "./due-periods.ts";
import { feeAmounts } from "./fee-amounts.ts";
import { named } from "./named.ts";

/** What was paid in advance by the plan before an upgrade, for an add-on that the new plan has too. */
export interface PaidBefore {
  readonly amount_cents: bigint;
  /** The moment that it was billed for, and the end of its window. */
  readonly timestamp: Temporal.Instant;
  readonly to: Temporal.Instant;
}

/** What is known of the fixed charges of all subscriptions that are billed together. */
export interface FixedChargeFacts {
  /** In the order of writing. */
  recordsOf(subscriptionId: string, charge: FixedCharge): readonly UnitRecord[];
  /** Units that are paid in advance for a window already; null: none. */
  paidFor(subscriptionId: string, charge: FixedCharge, window: Window): Dec | null;
  /** Of the subscription before an upgrade, for a window that the new one shares. */
  paidBefore(subscriptionId: string, charge: FixedCharge): PaidBefore | null;
}

type Priced = Pick<
  FixedCharge,
  "id" | "code" | "charge_model" | "properties" | "pay_in_advance" | "prorated" | "units"
>;

const NOT_USAGE = {
  fee_type: "fixed_charge",
  charge_id: null,
  billable_metric_id: null,
  charge_filter_id: null,
  grouped_by: {},
  events_count: 0,
  breakdowns: [],
  invoiceable: true,
  true_up_of: null,
} as const;

/**
 * The charge model's price of these units (section 5 of the metering spec): of a prorated charge that of the prorated ones; a
 * graduated one then takes the whole as a single change (5.9).
 */
export function fixedChargePrice(
  { charge_model, properties, prorated }: Pick<Priced, "charge_model" | "properties" | "prorated">,
  { units, full_units }: FixedChargeUnits,
) {
  return price(charge_model, properties, ratedUnits(charge_model, prorated, { units, full_units }));
}

/** As the charge model is given them. */
export function ratedUnits(
  model: FixedCharge["charge_model"],
  isProrated: boolean,
  { units, full_units }: FixedChargeUnits,
) {
  const pairs = isProrated && needsPairs(model) ? [{ full: full_units, prorated: units }] : null;
  return { units, full_units: isProrated ? full_units : null, events_count: 0, series: null, pairs, amount: ZERO };
}

/** A price that cannot be told is told apart by the charge whose it is. */
const feeOf = (charge: Priced, counted: FixedChargeUnits, window: Window, currency: string): PlannedFee =>
  named(
    () => `fixed charge ${charge.code}`,
    () => pricedFee(charge, counted, window, currency),
  );

function pricedFee(charge: Priced, counted: FixedChargeUnits, { from, to }: Window, currency: string): PlannedFee {
  const { amount_details, ...amounts } = fixedChargePrice(charge, counted);
  const fee: PlannedFee = {
    ...NOT_USAGE,
    ...feeAmounts(amounts, currency, null),
    fixed_charge_id: charge.id,
    units: counted.full_units,
    total_aggregated_units: counted.units,
    amount_details,
    pay_in_advance: charge.pay_in_advance,
    from,
    to,
  };
  if (!isStorable(fee)) throw new Error("the amount is larger than an invoice can hold");
  return fee;
}

/** A fee of nothing for nothing is left out. */
const isKept = ({ units, amount_cents }: PlannedFee) => !units.eq(0) || amount_cents !== 0n;

/** The fees of a period, in the order of the plan. `earlier`: what is planned of the subscription before. */
export function fixedChargeFees(
  period: DuePeriod,
  facts: FixedChargeFacts | null,
  earlier: readonly PlannedFee[],
): PlannedFee[] {
  const { fixed_charges } = period.plan;
  if (facts === null || fixed_charges.length === 0) return [];
  return fixed_charges
    .flatMap((charge) =>
      charge.pay_in_advance ? feesAhead(charge, period, facts, earlier) : feesInArrears(charge, period, facts),
    )
    .filter(isKept);
}

function feesInArrears(charge: FixedCharge, period: DuePeriod, facts: FixedChargeFacts): PlannedFee[] {
  const { subscription, terms, plan, windows } = period;
  const { fixed_charges: window, fixed_charges_duration_days: duration_days } = windows;
  if (!period.bills_fixed_charges || window === null || !isBefore(window.from, window.to)) return [];
  const records = facts.recordsOf(subscription.id, charge);
  const counted = fixedChargeUnits(records, { ...window, timezone: terms.timezone, duration_days }, charge.prorated);
  return [feeOf(charge, counted, window, plan.amount_currency)];
}

/** What began to count after the moment that is billed for is billed by itself. */
function feesAhead(
  charge: FixedCharge,
  { subscription, terms, plan, ahead: window }: DuePeriod,
  facts: FixedChargeFacts,
  earlier: readonly PlannedFee[],
): PlannedFee[] {
  if (window === null || facts.paidFor(subscription.id, charge, window) !== null) return [];
  const isPlanned = earlier.some(
    ({ fixed_charge_id, from, to }) =>
      fixed_charge_id === charge.id && from.equals(window.from) && to.equals(window.to),
  );
  if (isPlanned) return [];
  const known = facts
    .recordsOf(subscription.id, charge)
    .filter(({ effective_at }) => !isBefore(window.known_until, effective_at));
  const counted = fixedChargeUnits(known, { ...window, timezone: terms.timezone }, charge.prorated);
  const fee = feeOf(charge, counted, window, plan.amount_currency);
  const paid = charge.prorated ? facts.paidBefore(subscription.id, charge) : null;
  return [paid === null ? fee : lessPaid(fee, paid)];
}

const NS_PER_DAY = 86_400_000_000_000n;

/** Days that have begun. */
const daysUntil = (from: Temporal.Instant, to: Temporal.Instant): number =>
  Number((to.epochNanoseconds - from.epochNanoseconds + NS_PER_DAY - 1n) / NS_PER_DAY);

/** 1,500 paid on 1 August for 31 days: of the 11 days that an upgrade leaves of them, 532 are taken from what it costs. */
function lessPaid(fee: PlannedFee, { amount_cents, timestamp, to }: PaidBefore): PlannedFee {
  const paidDays = daysUntil(timestamp, to);
  if (paidDays <= 0) return fee;
  const unused = round(dec(amount_cents).times(daysUntil(fee.from, fee.to)).div(paidDays));
  const rest = max(dec(fee.amount_cents).minus(unused), ZERO);
  return {
    ...fee,
    amount_cents: toCents(rest),
    precise_amount_cents: max(fee.precise_amount_cents.minus(unused), ZERO),
  };
}

/** Decimals of the share of a period that single units are charged for. */
const SHARE_PLACES = 15;

export interface UnitsChanged {
  readonly charge: Priced;
  /** From `at` on. */
  readonly units: Dec;
  readonly at: Temporal.Instant;
  /** What is paid of the window, before this. */
  readonly paid: Dec;
  readonly window: UsageWindow;
  readonly timezone: string;
  readonly currency: string;
}

/**
 * What units that count at once add to what is paid of the window: 10 of 10.00 paid and 15 wanted are 5 for 50.00; of a prorated charge
 * on 6 March, 5 × 26/31 for 41.94. Fewer units are a fee of nothing: nothing is given back.
 */
export function unitsFee({ charge, units, at, paid, window, timezone, currency }: UnitsChanged): PlannedFee {
  const more = units.minus(paid);
  if (more.lte(0)) return nothing(charge, window, currency);
  if (!charge.prorated) return feeOf(charge, { units: more, full_units: more }, window, currency);
  const last = localDayNumber(window.to.subtract({ nanoseconds: 1 }), timezone);
  const days = last - localDayNumber(at, timezone) + 1;
  const share = round(more.times(days).div(window.duration_days), SHARE_PLACES);
  return feeOf(charge, { units: share, full_units: more }, window, currency);
}

function nothing({ id, pay_in_advance }: Priced, { from, to }: Window, currency: string): PlannedFee {
  return {
    ...NOT_USAGE,
    ...feeAmounts({ amount: ZERO, unit_amount: ZERO }, currency, null),
    fixed_charge_id: id,
    units: ZERO,
    total_aggregated_units: ZERO,
    amount_details: {},
    pay_in_advance,
    from,
    to,
  };
}
