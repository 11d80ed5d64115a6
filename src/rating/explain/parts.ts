/** Making the parts of a price. */
import { type Dec, dec, ZERO } from "../../kernel/decimal.ts";
import type { PartKind, PricePart } from "./model.ts";

const PERCENT = dec("0.01");
const ONE = dec(1);

interface Bounds {
  readonly from_value: unknown;
  readonly to_value: unknown;
}

const boundsOf = (tier: Bounds | null) =>
  tier === null ? null : { from_value: tier.from_value, to_value: tier.to_value };

/** `quantity` at `price` each, in major units. */
export function priced(kind: PartKind, quantity: Dec, price: Dec, tier: Bounds | null = null): PricePart {
  return { kind, tier: boundsOf(tier), quantity, price, amount: quantity.times(price) };
}

/** `rate` percent of `quantity`. */
export function rated(quantity: Dec, rate: Dec, tier: Bounds | null = null): PricePart {
  return { kind: "rate", tier: boundsOf(tier), quantity, price: rate, amount: quantity.times(rate).times(PERCENT) };
}

/** A tier's flat fee; nothing where there is none. */
export function flat(amount: Dec, tier: Bounds | null): PricePart[] {
  return amount.eq(0) ? [] : [priced("flat_fee", ONE, amount, tier)];
}

/** What costs nothing; nothing where there is none of it. */
export function free(kind: "free_units" | "free_events", quantity: Dec): PricePart[] {
  return quantity.eq(0) ? [] : [priced(kind, quantity, ZERO)];
}

export function amountOnly(kind: PartKind, amount: Dec): PricePart {
  return { kind, tier: null, quantity: null, price: null, amount };
}
