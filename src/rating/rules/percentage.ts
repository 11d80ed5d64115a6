/**
 * A rate on the units and a fixed amount per event, after free events or a free amount, or event by event within a
 * minimum and a maximum (5.4 of the metering spec). 1.3 % and 2.00 an event: 800 units in 4 events are 10.40 + 8.00.
 */
import { ceil, type Dec, dec, max, toWire, ZERO } from "../../kernel/decimal.ts";
import type { ChargeModelRules, RatedUsage, Series, SeriesNeed } from "../model.ts";
import { decimal, decimalOrNull } from "./properties.ts";
import { unitAmount } from "./unit-amount.ts";

const PERCENT = dec("0.01");

export interface PercentageTerms {
  /** Percent. */
  readonly rate: Dec;
  /** Major units per event. */
  readonly fixed_amount: Dec;
  /** Events that are free, 0 where none is. */
  readonly free_events: number;
  /** Units that are free, 0 where none is. */
  readonly free_amount: Dec;
  /** Major units per event. */
  readonly transaction_min: Dec | null;
  readonly transaction_max: Dec | null;
}

export const percentage: ChargeModelRules<PercentageTerms> = {
  parse: (properties) => ({
    rate: decimal(properties, "rate"),
    fixed_amount: decimalOrNull(properties, "fixed_amount") ?? ZERO,
    free_events: Number((decimalOrNull(properties, "free_units_per_events") ?? ZERO).toFixed()),
    free_amount: decimalOrNull(properties, "free_units_per_total_aggregation") ?? ZERO,
    transaction_min: decimalOrNull(properties, "per_transaction_min_amount"),
    transaction_max: decimalOrNull(properties, "per_transaction_max_amount"),
  }),

  seriesNeeded(terms): SeriesNeed {
    if (isPerTransaction(terms)) return { kind: "all" };
    if (terms.free_events > 0) return { kind: "first", count: terms.free_events };
    if (terms.free_amount.gt(0)) return { kind: "until_sum_exceeds", amount: terms.free_amount };
    return { kind: "none" };
  },

  price(terms, usage) {
    const { units } = usage;
    const lines = linesOf(terms, usage);
    const parts = lines.perUnitTotal.plus(lines.fixedTotal);
    const amount = isPerTransaction(terms) ? perTransactionTotal(terms, usage.series ?? []) : parts;
    return {
      amount,
      unit_amount: unitAmount(amount, usage.full_units ?? units),
      amount_details: {
        units: toWire(units),
        free_units: toWire(lines.freeUnits),
        free_events: lines.freeEvents,
        paid_units: toWire(max(units.minus(lines.freeUnits), ZERO)),
        rate: toWire(terms.rate),
        per_unit_total_amount: toWire(lines.perUnitTotal),
        paid_events: lines.paidEvents,
        fixed_fee_unit_amount: toWire(lines.paidEvents > 0 ? terms.fixed_amount : ZERO),
        fixed_fee_total_amount: toWire(lines.fixedTotal),
        min_max_adjustment_total_amount: toWire(amount.minus(parts)),
      },
    };
  },
};

export function isPerTransaction({ transaction_min, transaction_max }: PercentageTerms): boolean {
  return transaction_min !== null || transaction_max !== null;
}

/** The two parts of the amount, before any minimum or maximum per event. */
export function linesOf(terms: PercentageTerms, usage: RatedUsage) {
  return linesBeyond(terms, usage, allowanceOf(terms, usage.series));
}

/** As linesOf, where it is known already what is free. */
export function linesBeyond(
  terms: PercentageTerms,
  { units, events_count }: Pick<RatedUsage, "units" | "events_count">,
  { freeUnits, freeEvents }: Allowance,
) {
  const paidEvents = Math.max(events_count - freeEvents, 0);
  return {
    freeUnits,
    freeEvents: Math.min(events_count, freeEvents),
    paidEvents,
    perUnitTotal: freeUnits.gt(units) ? ZERO : units.minus(freeUnits).times(terms.rate).times(PERCENT),
    fixedTotal: units.eq(0) ? ZERO : terms.fixed_amount.times(paidEvents),
  };
}

export interface Allowance {
  readonly freeUnits: Dec;
  readonly freeEvents: number;
}

/** The running total of the usage, as far as the allowances reach (2.7 of the metering spec). */
export interface RunningTotal {
  readonly last: Dec;
  /** The total after the last free event, where more events follow. */
  readonly afterFreeEvents: Dec | null;
  /** How many of its entries are strictly below the free amount. */
  readonly belowFreeAmount: number;
}

function allowanceOf(terms: PercentageTerms, series: Series | null): Allowance {
  return hasAllowance(terms) ? allowanceWithin(terms, runningTotal(terms, series ?? [])) : NOTHING_FREE;
}

