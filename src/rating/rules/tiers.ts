/** Usage shared out over tiers: what graduated and graduated percentage prices have in common (5.2 and 5.6 of the metering spec). */
import type { ChargeProperties } from "../../catalog/index.ts";
import { type Dec, min, ZERO } from "../../kernel/decimal.ts";
import { decimal, decimalOrNull } from "./properties.ts";

export interface Tier {
  /** The bounds as they were given, for `amount_details`. */
  readonly from_value: unknown;
  readonly to_value: unknown;
  /** The units that lie below the tier: its share is what is used beyond them, up to `to`. */
  readonly below: Dec;
  readonly to: Dec | null;
  /** Due as soon as the tier is reached; the first one always is, even by 0 units. */
  readonly flat_amount: Dec;
}

/**
 * Tiers are written 0–10, 11–20 or "adjacent", 0–10, 10–20; which of the two is decided for the whole list.
 * Below the tier that begins at 11 lie 10 units in both.
 */
export function parseTiers<T>(
  ranges: readonly ChargeProperties[],
  parsePrice: (range: ChargeProperties) => T,
): (Tier & T)[] {
  const bounds = ranges.map((range) => ({
    from: decimal(range, "from_value"),
    to: decimalOrNull(range, "to_value"),
  }));
  const isAdjacent = bounds.every(({ from }, index) => {
    const before = bounds[index - 1];
    return before === undefined || (before.to !== null && from.eq(before.to));
  });
  return ranges.map((range, index) => {
    const { from, to } = bounds[index] as { from: Dec; to: Dec | null };
    return {
      from_value: range.from_value,
      to_value: range.to_value ?? null,
      below: index === 0 ? ZERO : isAdjacent ? from : from.minus(1),
      to,
      flat_amount: decimal(range, "flat_amount"),
      ...parsePrice(range),
    };
  });
}

export interface Share<T> {
  readonly tier: T;
  readonly units: Dec;
}

/** The units that fall into each tier reached, in order. */
export function shareOut<T extends Tier>(units: Dec, tiers: readonly T[]): Share<T>[] {
  const shares: Share<T>[] = [];
  for (const tier of tiers) {
    const { below, to } = tier;
    shares.push({ tier, units: (to === null ? units : min(units, to)).minus(below) });
    if (to === null || to.gte(units)) break;
  }
  return shares;
}
