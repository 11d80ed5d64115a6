/** The parts that the fee of an event keeps in its amount_details: percentages (7.4 of the metering spec). Pure. */
import { dec, ZERO } from "../../kernel/decimal.ts";
import type { PricePart } from "../../rating/index.ts";

type Details = Readonly<Record<string, unknown>>;

const decimalIn = (details: Details, name: string) => {
  const value = details[name];
  return typeof value === "string" || typeof value === "number" ? dec(value) : ZERO;
};

export function explainDetails(details: Details): PricePart[] {
  const ranges = details.graduated_percentage_ranges;
  return Array.isArray(ranges) ? ranges.flatMap((range) => ofRange(range as Details)) : ofPercentage(details);
}

const part = (
  kind: PricePart["kind"],
  quantity: PricePart["quantity"],
  price: PricePart["price"],
  amount: PricePart["amount"],
  tier: PricePart["tier"] = null,
): PricePart => ({ kind, tier, quantity, price, amount });

/** The flat fee is due where the event is the first in the tier. */
function ofRange(range: Details): PricePart[] {
  const tier = { from_value: range.from_value, to_value: range.to_value };
  const flat = decimalIn(range, "flat_unit_amount");
  const units = decimalIn(range, "units");
  const total = decimalIn(range, "total_with_flat_amount");
  const parts = [part("rate", units, decimalIn(range, "rate"), total.minus(flat), tier)];
  return flat.eq(0) ? parts : [...parts, part("flat_fee", dec(1), flat, flat, tier)];
}

function ofPercentage(details: Details): PricePart[] {
  const read = (name: string) => decimalIn(details, name);
  const fixed = read("fixed_fee_total_amount");
  const adjustment = read("min_max_adjustment_total_amount");
  const some = (of: PricePart) => ((of.quantity ?? of.amount).eq(0) ? [] : [of]);
  return [
    ...some(part("free_units", read("free_units"), ZERO, ZERO)),
    part("rate", read("paid_units"), read("rate"), read("per_unit_total_amount")),
    ...some(part("free_events", read("free_events"), ZERO, ZERO)),
    ...(fixed.eq(0) ? [] : [part("fixed_amount", read("paid_events"), read("fixed_fee_unit_amount"), fixed)]),
    ...(adjustment.eq(0) ? [] : [part("min_max", null, null, adjustment)]),
  ];
}
