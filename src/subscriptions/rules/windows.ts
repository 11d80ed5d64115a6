/**
 * Which days bill a subscription, and what each bills: chapter 3 of the subscriptions spec. On one invoice a plan in
 * advance is billed for the period that begins and its usage for the period that ended; a plan in arrears for the period
 * that ended. A yearly plan whose charges are billed monthly has two grids: 1 Jan for its fee, every month for its usage.
 */
import type { Plan } from "../../catalog/index.ts";
import {
  type DayNumber,
  dateOf,
  dayNumberOf,
  earlier,
  isBefore,
  justAfter,
  later,
  localDayNumber,
  startOfDayNumber,
} from "../../kernel/calendar.ts";
import type { BillingTerms, BillingWindows, Pause, Subscription, Window } from "../model.ts";
import { beginOf, type Grid, gridOf, isStart, lengthOf, nextStart, previousStart } from "./grid.ts";

const NO_PAUSES = [] as const;

const pauseOf = ({ from, to }: Pause) => ({
  from: Temporal.Instant.from(from),
  to: to === null ? null : Temporal.Instant.from(to),
});

/** The terms of a started subscription; `timezone` is the customer's applicable one. */
export function termsOf(
  subscription: Subscription,
  plan: Pick<Plan, "interval" | "pay_in_advance" | "bill_charges_monthly" | "bill_fixed_charges_monthly">,
  timezone: string,
): BillingTerms {
  const { billing_time, subscription_at, started_at } = subscription;
  if (started_at === null) throw new Error(`subscription ${subscription.id} has not started`);
  return {
    interval: plan.interval,
    billing_time,
    pay_in_advance: plan.pay_in_advance,
    bill_charges_monthly: plan.bill_charges_monthly,
    bill_fixed_charges_monthly: plan.bill_fixed_charges_monthly,
    subscription_at,
    started_at,
    created_at: subscription.created_at,
    ending_at: subscription.ending_at,
    terminated_at: subscription.terminated_at,
    terminated_by: subscription.terminated_by,
    trial_ends_at: subscription.trial_ends_at,
    pauses: subscription.pauses.length === 0 ? NO_PAUSES : subscription.pauses.map(pauseOf),
    timezone,
  };
}

/** Terms with what follows from them: worked out once, read by every rule. */
export interface Life {
  readonly terms: BillingTerms;
  /** The periods of the subscription fee. */
  readonly main: Grid;
  readonly charges: Grid;
  readonly fixedCharges: Grid;
  /** The local day of started_at. */
  readonly startedDay: DayNumber;
  /** The local day of ending_at. */
  readonly endingDay: DayNumber | null;
  /** The local day on which the trial ends. */
  readonly trialDay: DayNumber | null;
}

const dayOrNull = (at: Temporal.Instant | null, timezone: string) =>
  at === null ? null : localDayNumber(at, timezone);

export function lifeOf(terms: BillingTerms): Life {
  const { interval, billing_time, subscription_at, started_at, timezone } = terms;
  const startedDay = localDayNumber(started_at, timezone);
  const anchor =
    billing_time === "calendar" || subscription_at.epochNanoseconds === started_at.epochNanoseconds
      ? startedDay
      : localDayNumber(subscription_at, timezone);
  const main = gridOf(interval, billing_time, anchor);
  // 3.6: the monthly flags mean something for long intervals only.
  const isLong = interval === "yearly" || interval === "semiannual";
  const monthly = isLong ? gridOf("monthly", billing_time, anchor) : main;
  return {
    terms,
    main,
    charges: terms.bill_charges_monthly ? monthly : main,
    fixedCharges: terms.bill_fixed_charges_monthly ? monthly : main,
    startedDay,
    endingDay: dayOrNull(terms.ending_at, timezone),
    trialDay: dayOrNull(terms.trial_ends_at, timezone),
  };
}

/** 4.2, rule 3: in its trial a subscription has no fee, but on the day on which it ends. */
export function isTrialOver({ trialDay }: Life, day: DayNumber): boolean {
  return trialDay === null || trialDay <= day;
}

const startOf = ({ terms }: Life, day: DayNumber) => startOfDayNumber(day, terms.timezone);

