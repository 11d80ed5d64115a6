/** Every unit at one price: 3.5 units at 0.30 are 1.05 (5.1 of the metering spec). */
import type { Dec } from "../../kernel/decimal.ts";
import type { ChargeModelRules } from "../model.ts";
import { decimal } from "./properties.ts";
import { unitAmount } from "./unit-amount.ts";

export interface StandardTerms {
  /** Major units per unit. */
  readonly amount: Dec;
}

export const standard: ChargeModelRules<StandardTerms> = {
  parse: (properties) => ({ amount: decimal(properties, "amount") }),

  price(terms, { units }) {
    const amount = units.times(terms.amount);
    return { amount, unit_amount: unitAmount(amount, units), amount_details: {} };
  },
};
