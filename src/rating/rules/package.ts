/** Units beyond the free ones in whole packages: 121 units in packages of 10 at 100 are 1300 (5.3 of the metering spec). */
import { ceil, type Dec, max, toWire, ZERO } from "../../kernel/decimal.ts";
import type { AmountDetails, ChargeModelRules } from "../model.ts";
import { decimal, decimalOrNull } from "./properties.ts";
import { unitAmount } from "./unit-amount.ts";

export interface PackageTerms {
  /** Major units per package. */
  readonly amount: Dec;
  readonly package_size: Dec;
  readonly free_units: Dec;
}

export const packaged: ChargeModelRules<PackageTerms> = {
  parse: (properties) => ({
    amount: decimal(properties, "amount"),
    package_size: decimal(properties, "package_size"),
    free_units: decimalOrNull(properties, "free_units") ?? ZERO,
  }),

  price(terms, { units }) {
    const paid = max(units.minus(terms.free_units), ZERO);
    const amount = packagesOf(paid, terms.package_size).times(terms.amount);
    return { amount, unit_amount: unitAmount(amount, paid), amount_details: detailsOf(terms, units, paid) };
  },
};

/** Exact where a quotient would be rounded: the whole packages, and one more for a remainder. */
export function packagesOf(paid: Dec, size: Dec): Dec {
  const remainder = paid.mod(size);
  const whole = paid.minus(remainder).div(size);
  return ceil(remainder.gt(0) ? whole.plus(1) : whole);
}

/** Without usage there is no package to show. `free_units` is the allowance, used up or not. */
function detailsOf(terms: PackageTerms, units: Dec, paid: Dec): AmountDetails {
  const isUsed = !units.eq(0);
  return {
    free_units: toWire(isUsed ? terms.free_units : ZERO),
    paid_units: toWire(paid),
    per_package_size: isUsed ? Number(terms.package_size.toFixed()) : 0,
    per_package_unit_amount: toWire(isUsed ? terms.amount : ZERO),
  };
}
