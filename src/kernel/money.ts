/** From exact amounts in major units to minor units, rounded once. */
import { exponentOf } from "./currency.ts";
import { type Dec, dec, round, toCents } from "./decimal.ts";

/** By exponent: 1, 10, 100, … and 1, 0.1, 0.01, … (a product with the latter is exact, and much cheaper than a quotient). */
const SUBUNITS = [0, 1, 2, 3, 4].map((exponent) => dec(10).pow(exponent));
const SHARES = [0, 1, 2, 3, 4].map((exponent) => dec(1).div(dec(10).pow(exponent)));

/** How many minor units one major unit has: 100 for EUR, 1 for JPY. */
export function subunitsOf(currency: string): Dec {
  return SUBUNITS[exponentOf(currency)] as Dec;
}

/** Minor units → major units: 123 cents are 1.23 EUR. */
export function inMajorUnits(cents: Dec, currency: string): Dec {
  return cents.times(SHARES[exponentOf(currency)] as Dec);
}

export interface Amount {
  /** Minor units, rounded half away from zero at the currency's exponent. */
  readonly amount_cents: bigint;
  /** Minor units, unrounded. */
  readonly precise_amount_cents: Dec;
}

/** `amount` in major units → minor units (0.1 of the metering spec: 1.005 EUR → 101; 0.5 JPY → 1). */
export function inMinorUnits(amount: Dec, currency: string): Amount {
  const subunits = subunitsOf(currency);
  return {
    amount_cents: toCents(round(amount, exponentOf(currency)).times(subunits)),
    precise_amount_cents: amount.times(subunits),
  };
}
