/** What is free, the rate on the rest, and the fixed amounts; event by event where an event has a minimum or a maximum. */
import { type Dec, dec, ZERO } from "../../kernel/decimal.ts";
import type { RatedUsage } from "../model.ts";
import { isPerTransaction, linesOf, type PercentageTerms, transactionsOf } from "../rules/percentage.ts";
import type { ModelExplanation, PricePart } from "./model.ts";
import { free, priced, rated } from "./parts.ts";

export const percentage: ModelExplanation<PercentageTerms> = {
  explain: (terms, usage) => (isPerTransaction(terms) ? ofEvents(terms, usage) : ofTheWhole(terms, usage)),
};

function ofTheWhole(terms: PercentageTerms, usage: RatedUsage): PricePart[] {
  const { freeUnits, freeEvents, paidEvents } = linesOf(terms, usage);
  const { units } = usage;
  // An allowance beyond what was used leaves nothing to pay.
  const paidUnits = freeUnits.gt(units) ? ZERO : units.minus(freeUnits);
  return [
    ...free("free_units", units.minus(paidUnits)),
    rated(paidUnits, terms.rate),
    ...free("free_events", dec(freeEvents)),
    ...fixed(terms, units.eq(0) ? 0 : paidEvents),
  ];
}

const fixed = ({ fixed_amount }: PercentageTerms, events: number): PricePart[] =>
  fixed_amount.eq(0) || events === 0 ? [] : [priced("fixed_amount", dec(events), fixed_amount)];

function ofEvents(terms: PercentageTerms, { series, events_count }: RatedUsage): PricePart[] {
  const events = { none: 0, minimum: 0, maximum: 0 };
  let units: Dec = ZERO;
  for (const transactions of transactionsOf(terms, series ?? [])) {
    events[transactions.bound] += transactions.times;
    if (transactions.bound === "none") units = units.plus(transactions.units.times(transactions.times));
  }
  const all = series === null ? events_count : "events" in series ? series.events : series.length;
  const paid = events.none + events.minimum + events.maximum;
  const bounded = (kind: "minimum" | "maximum", price: Dec | null): PricePart[] =>
    price === null || events[kind] === 0 ? [] : [priced(kind, dec(events[kind]), price)];
  return [
    ...free("free_events", dec(all - paid)),
    rated(units, terms.rate),
    ...fixed(terms, events.none),
    ...bounded("minimum", terms.transaction_min),
    ...bounded("maximum", terms.transaction_max),
  ];
}
