/**
 * How far free events and a free amount are used up, event by event in order of time: all that a percentage in advance
 * needs of the events before (2.7, 5.4 and 7.2 of the metering spec). Pure.
 */
import type { ChargeProperties } from "../../catalog/index.ts";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import { parseProperties } from "../rules/charge-models.ts";
import { hasAllowance, isPerTransaction, type PercentageTerms, transactions } from "../rules/percentage.ts";

export interface UsedAllowances {
  /** The running total as far as the allowances look at it: how many events, their sum, how many sums are strictly below the free amount. */
  readonly events: number;
  readonly total: Dec;
  readonly below_free_amount: number;
  /** With a minimum or maximum per event: what is left, once it is counted event by event. */
  readonly free_events: number;
  readonly free_amount: Dec;
}

/** What decides about allowances: with other terms, what was used of them is to be counted again. */
export interface AllowanceTerms {
  readonly free_events: number;
  /** A decimal's text. */
  readonly free_amount: string;
  readonly is_per_event: boolean;
}

/** Null where nothing is free, so that events before do not matter. */
export function allowanceTerms(properties: ChargeProperties): AllowanceTerms | null {
  const terms = parseProperties("percentage", properties);
  if (!hasAllowance(terms)) return null;
  const { free_events, free_amount } = terms;
  return { free_events, free_amount: free_amount.toFixed(), is_per_event: isPerTransaction(terms) };
}

export function unusedAllowances(properties: ChargeProperties): UsedAllowances {
  const { free_events, free_amount } = parseProperties("percentage", properties);
  return { events: 0, total: ZERO, below_free_amount: 0, free_events, free_amount };
}

/** Whether further events still change what is used: after that, only an event dated before the last that did would. */
export function areAllowancesOpen(properties: ChargeProperties, used: UsedAllowances): boolean {
  const terms = parseProperties("percentage", properties);
  return isTotalOpen(terms, used) || (isPerTransaction(terms) && isAnythingFree(used));
}

/** With free events the running total ends at the last of them, else where it first exceeds the free amount. */
function isTotalOpen({ free_events, free_amount }: PercentageTerms, { events, total }: UsedAllowances): boolean {
  return free_events > 0 ? events < free_events : free_amount.gt(0) && total.lte(free_amount);
}

const isAnythingFree = ({ free_events, free_amount }: UsedAllowances) => free_events > 0 || free_amount.gt(0);

/** What is used after one more event. */
export function useAllowances(properties: ChargeProperties, used: UsedAllowances, value: Dec): UsedAllowances {
  const terms = parseProperties("percentage", properties);
  return { ...runOn(terms, used, value), ...leftAfter(used, value) };
}

/** Whether the event between the two used nothing. */
export function areUsedAlike(before: UsedAllowances, after: UsedAllowances): boolean {
  return (
    before.events === after.events &&
    before.free_events === after.free_events &&
    before.free_amount.eq(after.free_amount)
  );
}

function runOn(terms: PercentageTerms, used: UsedAllowances, value: Dec) {
  const { events, total, below_free_amount } = used;
  if (!isTotalOpen(terms, used)) return { events, total, below_free_amount };
  const sum = total.plus(value);
  const isBelow = terms.free_amount.gt(0) && sum.lt(terms.free_amount);
  return { events: events + 1, total: sum, below_free_amount: below_free_amount + (isBelow ? 1 : 0) };
}

/** The free phase of 5.4: a free amount alone ends it where there is one, else the number of events. */
function leftAfter({ free_events, free_amount }: UsedAllowances, value: Dec) {
  if (free_amount.gt(0)) {
    if (free_amount.gt(value)) return { free_events: free_events - 1, free_amount: free_amount.minus(value) };
    return { free_events: 0, free_amount: ZERO };
  }
  return { free_events: Math.max(free_events - 1, 0), free_amount };
}

/** What an event costs by itself within the minimum and maximum, after `before` was used. */
export function transactionAmount(terms: PercentageTerms, before: UsedAllowances, value: Dec): Dec {
  const { free_events, free_amount } = before;
  if (free_amount.gt(0)) {
    return free_amount.gt(value) ? ZERO : transactions(terms, value.minus(free_amount), 1).amount;
  }
  return free_events > 0 ? ZERO : transactions(terms, value, 1).amount;
}