/** The fee window of the period that begins on `start`: from the start day's first instant, even when the start was later. */
export function feeWindow(life: Life, start: DayNumber): Window {
  const end = nextStart(life.main, start);
  return {
    from: startOf(life, Math.max(start, life.startedDay)),
    // A period that ended before the subscription began ends with its first instant (3.4).
    to: end <= life.startedDay ? justAfter(life.terms.started_at) : startOf(life, end),
  };
}

/** A usage window of the period that begins on `start`: from the exact instant of the start. */
function usageWindow(life: Life, grid: Grid, start: DayNumber): Window {
  const from = later(startOf(life, start), life.terms.started_at);
  return { from, to: later(startOf(life, nextStart(grid, start)), from) };
}

/** The elapsed period's usage on a day that begins the next one; null on days in between (3.6). */
function elapsedUsage(life: Life, grid: Grid, day: DayNumber): { window: Window | null; days: number } {
  if (!isStart(grid, day)) return { window: null, days: 0 };
  const start = previousStart(grid, day);
  return { window: usageWindow(life, grid, start), days: day - start };
}

/** As windowsAt, for rules that hold a life already. */
export function periodicWindows(life: Life, day: DayNumber): BillingWindows {
  const current = beginOf(life.main, day);
  const start = life.terms.pay_in_advance ? current : previousStart(life.main, current);
  const charges = elapsedUsage(life, life.charges, day);
  const fixed = life.fixedCharges === life.charges ? charges : elapsedUsage(life, life.fixedCharges, day);
  return {
    subscription: feeWindow(life, start),
    charges: charges.window,
    fixed_charges: fixed.window,
    duration_days: lengthOf(life.main, start),
    charges_duration_days: charges.days,
    fixed_charges_duration_days: fixed.days,
  };
}

/** The windows of the periodic run of a local billing day (3.4 to 3.6), as if the subscription were not terminated. */
export function windowsAt(terms: BillingTerms, day: Temporal.PlainDate): BillingWindows {
  return periodicWindows(lifeOf(terms), dayNumberOf(day));
}

/**
 * The windows of the invoice of the first day: a plan in advance is billed up to its period's end, one in arrears for
 * nothing yet (3.7); no usage. An empty usage window stands at the start's instant.
 */
export function startingWindows(terms: BillingTerms): BillingWindows {
  const life = lifeOf(terms);
  const { main, charges, fixedCharges, startedDay } = life;
  const begin = beginOf(main, startedDay);
  const start = terms.pay_in_advance ? begin : previousStart(main, begin);
  const nothing: Window = { from: terms.started_at, to: terms.started_at };
  return {
    subscription: feeWindow(life, start),
    charges: nothing,
    fixed_charges: nothing,
    duration_days: lengthOf(main, start),
    charges_duration_days: lengthOf(charges, beginOf(charges, startedDay)),
    fixed_charges_duration_days: lengthOf(fixedCharges, beginOf(fixedCharges, startedDay)),
  };
}

/** Which elapsed periods still wait for their invoice on the day of the termination. */
export interface Unbilled {
  readonly subscription: boolean;
  readonly charges: boolean;
}

/**
 * The windows of the terminating invoice (3.7; `terms.terminated_at` is set). On the first local day of a period whose
 * predecessor is unbilled the fee is the predecessor's as a whole, nothing for the new day; the usage window reaches
 * from the predecessor's start to the termination, so that no usage is lost.
 */
export function terminationWindows(terms: BillingTerms, unbilled: Unbilled): BillingWindows {
  const life = lifeOf(terms);
  const { terminated_at, timezone } = terms;
  if (terminated_at === null) throw new Error("terminationWindows: not terminated");
  const day = localDayNumber(terminated_at, timezone);
  const isAbsorbing = absorbsElapsedPeriod(terms);
  const startOn = (grid: Grid, isUnbilled: boolean) => {
    const start = beginOf(grid, day);
    return isAbsorbing && isUnbilled && start === day ? previousStart(grid, start) : start;
  };
  const end = later(justAfter(terminated_at), justAfter(terms.started_at));
  const main = startOn(life.main, unbilled.subscription);
  const fee = feeWindow(life, main);
  const usage = (grid: Grid) => {
    const start = startOn(grid, unbilled.charges);
    const { from } = usageWindow(life, grid, start);
    return { window: { from, to: later(end, from) }, days: lengthOf(grid, start) };
  };
  const [charges, fixed] = [usage(life.charges), usage(life.fixedCharges)];
  return {
    subscription: { from: fee.from, to: earlier(fee.to, end) },
    charges: charges.window,
    fixed_charges: fixed.window,
    duration_days: lengthOf(life.main, main),
    charges_duration_days: charges.days,
    fixed_charges_duration_days: fixed.days,
  };
}

