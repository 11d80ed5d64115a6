/**
 * Days without a fee. A subscription that is paused keeps its plan, its days and its usage, which is billed as ever; but the
 * local days after that of the pause and before that of the resumption bear no subscription fee.
 */
import { type DayNumber, dateOf, isBefore, later, localDayNumber, startOfDayNumber } from "../../kernel/calendar.ts";
import type { BillingTerms, BillingWindows, Schedule, ScheduleMove, Window } from "../model.ts";
import { beginOf, lengthOf } from "./grid.ts";
import { feeWindow, isTrialOver, lifeOf } from "./windows.ts";

/** The first day without a fee, and the first one with a fee again (null: not yet). */
function pausedDays({ pauses, timezone }: BillingTerms): { readonly from: DayNumber; readonly to: DayNumber | null }[] {
  return pauses.map(({ from, to }) => ({
    from: localDayNumber(from, timezone) + 1,
    to: to === null ? null : localDayNumber(to, timezone),
  }));
}

/** How many of the local days that a window touches bear no fee. */
export function pausedDaysIn(terms: BillingTerms, { from, to }: Window): number {
  if (terms.pauses.length === 0 || !isBefore(from, to)) return 0;
  const first = localDayNumber(from, terms.timezone);
  const end = localDayNumber(to.subtract({ nanoseconds: 1 }), terms.timezone) + 1;
  // Pauses follow one another: no day is in two of them.
  return pausedDays(terms).reduce(
    (sum, pause) => sum + Math.max(0, Math.min(pause.to ?? end, end) - Math.max(pause.from, first)),
    0,
  );
}

/** Whether a fee window has a day that is to be paid. */
export function hasPaidDays(terms: BillingTerms, { from, to }: Window): boolean {
  if (terms.pauses.length === 0) return true;
  const days =
    localDayNumber(to.subtract({ nanoseconds: 1 }), terms.timezone) - localDayNumber(from, terms.timezone) + 1;
  return pausedDaysIn(terms, { from, to }) < days;
}

export const isPaused = ({ pauses }: { readonly pauses: readonly { readonly to: unknown }[] }): boolean =>
  pauses.some(({ to }) => to === null);

/** The rest of a period in advance that the resumption at `at` begins, as it was not billed on its day; null where there is none. */
export function restAfterPause(terms: BillingTerms, at: Temporal.Instant): Window | null {
  const life = lifeOf(terms);
  const day = localDayNumber(at, terms.timezone);
  const begin = Math.max(beginOf(life.main, day), life.startedDay);
  const wasPaused = pausedDays(terms).some(({ from, to }) => from <= begin && (to === null || begin <= to));
  if (!terms.pay_in_advance || !wasPaused || !isTrialOver(life, day)) return null;
  const { to } = feeWindow(life, beginOf(life.main, day));
  return { from: startOfDayNumber(day, terms.timezone), to };
}

export interface Resumption {
  readonly at: Temporal.Instant;
  readonly day: Temporal.PlainDate;
  readonly windows: BillingWindows;
  readonly move: ScheduleMove;
}

/** What a resumption bills, up to `now`; null where none is due. */
export function dueResumption(
  subscriptionId: string,
  terms: BillingTerms,
  schedules: readonly Schedule[],
  now: Temporal.Instant,
): Resumption | null {
  const schedule = schedules.find(({ kind }) => kind === "resume");
  const at = schedule?.next_due_at ?? null;
  if (schedule === undefined || at === null || isBefore(now, at)) return null;
  const life = lifeOf(terms);
  const day = localDayNumber(at, terms.timezone);
  const start = beginOf(life.main, day);
  const { to } = feeWindow(life, start);
  return {
    at,
    day: dateOf(day),
    windows: {
      subscription: { from: later(startOfDayNumber(day, terms.timezone), feeWindow(life, start).from), to },
      charges: null,
      fixed_charges: null,
      duration_days: lengthOf(life.main, start),
      charges_duration_days: 0,
      fixed_charges_duration_days: 0,
    },
    move: { subscription_id: subscriptionId, kind: "resume", from: schedule.billed_until, to: at, next_due_at: null },
  };
}
