/**
 * Each tier's share of the units at that tier's price, plus its flat fee once it is reached (5.2 of the metering spec).
 * 0–10 at 10 with a flat 2, 11–20 at 5 with a flat 3: 12 units are 102 + (2 × 5 + 3) = 115.
 */
import { sum, toWire, ZERO } from "../../kernel/decimal.ts";
import type { ChargeModelRules } from "../model.ts";
import { decimal, listOf } from "./properties.ts";
import { type PricedTier, proratedPrice } from "./prorated-graduated.ts";
import { parseTiers, shareOut } from "./tiers.ts";
import { unitAmount } from "./unit-amount.ts";

export interface GraduatedTerms {
  readonly tiers: readonly PricedTier[];
}

export const graduated: ChargeModelRules<GraduatedTerms> = {
  parse: (properties) => ({
    tiers: parseTiers(listOf(properties, "graduated_ranges"), (range) => ({
      per_unit_amount: decimal(range, "per_unit_amount"),
    })),
  }),

  price({ tiers }, { units, full_units }) {
    const lines = shareOut(units, tiers).map((share) => {
      const amount = share.units.times(share.tier.per_unit_amount);
      return { ...share, amount, total: amount.plus(share.tier.flat_amount) };
    });
    const amount = sum(lines.map(({ total }) => total));
    return {
      amount,
      unit_amount: unitAmount(amount, full_units ?? units),
      amount_details: {
        graduated_ranges: lines.map((line) => ({
          from_value: line.tier.from_value,
          to_value: line.tier.to_value,
          flat_unit_amount: toWire(line.tier.flat_amount),
          per_unit_amount: toWire(line.units.eq(0) ? ZERO : line.tier.per_unit_amount),
          units: toWire(line.units),
          per_unit_total_amount: toWire(line.amount),
          total_with_flat_amount: toWire(line.total),
        })),
      },
    };
  },

  pricePairs: ({ tiers }, { units }, pairs) => proratedPrice(tiers, units, pairs),
};