/**
 * The windows of the invoice on which a downgrade ends the old plan (3.7; `terms.terminated_at` is set): the period that
 * ended on the day before, as a whole. What a plan in advance would bill from this day on is the next link's.
 */
export function downgradeWindows(terms: BillingTerms, day: Temporal.PlainDate): BillingWindows {
  const { terminated_at, pay_in_advance } = terms;
  if (terminated_at === null) throw new Error("downgradeWindows: not terminated");
  const windows = windowsAt(terms, day);
  if (!pay_in_advance) return windows;
  const { from } = windows.subscription;
  return { ...windows, subscription: { from, to: later(justAfter(terminated_at), from) } };
}

const ONE_DAY = { hours: 24 };

/** 3.7: not within the first 24 hours of the subscription, nor where another plan follows. */
export function absorbsElapsedPeriod({ started_at, terminated_at, terminated_by }: BillingTerms): boolean {
  if (terminated_by === "upgrade" || terminated_by === "downgrade") return false;
  return terminated_at !== null && !isBefore(terminated_at.subtract(ONE_DAY), started_at);
}

export interface UsageWindow extends Window {
  /** Days of the whole period, also for a partial first one. */
  readonly duration_days: number;
}

/** The charges window that contains `now`, or the first one where `now` is before the start, or the last one after a termination (3.11). */
export function currentUsageWindow(terms: BillingTerms, now: Temporal.Instant): UsageWindow {
  const life = lifeOf(terms);
  const { started_at, terminated_at, timezone } = terms;
  const at = terminated_at === null ? later(now, started_at) : earlier(later(now, started_at), terminated_at);
  const start = beginOf(life.charges, localDayNumber(at, timezone));
  const { from, to } = usageWindow(life, life.charges, start);
  return {
    from,
    to: terminated_at === null ? to : later(earlier(to, justAfter(terminated_at)), from),
    duration_days: lengthOf(life.charges, start),
  };
}

/**
 * The fixed charges' window that contains `at`, or the first one where `at` is before the start: what those paid in advance
 * are billed for.
 */
export function currentFixedChargesWindow(terms: BillingTerms, at: Temporal.Instant): UsageWindow {
  const life = lifeOf(terms);
  const start = beginOf(life.fixedCharges, localDayNumber(later(at, terms.started_at), terms.timezone));
  return { ...usageWindow(life, life.fixedCharges, start), duration_days: lengthOf(life.fixedCharges, start) };
}

/** The whole local days [from, to) of the subscription's own period that contains `now`: when its fee is next due. */
export function currentPeriod(
  terms: BillingTerms,
  now: Temporal.Instant,
): { from: Temporal.PlainDate; to: Temporal.PlainDate } {
  const { main } = lifeOf(terms);
  const start = beginOf(main, localDayNumber(now, terms.timezone));
  return { from: dateOf(start), to: dateOf(nextStart(main, start)) };
}

/** Whether anything of the subscription is billed on this local day (3.1), whatever its start. */
export function isBillingDay(terms: BillingTerms, day: Temporal.PlainDate): boolean {
  const { main, charges, fixedCharges } = lifeOf(terms);
  const number = dayNumberOf(day);
  return isStart(main, number) || isStart(charges, number) || isStart(fixedCharges, number);
}

/** The first billing day strictly after a local day. */
export function nextBillingDay(terms: BillingTerms, after: Temporal.PlainDate): Temporal.PlainDate {
  const { main, charges, fixedCharges } = lifeOf(terms);
  const day = dayNumberOf(after);
  return dateOf(Math.min(...[main, charges, fixedCharges].map((grid) => nextStart(grid, beginOf(grid, day)))));
}

/**
 * 4.2, rule 2: whether the periodic run of a billing day bills the subscription fee. A plan billed monthly for its usage
 * only bills its fee on the day that begins a period of its own.
 */
export function isSubscriptionFeeDue(terms: BillingTerms, day: Temporal.PlainDate): boolean {
  return isStart(lifeOf(terms).main, dayNumberOf(day));
}
