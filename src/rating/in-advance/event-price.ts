/**
 * What one event costs that is charged at once: the price of the usage with it, less the price without what it is charged
 * for (7.2 of the metering spec). Packages of 2 at 100.00, 3 units free: after 3 units (0.00) one more costs 100.00.
 */
import type { ChargeModel, ChargeProperties } from "../../catalog/index.ts";
import { type Dec, dec, max, round, sum, toWire, ZERO } from "../../kernel/decimal.ts";
import type { AmountDetails, RatedUsage } from "../model.ts";
import { parseProperties, price } from "../rules/charge-models.ts";
import { lineUp } from "../rules/graduated-percentage.ts";
import {
  type Allowance,
  allowanceWithin,
  isPerTransaction,
  linesBeyond,
  type PercentageTerms,
  perTransactionTotal,
  runningTotal,
} from "../rules/percentage.ts";
import { transactionAmount, type UsedAllowances } from "./allowances.ts";

/** The single events that a percentage depends on: counts of events worth 1 each, or what the event's value meets. */
export type EventSeries =
  | { readonly units: number; readonly events: number }
  | { readonly value: Dec; readonly before: UsedAllowances; readonly after: UsedAllowances };

export interface EventUsage {
  /** The bucket's units up to the event, itself included. */
  readonly units: Dec;
  /** The units that it is charged for; prorated where the charge is. */
  readonly increment: Dec;
  readonly events_count: number;
  /** Without this event: the same where it is none of those that are counted. */
  readonly events_before: number;
  /** Major units that came with the events (dynamic) or that a script added up (custom), with this one and without. */
  readonly amount: Dec;
  readonly amount_before: Dec;
  /** Percentages only. */
  readonly series: EventSeries | null;
}

export interface EventPrice {
  /** Major units, unrounded; never below zero. */
  readonly amount: Dec;
  readonly amount_details: AmountDetails;
}

/** The price of one event and its details (7.4 of the metering spec). Graduated prices are never prorated here. */
export function priceOfEvent(model: ChargeModel, properties: ChargeProperties, event: EventUsage): EventPrice {
  switch (model) {
    case "standard":
      return plain(price(model, properties, usageOf(event.increment, event)).amount);
    case "graduated":
      return plain(graduatedAmount(properties, event));
    case "graduated_percentage":
      return graduatedPercentagePrice(properties, event);
    case "percentage":
      return percentagePrice(parseProperties(model, properties), event);
    default:
      return plain(difference(model, properties, event));
  }
}

const plain = (amount: Dec): EventPrice => ({ amount: max(amount, ZERO), amount_details: {} });

function usageOf(units: Dec, event: EventUsage, amount: Dec = event.amount): RatedUsage {
  const { events_count } = event;
  return { units, full_units: null, events_count, series: null, pairs: null, amount };
}

function difference(model: ChargeModel, properties: ChargeProperties, event: EventUsage): Dec {
  const { units, increment, amount_before } = event;
  const without = price(model, properties, usageOf(units.minus(increment), event, amount_before));
  return price(model, properties, usageOf(units, event)).amount.minus(without.amount);
}

/** The first unit pays the first tier's flat fee as well; an event that is charged for nothing pays none. */
const paysFirstFlat = ({ units, increment }: EventUsage) => units.eq(increment);

function graduatedAmount(properties: ChargeProperties, event: EventUsage): Dec {
  if (event.increment.eq(0)) return ZERO;
  if (paysFirstFlat(event)) return price("graduated", properties, usageOf(event.units, event)).amount;
  return difference("graduated", properties, event);
}

/** `per_unit_total_amount` is an average that includes the flat fee. */
function graduatedPercentagePrice(properties: ChargeProperties, event: EventUsage): EventPrice {
  const { tiers } = parseProperties("graduated_percentage", properties);
  const lines = lineUp(event.units, tiers);
  const without = event.increment.eq(0)
    ? lines
    : paysFirstFlat(event)
      ? []
      : lineUp(event.units.minus(event.increment), tiers);
  const ranges = lines.map(({ tier, units, total }, index) => {
    const known = without[index];
    const own = { units: units.minus(known?.units ?? ZERO), total: total.minus(known?.total ?? ZERO) };
    return {
      from_value: tier.from_value,
      to_value: tier.to_value,
      flat_unit_amount: toWire(known === undefined ? tier.flat_amount : ZERO),
      rate: toWire(tier.rate),
      units: toWire(own.units),
      per_unit_total_amount: toWire(own.units.eq(0) ? ZERO : round(own.total.div(own.units), 2)),
      total_with_flat_amount: toWire(own.total),
    };
  });
  const totalOf = (some: typeof lines) => sum(some.map(({ total }) => total));
  return {
    amount: max(totalOf(lines).minus(totalOf(without)), ZERO),
    amount_details: { graduated_percentage_ranges: ranges },
  };
}

/** What is free of the usage up to the event is the same with it and without. */
function freeOf(terms: PercentageTerms, series: EventSeries | null): Allowance {
  if (series === null) return allowanceWithin(terms, { last: ZERO, afterFreeEvents: null, belowFreeAmount: 0 });
  if ("units" in series) return allowanceWithin(terms, runningTotal(terms, series));
  const { total, below_free_amount } = series.after;
  return allowanceWithin(terms, { last: total, afterFreeEvents: null, belowFreeAmount: below_free_amount });
}

/** What the event itself costs where there is a minimum or a maximum per event. */
function ownTransaction(terms: PercentageTerms, series: EventSeries | null): Dec {
  if (series === null) return ZERO;
  if ("value" in series) return transactionAmount(terms, series.before, series.value);
  const { units, events } = series;
  const without = events === 0 ? ZERO : perTransactionTotal(terms, { units, events: events - 1 });
  return perTransactionTotal(terms, series).minus(without);
}

function percentagePrice(terms: PercentageTerms, event: EventUsage): EventPrice {
  const free = freeOf(terms, event.series);
  const lines = linesBeyond(terms, event, free);
  const unitsWithout = event.units.minus(event.increment);
  const without = linesBeyond(terms, { units: unitsWithout, events_count: event.events_before }, free);
  const perUnit = lines.perUnitTotal.minus(without.perUnitTotal);
  const fixed = lines.fixedTotal.minus(without.fixedTotal);
  const parts = perUnit.plus(fixed);
  const amount = isPerTransaction(terms) ? ownTransaction(terms, event.series) : parts;
  const paid = paidUnits(event.units, lines).minus(paidUnits(unitsWithout, without));
  return {
    amount: max(amount, ZERO),
    amount_details: {
      rate: toWire(terms.rate),
      units: toWire(event.increment),
      free_units: toWire(event.increment.minus(paid)),
      paid_units: toWire(paid),
      free_events: toWire(dec(lines.freeEvents - without.freeEvents)),
      paid_events: toWire(dec(lines.paidEvents - without.paidEvents)),
      fixed_fee_unit_amount: toWire(lines.paidEvents > 0 ? terms.fixed_amount : ZERO),
      per_unit_total_amount: toWire(perUnit),
      fixed_fee_total_amount: toWire(fixed),
      min_max_adjustment_total_amount: toWire(amount.minus(parts)),
    },
  };
}

const paidUnits = (units: Dec, { freeUnits }: { readonly freeUnits: Dec }) => max(units.minus(freeUnits), ZERO);
