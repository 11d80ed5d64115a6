/** Every unit at one price: 3.5 units at 0.30 are 1.05 (5.1 of the metering spec). */
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import type { ChargeModelRules } from "../model.ts";
import { decimal } from "./properties.ts";
import { unitAmount } from "./unit-amount.ts";

export interface StandardTerms {
  /** Major units per unit. */
  readonly amount: Dec;
}

export const standard: ChargeModelRules<StandardTerms> = {
  parse: (properties) => ({ amount: decimal(properties, "amount") }),

  price(terms, { units, full_units }) {
    const amount = units.times(terms.amount);
    if (full_units === null) return { amount, unit_amount: units.eq(0) ? ZERO : terms.amount, amount_details: {} };
    return { amount, unit_amount: unitAmount(amount, full_units), amount_details: {} };
  },
};
