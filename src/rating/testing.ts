/** What the tests of the charge models share: usage from plain figures, and arbitrary amounts, tiers and series. */
import fc from "fast-check";
import type { ChargeModel, ChargeProperties } from "../catalog/index.ts";
import { dec, sum, toWire, ZERO } from "../kernel/decimal.ts";
import type { RatedUsage, Series } from "./model.ts";
import { price } from "./rules/charge-models.ts";

export function usageOf(units: string | number, eventsCount = 1, series: Series | null = null): RatedUsage {
  return { units: dec(units), full_units: null, events_count: eventsCount, series, pairs: null, amount: ZERO };
}

/** Prorated usage: each event's value and what of it counts. */
export function proratedUsageOf(
  units: string | number,
  values: readonly (readonly [full: string | number, prorated: string | number])[],
): RatedUsage {
  const pairs = values.map(([full, prorated]) => ({ full: dec(full), prorated: dec(prorated) }));
  return { ...usageOf(units, pairs.length), full_units: sum(pairs.map(({ full }) => full)), pairs };
}

export function valuesOf(...values: readonly (string | number)[]): Series {
  return values.map((value) => dec(value));
}

/** The amount as the contract writes decimals: "115.0". */
export function amountOf(model: ChargeModel, properties: ChargeProperties, usage: RatedUsage): string {
  return toWire(price(model, properties, usage).amount);
}

/** A decimal text with at most `places` decimals. */
export function decimalText(max: number, places: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(max), fc.integer({ min: 0, max: places }), fc.nat(10 ** places - 1))
    .map(([whole, shown, fraction]) =>
      shown === 0 ? String(whole) : `${whole}.${String(fraction).padStart(places, "0").slice(0, shown)}`,
    );
}

export interface TierShape {
  readonly bounds: readonly { readonly from_value: number; readonly to_value: number | null }[];
  readonly isAdjacent: boolean;
}

/** Well-formed bounds of one to five tiers, written 0–10, 11–20 or 0–10, 10–20. */
export const tierBounds: fc.Arbitrary<TierShape> = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }), fc.boolean())
  .map(([widths, isAdjacent]) => {
    const bounds: { from_value: number; to_value: number | null }[] = [];
    let from = 0;
    for (const width of widths) {
      bounds.push({ from_value: from, to_value: from + width });
      from = from + width + (isAdjacent ? 0 : 1);
    }
    bounds.push({ from_value: from, to_value: null });
    return { bounds, isAdjacent };
  });

/** `tierBounds` with properties of each tier, as the list that a charge holds. */
export function tiersWith<T>(properties: fc.Arbitrary<T>) {
  return tierBounds.chain(({ bounds, isAdjacent }) =>
    fc
      .array(properties, { minLength: bounds.length, maxLength: bounds.length })
      .map((each) => ({ isAdjacent, ranges: bounds.map((bound, index) => ({ ...bound, ...(each[index] as T) })) })),
  );
}