const NOTHING_FREE: Allowance = { freeUnits: ZERO, freeEvents: 0 };

export function hasAllowance({ free_events, free_amount }: PercentageTerms): boolean {
  return free_events > 0 || !free_amount.eq(0);
}

/** The events that are free: the fewer of those the two allowances cover. The units: what they add up to, within the free amount. */
export function allowanceWithin(
  terms: PercentageTerms,
  { last, afterFreeEvents, belowFreeAmount }: RunningTotal,
): Allowance {
  if (!hasAllowance(terms)) return NOTHING_FREE;
  const { free_events, free_amount } = terms;
  const allowances = [free_events, belowFreeAmount].filter((events) => events > 0);
  return {
    freeUnits: last.eq(0)
      ? ZERO
      : (afterFreeEvents ?? (free_amount.eq(0) || last.lte(free_amount) ? last : free_amount)),
    freeEvents: allowances.length === 0 ? 0 : Math.min(...allowances),
  };
}

export function runningTotal({ free_events, free_amount }: PercentageTerms, series: Series): RunningTotal {
  const hasFreeAmount = free_amount.gt(0);
  if ("units" in series) {
    const { units } = series;
    return {
      last: dec(units),
      afterFreeEvents: free_events > 0 && free_events < units ? dec(free_events) : null,
      belowFreeAmount: hasFreeAmount ? Math.min(units, Number(ceil(free_amount).minus(1).toFixed())) : 0,
    };
  }
  // With free events the list ends at the last of them, so nothing follows it.
  const values = free_events > 0 ? series.slice(0, free_events) : series;
  let last = ZERO;
  let belowFreeAmount = 0;
  for (const value of values) {
    last = last.plus(value);
    if (hasFreeAmount && last.lt(free_amount)) belowFreeAmount += 1;
    if (free_events === 0 && last.gt(free_amount)) break;
  }
  return { last, afterFreeEvents: null, belowFreeAmount };
}

/** Events that are charged alike. */
export interface Transactions {
  /** How many. */
  readonly times: number;
  /** Units of each that are not free. */
  readonly units: Dec;
  /** What each costs, and whether a minimum or maximum per event decided it. */
  readonly amount: Dec;
  readonly bound: "none" | "minimum" | "maximum";
}

/**
 * Event by event, without the free ones: the free phase lasts while either allowance does, but where there is a free amount
 * it alone ends the phase. An event that it covers only in part pays its fixed amount and minimum in full.
 */
export function* transactionsOf(terms: PercentageTerms, series: Series): Generator<Transactions> {
  let freeEvents = terms.free_events;
  let freeAmount = terms.free_amount;
  for (const { value, times } of runsOf(series)) {
    let left = times;
    if (freeAmount.gt(0)) {
      const covered = Math.min(left, eventsWithin(freeAmount, value, times));
      freeAmount = freeAmount.minus(value.times(covered));
      freeEvents -= covered;
      left -= covered;
      if (left > 0) {
        yield transactions(terms, value.minus(freeAmount), 1);
        freeAmount = ZERO;
        freeEvents = 0;
        left -= 1;
      }
    } else if (freeEvents > 0) {
      const covered = Math.min(left, freeEvents);
      freeEvents -= covered;
      left -= covered;
    }
    if (left > 0) yield transactions(terms, value, left);
  }
}

export function perTransactionTotal(terms: PercentageTerms, series: Series): Dec {
  let total = ZERO;
  for (const { amount, times } of transactionsOf(terms, series)) total = total.plus(amount.times(times));
  return total;
}

/** Equal neighbours as one: a count of millions is priced in one step. */
function runsOf(series: Series): readonly { readonly value: Dec; readonly times: number }[] {
  if ("units" in series) return series.events === 0 ? [] : [{ value: dec(1), times: series.events }];
  return series.map((value) => ({ value, times: 1 }));
}

/** How many events of `value`, at most `times`, leave something of the free amount. */
function eventsWithin(freeAmount: Dec, value: Dec, times: number): number {
  if (value.lte(0)) return times;
  if (times === 1) return freeAmount.gt(value) ? 1 : 0;
  return Number(ceil(freeAmount.div(value)).minus(1).toFixed());
}

export function transactions(terms: PercentageTerms, units: Dec, times: number): Transactions {
  const { rate, fixed_amount, transaction_min, transaction_max } = terms;
  const amount = units.times(rate).times(PERCENT).plus(fixed_amount);
  if (transaction_min !== null && amount.lt(transaction_min))
    return { times, units, amount: transaction_min, bound: "minimum" };
  if (transaction_max !== null && amount.gt(transaction_max))
    return { times, units, amount: transaction_max, bound: "maximum" };
  return { times, units, amount, bound: "none" };
}
