/**
 * Each tier's share of the units at that tier's rate, plus its flat fee once it is reached (5.6 of the metering spec).
 * 0–10 at 1 % with a flat 200, 11–20 at 2 % with a flat 300: 12 units are 200.10 + (2 × 0.02 + 300) = 500.14.
 */
import { type Dec, dec, sum, toWire } from "../../kernel/decimal.ts";
import type { ChargeModelRules } from "../model.ts";
import { decimal, listOf } from "./properties.ts";
import { parseTiers, type Share, shareOut, type Tier } from "./tiers.ts";
import { unitAmount } from "./unit-amount.ts";

const PERCENT = dec("0.01");

/** `rate` in percent. */
export type RatedTier = Tier & { readonly rate: Dec };

export interface GraduatedPercentageTerms {
  readonly tiers: readonly RatedTier[];
}

export interface TierLine extends Share<RatedTier> {
  readonly amount: Dec;
  /** With the flat fee. */
  readonly total: Dec;
}

/** What each tier that is reached costs. */
export function lineUp(units: Dec, tiers: readonly RatedTier[]): TierLine[] {
  return shareOut(units, tiers).map((share) => {
    const amount = share.units.times(share.tier.rate).times(PERCENT);
    return { ...share, amount, total: amount.plus(share.tier.flat_amount) };
  });
}

export const graduatedPercentage: ChargeModelRules<GraduatedPercentageTerms> = {
  parse: (properties) => ({
    tiers: parseTiers(listOf(properties, "graduated_percentage_ranges"), (range) => ({
      rate: decimal(range, "rate"),
    })),
  }),

  price({ tiers }, { units, full_units }) {
    const lines = lineUp(units, tiers);
    const amount = sum(lines.map(({ total }) => total));
    return {
      amount,
      unit_amount: unitAmount(amount, full_units ?? units),
      amount_details: {
        graduated_percentage_ranges: lines.map((line) => ({
          from_value: line.tier.from_value,
          to_value: line.tier.to_value,
          flat_unit_amount: toWire(line.tier.flat_amount),
          rate: toWire(line.tier.rate),
          units: toWire(line.units),
          per_unit_total_amount: toWire(line.amount),
          total_with_flat_amount: toWire(line.total),
        })),
      },
    };
  },
};
