/** Free days at the beginning of a chain: 2.13 of the subscriptions spec. */
import { dateOf, isBefore, localDayNumber } from "../../kernel/calendar.ts";
import type { BillingTerms, BillingWindows, Schedule, ScheduleMove } from "../model.ts";
import { beginOf, isStart, lengthOf } from "./grid.ts";
import { feeWindow, lifeOf } from "./windows.ts";

const MICROSECONDS_PER_DAY = 86_400_000_000;

/**
 * When the trial of a link ends: `trial_period` days (perhaps a fraction) after the first start of its chain, so that a
 * change of plan renews no trial. Null where there is none, or it was over when the link started.
 */
export function trialEndOf(
  trial_period: number | null,
  initial_start: Temporal.Instant,
  started_at: Temporal.Instant,
): Temporal.Instant | null {
  if (trial_period === null || trial_period <= 0) return null;
  const end = initial_start.add({ microseconds: Math.round(trial_period * MICROSECONDS_PER_DAY) });
  return isBefore(started_at, end) ? end : null;
}

export function isInTrial({ trial_ends_at }: Pick<BillingTerms, "trial_ends_at">, at: Temporal.Instant): boolean {
  return trial_ends_at !== null && isBefore(at, trial_ends_at);
}

export interface TrialEnd {
  readonly at: Temporal.Instant;
  readonly day: Temporal.PlainDate;
  readonly windows: BillingWindows;
  /** Whether it is billed: not where it ends on a billing day, whose run bills the fee. */
  readonly bills_subscription_fee: boolean;
  readonly move: ScheduleMove;
}

/** What the end of a trial bills, up to `now`; null where none is due. The fee's window is that of the period it falls in. */
export function dueTrialEnd(
  subscriptionId: string,
  terms: BillingTerms,
  schedules: readonly Schedule[],
  now: Temporal.Instant,
): TrialEnd | null {
  const schedule = schedules.find(({ kind }) => kind === "trial");
  const at = schedule?.next_due_at ?? null;
  if (schedule === undefined || at === null || isBefore(now, at)) return null;
  const life = lifeOf(terms);
  const { main, charges, fixedCharges, startedDay, endingDay } = life;
  const day = localDayNumber(at, terms.timezone);
  const start = beginOf(main, day);
  const nothing = { from: at, to: at };
  const isBilledByRun = isStart(main, day) && day > startedDay;
  const isLeftToTermination = terms.terminated_at === null && endingDay !== null && day >= endingDay;
  return {
    at,
    day: dateOf(day),
    windows: {
      subscription: feeWindow(life, start),
      charges: nothing,
      fixed_charges: nothing,
      duration_days: lengthOf(main, start),
      charges_duration_days: lengthOf(charges, beginOf(charges, day)),
      fixed_charges_duration_days: lengthOf(fixedCharges, beginOf(fixedCharges, day)),
    },
    bills_subscription_fee: terms.pay_in_advance && !isBilledByRun && !isLeftToTermination,
    move: { subscription_id: subscriptionId, kind: "trial", from: schedule.billed_until, to: at, next_due_at: null },
  };
}
