/** What the charge models take and give. Pure: no I/O, no time. */
import type { ChargeProperties } from "../catalog/index.ts";
import type { Dec } from "../kernel/decimal.ts";

/**
 * The values of the single events, in order of time (2.7 of the metering spec). A count's events are each worth 1,
 * so they are never laid out: `units` of them make the running total, `events` of them are transactions
 * (a unique count has more events than units).
 */
export type Series = readonly Dec[] | { readonly units: number; readonly events: number };

/** One event of a prorated aggregation: its value, and what of it counts in the period (2.7 of the metering spec). */
export interface ProratedValue {
  readonly full: Dec;
  readonly prorated: Dec;
}

/** Which part of the series a price depends on. */
export type SeriesNeed =
  | { readonly kind: "none" }
  /** The first `count` values. */
  | { readonly kind: "first"; readonly count: number }
  /** The values until their running sum first exceeds `amount`, that one included. */
  | { readonly kind: "until_sum_exceeds"; readonly amount: Dec }
  | { readonly kind: "all" };

export interface RatedUsage {
  /** Aggregated units after the metric's rounding; those of a prorated charge prorated. */
  readonly units: Dec;
  /** Un-prorated, of a prorated charge: what a unit amount is the share of. Null otherwise. */
  readonly full_units: Dec | null;
  readonly events_count: number;
  /** At least what `seriesNeeded` asks for; null where that is nothing. */
  readonly series: Series | null;
  /** The events of a prorated charge, where `needsPairs`; null otherwise. */
  readonly pairs: readonly ProratedValue[] | null;
  /** Major units: what the events were sent with (dynamic), or what a custom aggregation added up. */
  readonly amount: Dec;
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
  /** The price of prorated usage event by event; absent where it is that of the sum. */
  pricePairs?(terms: Terms, usage: RatedUsage, pairs: readonly ProratedValue[]): Price;
}
