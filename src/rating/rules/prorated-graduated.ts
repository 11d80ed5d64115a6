/**
 * Graduated prices of prorated usage (5.9 of the metering spec): event by event the level moves through the tiers, and
 * each unit is charged at the price of the tier that it moved in, for its share of the period. 0–5 at 10, 6–∞ at 5:
 * +5 for 21 of 30 days is 5 × 0.7 × 10 = 35, +5 more for 16 of 30 is 5 × 0.5333… × 5 = 13.33.
 */
import { type Dec, max, min, sum, ZERO } from "../../kernel/decimal.ts";
import type { Price, ProratedValue } from "../model.ts";
import type { Tier } from "./tiers.ts";
import { unitAmount } from "./unit-amount.ts";

export type PricedTier = Tier & { readonly per_unit_amount: Dec };

/** Where a level lies: levels at or below zero are in the first tier. */
function reaches(tiers: readonly PricedTier[], level: Dec): number {
  const index = tiers.findIndex(({ to }) => to === null || to.gte(level));
  return index < 0 ? tiers.length - 1 : index;
}

/** The units moved within each tier on the way from one level to another; negative on the way down. */
function wayThrough(tiers: readonly PricedTier[], from: Dec, to: Dec): Dec[] {
  if (to.lt(from)) return wayThrough(tiers, to, from).map((units) => units.neg());
  return tiers.map(({ below, to: end }, index) => {
    const start = index === 0 ? from : max(from, below);
    const stop = end === null ? to : min(to, end);
    return stop.gt(start) ? stop.minus(start) : ZERO;
  });
}

/** What was added for no day at all, or left for none while nothing was there, moves nothing. */
function isIgnored({ full, prorated }: ProratedValue, level: Dec): boolean {
  if (full.eq(0)) return true;
  return prorated.eq(0) && (full.gt(0) || level.plus(full).lt(0));
}

export interface Walk {
  readonly tiers: readonly PricedTier[];
  /** By tier: Σ (units moved within it × their share of the period). */
  readonly units: readonly Dec[];
  /** Where the level ends, and where it was highest. */
  readonly level: Dec;
  readonly highest: Dec;
}

/** The way of the level through the tiers, event by event. */
export function walk(tiers: readonly PricedTier[], pairs: readonly ProratedValue[]): Walk {
  const units = tiers.map(() => ZERO);
  let level = ZERO;
  let highest = ZERO;
  for (const pair of pairs) {
    if (isIgnored(pair, level)) continue;
    const next = level.plus(pair.full);
    for (const [index, moved] of wayThrough(tiers, level, next).entries()) {
      if (!moved.eq(0)) units[index] = (units[index] ?? ZERO).plus(moved.times(pair.prorated).div(pair.full));
    }
    level = next;
    highest = max(highest, level);
  }
  return { tiers, units, level, highest };
}

/** The tiers whose flat fee is due: every one up to the highest level. */
export const reachedTiers = ({ tiers, highest }: Walk): readonly PricedTier[] =>
  tiers.slice(0, reaches(tiers, highest) + 1);

/** `units`: the prorated sum. */
export function proratedPrice(tiers: readonly PricedTier[], units: Dec, pairs: readonly ProratedValue[]): Price {
  const amount = amountOf(units, walk(tiers, pairs));
  const whole = sum(pairs.map(({ full }) => full));
  return { amount, unit_amount: unitAmount(amount, whole), amount_details: {} };
}

function amountOf(units: Dec, way: Walk): Dec {
  const { tiers, level } = way;
  if (units.eq(0)) return tiers[0]?.flat_amount ?? ZERO;
  if (level.lt(0)) return ZERO;
  const moved = sum(tiers.map(({ per_unit_amount }, index) => (way.units[index] ?? ZERO).times(per_unit_amount)));
  return max(moved, ZERO).plus(sum(reachedTiers(way).map(({ flat_amount }) => flat_amount)));
}
