/** What the charge models take and give. Pure: no I/O, no time. */
import type { ChargeModel, ChargeProperties } from "../catalog/index.ts";
import type { Dec } from "../kernel/decimal.ts";

/** The charge models that are priced today. */
export type RatedModel = Exclude<ChargeModel, "dynamic" | "custom">;

/**
 * The values of the single events, in order of time (2.7 of the metering spec). A count's events are each worth 1,
 * so they are never laid out: `units` of them make the running total, `events` of them are transactions
 * (a unique count has more events than units).
 */
export type Series = readonly Dec[] | { readonly units: number; readonly events: number };

/** Which part of the series a price depends on. */
export type SeriesNeed =
  | { readonly kind: "none" }
  /** The first `count` values. */
  | { readonly kind: "first"; readonly count: number }
  /** The values until their running sum first exceeds `amount`, that one included. */
  | { readonly kind: "until_sum_exceeds"; readonly amount: Dec }
  | { readonly kind: "all" };

export interface RatedUsage {
  /** Aggregated units after the metric's rounding. */
  readonly units: Dec;
  readonly events_count: number;
  /** At least what `seriesNeeded` asks for; null where that is nothing. */
  readonly series: Series | null;
}

/** The contract's `amount_details`, ready for JSON. */
export type AmountDetails = Readonly<Record<string, unknown>>;

export interface Price {
  /** Major units, unrounded. */
  readonly amount: Dec;
  /** Major units per unit (40 decimals), 0 where there are none. */
  readonly unit_amount: Dec;
  readonly amount_details: AmountDetails;
}

/** One charge model: how its properties are read (once), and what usage costs under them. */
export interface ChargeModelRules<Terms> {
  parse(properties: ChargeProperties): Terms;
  price(terms: Terms, usage: RatedUsage): Price;
  /** Absent where the single events never matter. */
  seriesNeeded?(terms: Terms): SeriesNeed;
}
