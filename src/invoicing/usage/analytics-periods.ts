/** The days that usage is told apart by, and where each cuts the windows that usage is billed in. Pure. */
import { earlier, isBefore, later, startOfDay } from "../../kernel/calendar.ts";
import type { Window } from "../../subscriptions/index.ts";

export const GRANULARITIES = ["daily", "weekly", "monthly", "yearly"] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/** Whole local days, the last one included. */
export interface Period {
  readonly first: Temporal.PlainDate;
  readonly last: Temporal.PlainDate;
}

/** The whole day, week (from Monday), month or year that holds a day. */
export function periodOf(day: Temporal.PlainDate, granularity: Granularity): Period {
  const first =
    granularity === "daily"
      ? day
      : granularity === "weekly"
        ? day.subtract({ days: day.dayOfWeek - 1 })
        : granularity === "monthly"
          ? day.with({ day: 1 })
          : day.with({ month: 1, day: 1 });
  return { first, last: first.add(LENGTHS[granularity]).subtract({ days: 1 }) };
}

const LENGTHS: Readonly<Record<Granularity, Temporal.DurationLike>> = {
  daily: { days: 1 },
  weekly: { days: 7 },
  monthly: { months: 1 },
  yearly: { years: 1 },
};

/** All periods from the one that holds `from` to the one that holds `to`, or the first `max` and one more. */
export function periodsBetween(
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
  granularity: Granularity,
  max: number,
): Period[] {
  const periods: Period[] = [];
  let day = from;
  while (Temporal.PlainDate.compare(day, to) <= 0 && periods.length <= max) {
    const period = periodOf(day, granularity);
    periods.push(period);
    day = period.last.add({ days: 1 });
  }
  return periods;
}

/** A part of a usage window: what was used up to its end, less what was used up to its start. */
export interface Cut {
  /** Index of the period. */
  readonly period: number;
  /** Null: the window's own start, where nothing is used yet. */
  readonly from: Temporal.Instant | null;
  readonly to: Temporal.Instant;
}

/** The parts of a window that lie in the periods, in order; nothing beyond `end`. */
export function cutsOf(window: Window, periods: readonly Period[], timezone: string, end = window.to): Cut[] {
  return periods.flatMap(({ first, last }, period) => {
    const from = later(window.from, startOfDay(first, timezone));
    const to = earlier(earlier(window.to, end), startOfDay(last.add({ days: 1 }), timezone));
    if (!isBefore(from, to)) return [];
    return [{ period, from: from.equals(window.from) ? null : from, to }];
  });
}
