/** From what was used to what it costs: the fees of a charge (8.2 and 8.3 of the metering spec). Pure. */
import type { Charge, ChargeBucket } from "../../catalog/index.ts";
import { type Dec, dec, ZERO } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import { type Price, price, type RatedUsage, roundUnits } from "../../rating/index.ts";
import { feeAmounts } from "../rules/fee-amounts.ts";
import type { ChargeUsage, GroupedUsage, UsageFeeDraft } from "./model.ts";

/** The fees of a charge: of every filter, then of the default bucket, each of every group. */
export function usageFees({ charge, buckets }: ChargeUsage, currency: string): UsageFeeDraft[] {
  return buckets.flatMap(({ bucket, groups }) => groups.map((used) => usageFee(charge, bucket, used, currency)));
}

/** What the charge model is given: units as the metric rounds them. */
export function ratedUsage({ billable_metric }: Charge, used: GroupedUsage, currency: string): RatedUsage {
  const { units, full_units, events_count, amount_cents, custom_amount } = used.usage;
  return {
    units: roundUnits(units, billable_metric),
    full_units: full_units === null ? null : roundUnits(full_units, billable_metric),
    events_count,
    series: used.series,
    pairs: used.pairs,
    amount: custom_amount ?? (amount_cents.eq(0) ? ZERO : inMajorUnits(amount_cents, currency)),
  };
}

/**
 * The fee of one group, rounded to the currency once. A quantity or an amount below zero costs nothing and shows nothing.
 */
export function usageFee(charge: Charge, bucket: ChargeBucket, used: GroupedUsage, currency: string): UsageFeeDraft {
  const rated = ratedUsage(charge, used, currency);
  return feeOf(charge, bucket, used, rated, price(charge.charge_model, bucket.properties, rated), currency);
}

const NOTHING: Price = { amount: ZERO, unit_amount: ZERO, amount_details: {} };

/** A fee of usage whose price is known. */
export function feeOf(
  charge: Charge,
  { filter }: ChargeBucket,
  { usage, breakdowns }: GroupedUsage,
  rated: Pick<RatedUsage, "units" | "full_units">,
  priced: Price,
  currency: string,
): UsageFeeDraft {
  const isNegative = rated.units.lt(0) || priced.amount.lt(0);
  const units = isNegative ? ZERO : (rated.full_units ?? rated.units);
  const { amount_details, ...amounts } = isNegative ? NOTHING : priced;
  return {
    charge,
    filter,
    grouped_by: usage.group,
    units,
    total_aggregated_units: usage.total_aggregated_units ?? units,
    events_count: usage.events_count,
    ...feeAmounts(amounts, currency, charge.applied_pricing_unit),
    amount_details,
    breakdowns,
    true_up_of: null,
  };
}

/** Whether an invoice keeps the fee: one of a bucket without any event is left out unless it costs something (8.3). */
export function isKept({ units, amount_cents, events_count, true_up_of }: UsageFeeDraft): boolean {
  return !units.eq(0) || amount_cents !== 0n || events_count !== 0 || true_up_of !== null;
}

const BIGINT_MAX = 2n ** 63n - 1n;
const INTEGER_MAX = 2 ** 31 - 1;
/** numeric(30, 15) has 15 digits before the point. */
const PRECISE_UNIT_AMOUNT_MAX: Dec = dec("1000000000000000");

/** Whether the columns of a fee can hold it: absurd usage or prices must not break the invoices of others. */
export function isStorable(
  fee: Pick<UsageFeeDraft, "amount_cents" | "unit_amount_cents" | "precise_unit_amount" | "events_count">,
): boolean {
  return (
    fee.amount_cents <= BIGINT_MAX &&
    fee.unit_amount_cents <= BIGINT_MAX &&
    fee.precise_unit_amount.lt(PRECISE_UNIT_AMOUNT_MAX) &&
    fee.events_count <= INTEGER_MAX
  );
}
