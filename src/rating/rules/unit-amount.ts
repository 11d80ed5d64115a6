import { type Dec, ZERO } from "../../kernel/decimal.ts";

/** What one unit costs on average; 0 where there is none (section 5 of the metering spec). */
export function unitAmount(amount: Dec, units: Dec): Dec {
  return units.eq(0) ? ZERO : amount.div(units);
}
