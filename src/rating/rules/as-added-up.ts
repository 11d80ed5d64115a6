/**
 * Models without a price of their own: the amount comes with the events (dynamic, 5.7 of the metering spec) or from the
 * metric's own script (custom, 5.8).
 */
import { ZERO } from "../../kernel/decimal.ts";
import type { ChargeModelRules, Price, RatedUsage } from "../model.ts";
import { unitAmount } from "./unit-amount.ts";

export type NoTerms = Readonly<Record<string, never>>;

const NO_TERMS: NoTerms = {};

function asAddedUp({ amount, units, full_units }: RatedUsage): Price {
  return { amount, unit_amount: unitAmount(amount, full_units ?? units), amount_details: {} };
}

/** Without units nothing is due, even where amounts were sent. */
export const dynamic: ChargeModelRules<NoTerms> = {
  parse: () => NO_TERMS,
  price: (_, usage) => asAddedUp(usage.units.eq(0) ? { ...usage, amount: ZERO } : usage),
};

export const custom: ChargeModelRules<NoTerms> = {
  parse: () => NO_TERMS,
  price: (_, usage) => asAddedUp(usage),
};
