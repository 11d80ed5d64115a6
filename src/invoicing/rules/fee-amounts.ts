/** From a price in major units, or in credits, to what a fee's columns hold (0.1, 8.2 and 12.2 of the metering spec). Pure. */
import type { AppliedPricingUnit } from "../../catalog/index.ts";
import { type Dec, dec, round, toCents } from "../../kernel/decimal.ts";
import { inMinorUnits, subunitsOf } from "../../kernel/money.ts";
import type { PricingUnitAmounts } from "../usage/model.ts";

/** Decimals of the columns precise_amount_cents and precise_unit_amount. */
const PRECISE_PLACES = 15;

/** A credit has two decimals, whatever the currency has. */
const UNIT_PLACES = 2;
const HUNDRED = dec(100);

export interface FeeAmounts {
  /** Minor units, rounded once. */
  readonly amount_cents: bigint;
  /** Minor units, at the column's 15 decimals. */
  readonly precise_amount_cents: Dec;
  /** Major units per unit, at the column's 15 decimals. */
  readonly precise_unit_amount: Dec;
  /** Minor units per unit, rounded. */
  readonly unit_amount_cents: bigint;
  readonly pricing_unit: PricingUnitAmounts | null;
}

interface Amounts {
  /** Major units (credits where there is a pricing unit), unrounded. */
  readonly amount: Dec;
  readonly unit_amount: Dec;
}

/** Credits are rounded to their cents first; the currency's amount is that of the rounded credits. */
export function feeAmounts(price: Amounts, currency: string, applied: AppliedPricingUnit | null): FeeAmounts {
  if (applied === null) return { ...inCurrency(price, currency), pricing_unit: null };
  const { amount, unit_amount } = price;
  const rounded = round(amount, UNIT_PLACES);
  const { pricing_unit_id, code, short_name, conversion_rate } = applied;
  return {
    ...inCurrency(
      { amount: rounded.times(conversion_rate), unit_amount: unit_amount.times(conversion_rate) },
      currency,
    ),
    pricing_unit: {
      pricing_unit_id,
      code,
      short_name,
      conversion_rate,
      amount_cents: toCents(rounded.times(HUNDRED)),
      precise_amount_cents: round(amount.times(HUNDRED), PRECISE_PLACES),
      unit_amount_cents: toCents(round(unit_amount.times(HUNDRED))),
      precise_unit_amount: round(unit_amount, PRECISE_PLACES),
    },
  };
}

function inCurrency({ amount, unit_amount }: Amounts, currency: string) {
  const { amount_cents, precise_amount_cents } = inMinorUnits(amount, currency);
  return {
    amount_cents,
    precise_amount_cents: round(precise_amount_cents, PRECISE_PLACES),
    precise_unit_amount: round(unit_amount, PRECISE_PLACES),
    unit_amount_cents: toCents(round(unit_amount.times(subunitsOf(currency)))),
  };
}
