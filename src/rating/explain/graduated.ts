/** Each tier that was reached: its units at its price, and its flat fee. */
import { sum } from "../../kernel/decimal.ts";
import type { GraduatedTerms } from "../rules/graduated.ts";
import { reachedTiers, walk } from "../rules/prorated-graduated.ts";
import { shareOut } from "../rules/tiers.ts";
import type { ModelExplanation, PricePart } from "./model.ts";
import { amountOnly, flat, priced } from "./parts.ts";

export const graduated: ModelExplanation<GraduatedTerms> = {
  explain: ({ tiers }, { units }) =>
    shareOut(units, tiers).flatMap((share) => [
      priced("units", share.units, share.tier.per_unit_amount, share.tier),
      ...flat(share.tier.flat_amount, share.tier),
    ]),

  /** The units of a tier are those that moved within it, each for its share of the period. */
  explainPairs({ tiers }, { units }, pairs) {
    const [first] = tiers;
    if (units.eq(0)) return first === undefined ? [] : flat(first.flat_amount, first);
    const way = walk(tiers, pairs);
    const reached = reachedTiers(way);
    const moved = tiers.flatMap((tier, index): PricePart[] => {
      const quantity = way.units[index];
      if (quantity === undefined || (quantity.eq(0) && !reached.includes(tier))) return [];
      return [priced("units", quantity, tier.per_unit_amount, tier)];
    });
    const total = sum(moved.map(({ amount }) => amount));
    const flats = reached.flatMap((tier) => flat(tier.flat_amount, tier));
    // Below zero at the end nothing is due at all; what was given back is worth no more than what was added.
    if (way.level.lt(0)) {
      const due = total.plus(sum(flats.map(({ amount }) => amount)));
      return [...moved, ...flats, amountOnly("not_below_zero", due.neg())];
    }
    return total.lt(0) ? [...moved, amountOnly("not_below_zero", total.neg()), ...flats] : [...moved, ...flats];
  },
};
