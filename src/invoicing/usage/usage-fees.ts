/** From what was used to what it costs: the fee of one charge (8.2 and 8.3 of the metering spec). Pure. */
import { dec, max, round, toCents, ZERO } from "../../kernel/decimal.ts";
import { inMinorUnits, subunitsOf } from "../../kernel/money.ts";
import { type Price, price, type RatedUsage, roundUnits } from "../../rating/index.ts";
import type { ChargeUsage, UsageFeeDraft } from "./model.ts";
import { ratedModelOf } from "./usage-requests.ts";

/** Decimals of the columns precise_amount_cents and precise_unit_amount. */
const PRECISE_PLACES = 15;

/**
 * The fee of a charge, rounded to the currency once. A quantity or an amount below zero costs nothing and shows nothing;
 * the latest value alone is held at 0 already as a quantity, so that a first tier's flat fee is due for it.
 */
export function usageFee({ charge, usage, series }: ChargeUsage, currency: string): UsageFeeDraft {
  const metric = charge.billable_metric;
  const counted = metric.aggregation_type === "latest_agg" ? max(usage.units, ZERO) : usage.units;
  const rated: RatedUsage = {
    units: roundUnits(counted, metric),
    events_count: usage.events_count,
    series,
  };
  const priced = price(ratedModelOf(charge), charge.properties, rated);
  const isNegative = rated.units.lt(0) || priced.amount.lt(0);
  const units = isNegative ? ZERO : rated.units;
  return {
    charge,
    units,
    total_aggregated_units: units,
    events_count: usage.events_count,
    ...amountsOf(isNegative ? NOTHING : priced, currency),
  };
}

const NOTHING: Price = { amount: ZERO, unit_amount: ZERO, amount_details: {} };

function amountsOf({ amount, unit_amount, amount_details }: Price, currency: string) {
  const { amount_cents, precise_amount_cents } = inMinorUnits(amount, currency);
  return {
    amount_cents,
    precise_amount_cents: round(precise_amount_cents, PRECISE_PLACES),
    precise_unit_amount: round(unit_amount, PRECISE_PLACES),
    unit_amount_cents: toCents(round(unit_amount.times(subunitsOf(currency)))),
    amount_details,
  };
}

/** Whether an invoice keeps the fee: one of a bucket without any event is left out unless it costs something (8.3). */
export function isKept({ units, amount_cents, events_count }: UsageFeeDraft): boolean {
  return !units.eq(0) || amount_cents !== 0n || events_count !== 0;
}

const BIGINT_MAX = 2n ** 63n - 1n;
const INTEGER_MAX = 2 ** 31 - 1;
/** numeric(30, 15) has 15 digits before the point. */
const PRECISE_UNIT_AMOUNT_MAX = dec("1000000000000000");

/** Whether the columns of a fee can hold it: absurd usage or prices must not break the invoices of others. */
export function isStorable(fee: UsageFeeDraft): boolean {
  return (
    fee.amount_cents <= BIGINT_MAX &&
    fee.unit_amount_cents <= BIGINT_MAX &&
    fee.precise_unit_amount.lt(PRECISE_UNIT_AMOUNT_MAX) &&
    fee.events_count <= INTEGER_MAX
  );
}
