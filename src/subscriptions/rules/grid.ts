/**
 * The days on which periods begin (3.1 and 3.2 of the subscriptions spec). A grid is either every 7th day, or a day of
 * every 1st, 3rd, 6th or 12th month; that day is always computed from the anchor, never from the period before, so
 * that short months do not drag later periods: 31 Jan, 29 Feb, 31 Mar.
 */
import type { Interval } from "../../catalog/index.ts";
import { type DayNumber, dayInMonth, monthIndexOf, weekdayOf } from "../../kernel/calendar.ts";
import type { BillingTime } from "../model.ts";

export type Grid =
  | { readonly unit: "week"; readonly weekday: number }
  | { readonly unit: "months"; readonly step: number; readonly anchorMonth: number; readonly anchorDay: number };

const MONTHS_OF_INTERVAL = { monthly: 1, quarterly: 3, semiannual: 6, yearly: 12 } as const;
const CALENDAR_ANCHOR: DayNumber = 0; // 1 January 1970; its weekday does not matter, months and day do.
const MONDAY = 0;

/** `anchor`: the local day of `subscription_at`; only anniversaries ask for it. */
export function gridOf(interval: Interval, billingTime: BillingTime, anchor: DayNumber): Grid {
  if (interval === "weekly") return { unit: "week", weekday: billingTime === "calendar" ? MONDAY : weekdayOf(anchor) };
  const from = billingTime === "calendar" ? CALENDAR_ANCHOR : anchor;
  const anchorMonth = monthIndexOf(from);
  const anchorDay = from - dayInMonth(anchorMonth, 1) + 1;
  return { unit: "months", step: MONTHS_OF_INTERVAL[interval], anchorMonth, anchorDay };
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;

/** `begin(d)`: the first day of the period that contains `day`. */
export function beginOf(grid: Grid, day: DayNumber): DayNumber {
  if (grid.unit === "week") return day - modulo(weekdayOf(day) - grid.weekday, 7);
  const { step, anchorMonth, anchorDay } = grid;
  const month = monthIndexOf(day);
  const startMonth = month - modulo(month - anchorMonth, step);
  const start = dayInMonth(startMonth, anchorDay);
  return start <= day ? start : dayInMonth(startMonth - step, anchorDay);
}

/** The first day of the period after the one that begins on `start`. */
export function nextStart(grid: Grid, start: DayNumber): DayNumber {
  return grid.unit === "week" ? start + 7 : dayInMonth(monthIndexOf(start) + grid.step, grid.anchorDay);
}

/** The first day of the period before the one that begins on `start`. */
export function previousStart(grid: Grid, start: DayNumber): DayNumber {
  return grid.unit === "week" ? start - 7 : dayInMonth(monthIndexOf(start) - grid.step, grid.anchorDay);
}

export function isStart(grid: Grid, day: DayNumber): boolean {
  return beginOf(grid, day) === day;
}

/** The first start on or after `day`. */
export function startFrom(grid: Grid, day: DayNumber): DayNumber {
  const begin = beginOf(grid, day);
  return begin === day ? day : nextStart(grid, begin);
}

/** Days of the whole period that begins on `start`. */
export function lengthOf(grid: Grid, start: DayNumber): number {
  return nextStart(grid, start) - start;
}
