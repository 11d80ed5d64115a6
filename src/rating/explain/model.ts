/** How an amount came about, in parts that add up to it exactly. */
import type { Dec } from "../../kernel/decimal.ts";
import type { ProratedValue, RatedUsage } from "../model.ts";

export type PartKind =
  /** Units at a price each. */
  | "units"
  /** A tier's flat fee. */
  | "flat_fee"
  | "packages"
  /** Units at a rate in percent. */
  | "rate"
  /** A fixed amount for each event. */
  | "fixed_amount"
  /** Events that cost the minimum or maximum of an event. */
  | "minimum"
  | "maximum"
  /** What a minimum or maximum of one event adds or takes away. */
  | "min_max"
  /** Units or events that an allowance covers. */
  | "free_units"
  | "free_events"
  /** What the events were sent with. */
  | "event_amounts"
  /** What the metric's script added up. */
  | "script"
  /** What is left out because an amount does not go below zero. */
  | "not_below_zero"
  /** Amounts that came with events whose units add up to nothing. */
  | "without_units";

export interface PricePart {
  readonly kind: PartKind;
  /** The tier's bounds as they were given; null where the model has none. */
  readonly tier: { readonly from_value: unknown; readonly to_value: unknown } | null;
  /** Units, packages or events; null where the part is an amount alone. */
  readonly quantity: Dec | null;
  /** Major units for each, or percent of each (kind `rate`): quantity × price is the amount. Null where the part is an amount alone. */
  readonly price: Dec | null;
  /** Major units, unrounded. */
  readonly amount: Dec;
}

/** How one charge model comes to its price: the parts add up to `Price.amount`. */
export interface ModelExplanation<Terms> {
  explain(terms: Terms, usage: RatedUsage): PricePart[];
  /** Of prorated usage that is priced event by event. */
  explainPairs?(terms: Terms, usage: RatedUsage, pairs: readonly ProratedValue[]): PricePart[];
}
