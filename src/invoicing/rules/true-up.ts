/** What is missing to a charge's minimum spending (8.4 of the metering spec). Pure. */
import type { Charge } from "../../catalog/index.ts";
import { type Dec, dec, round, sum } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import type { UsageFeeDraft } from "../usage/model.ts";
import { feeAmounts } from "./fee-amounts.ts";

export interface BilledPart {
  /** Days of the window, and of the whole period. */
  readonly billed_days: number;
  readonly period_days: number;
}

const ONE = dec(1);
/** A credit's cents, as the minimum of a charge in credits is given in them. */
const CREDIT_CENT = dec("0.01");
const PRECISE_PLACES = 15;

/**
 * The fee that makes up the minimum of the part of the period that is billed, or null where that much is used. It hangs on
 * the default bucket's (first) fee, which is kept for it; what is used is what all filters and groups come to.
 */
export function trueUp(
  charge: Charge,
  fees: readonly UsageFeeDraft[],
  { billed_days, period_days }: BilledPart,
  currency: string,
): UsageFeeDraft | null {
  const parent = fees.find(({ filter }) => filter === null);
  if (charge.min_amount_cents <= 0n || parent === undefined || period_days === 0) return null;
  const least = dec(charge.min_amount_cents).times(billed_days).div(period_days);
  const used = sum(fees.map(({ amount_cents, pricing_unit }) => dec(pricing_unit?.amount_cents ?? amount_cents)));
  if (used.gte(least)) return null;
  const missing = { rounded: round(least.minus(used)), precise: least.minus(preciseUse(fees)) };
  return {
    ...parent,
    units: ONE,
    total_aggregated_units: ONE,
    events_count: 0,
    ...amountsOf(charge, missing, currency),
    breakdowns: [],
    true_up_of: parent,
  };
}

const preciseUse = (fees: readonly UsageFeeDraft[]): Dec =>
  sum(fees.map(({ precise_amount_cents, pricing_unit }) => pricing_unit?.precise_amount_cents ?? precise_amount_cents));

interface Missing {
  /** Minor units, or cents of a credit. */
  readonly rounded: Dec;
  readonly precise: Dec;
}

function amountsOf({ applied_pricing_unit }: Charge, { rounded, precise }: Missing, currency: string) {
  if (applied_pricing_unit === null) {
    const cents = BigInt(rounded.toFixed(0));
    return {
      amount_cents: cents,
      precise_amount_cents: round(precise, PRECISE_PLACES),
      precise_unit_amount: round(inMajorUnits(precise, currency), PRECISE_PLACES),
      unit_amount_cents: cents,
      pricing_unit: null,
    };
  }
  const credits = rounded.times(CREDIT_CENT);
  const amounts = feeAmounts({ amount: credits, unit_amount: credits }, currency, applied_pricing_unit);
  const { pricing_unit } = amounts;
  return {
    ...amounts,
    pricing_unit: pricing_unit && { ...pricing_unit, precise_amount_cents: round(precise, PRECISE_PLACES) },
  };
}
