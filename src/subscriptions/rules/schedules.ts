/**
 * What is billed next, and what a run must make good. A subscription has a schedule for its fee and one for its usage;
 * each says up to where it is billed and when it is due again, so that a day which no run visited is billed by the next
 * run, on an invoice of its own and with the windows that it would have had.
 */
import {
  type DayNumber,
  dateOf,
  dayNumberOf,
  isBefore,
  justAfter,
  later,
  localDayNumber,
  startOfDayNumber,
} from "../../kernel/calendar.ts";
import type { BillingTerms, BillingWindows, DueBillingDay, Schedule, ScheduleKind, ScheduleMove } from "../model.ts";
import { beginOf, type Grid, nextStart, startFrom } from "./grid.ts";
import { absorbsElapsedPeriod, type Life, lifeOf, periodicWindows, terminationWindows } from "./windows.ts";

const gridFor = (life: Life, kind: ScheduleKind): Grid => (kind === "subscription" ? life.main : life.charges);

/** What a new subscription's schedules begin with. */
export interface NewSchedule {
  readonly kind: ScheduleKind;
  readonly billed_until: Temporal.Instant;
  readonly next_due_at: Temporal.Instant;
}

/**
 * The schedules of a subscription at its creation. The first billing day lies after the local day of the start and not
 * before that of the creation: of a start in the past, only the period that this day closes is billed (2.4).
 */
export function firstSchedules(terms: BillingTerms): NewSchedule[] {
  const life = lifeOf(terms);
  const { created_at, timezone } = terms;
  const earliest = Math.max(life.startedDay + 1, localDayNumber(created_at, timezone));
  return (["subscription", "charges"] as const).map((kind) => {
    const day = startFrom(gridFor(life, kind), earliest);
    const { subscription, charges } = periodicWindows(life, day);
    return {
      kind,
      billed_until: (kind === "charges" && charges !== null ? charges : subscription).from,
      next_due_at: startOfDayNumber(day, timezone),
    };
  });
}

/**
 * The first day that a schedule is due: as it was stored, or (its subscription ended) worked out from what is billed.
 * Both are local midnights of a day that begins a period, perhaps in a time zone that the customer had before; so the
 * start next to them is meant, up to a day away.
 */
function firstDueDay(life: Life, { kind, billed_until, next_due_at }: Schedule): DayNumber {
  const grid = gridFor(life, kind);
  const { timezone, pay_in_advance } = life.terms;
  const startNextTo = (at: Temporal.Instant) => startFrom(grid, localDayNumber(at, timezone) - 1);
  if (next_due_at !== null) return startNextTo(next_due_at);
  // A fee in advance is billed on the day that begins its period, all else on the day after its last one.
  if (kind === "subscription" && pay_in_advance) return startNextTo(billed_until);
  const isFirst = localDayNumber(billed_until, timezone) === life.startedDay;
  return nextStart(grid, isFirst ? beginOf(grid, life.startedDay) : startNextTo(billed_until));
}

/** Days on which a schedule fell due up to `until`, oldest first. */
function dueDaysOf(life: Life, schedule: Schedule, until: Temporal.Instant): DayNumber[] {
  const grid = gridFor(life, schedule.kind);
  const days: DayNumber[] = [];
  let day = firstDueDay(life, schedule);
  while (!isBefore(until, startOfDayNumber(day, life.terms.timezone))) {
    days.push(day);
    day = nextStart(grid, day);
  }
  return days;
}

/** Usage is billed from where it was billed to, whatever moved the boundary (a new time zone, say): no gap, no overlap. */
function continuedFrom(windows: BillingWindows, billedUntil: Temporal.Instant | null): BillingWindows {
  const { charges } = windows;
  if (charges === null || billedUntil === null) return windows;
  if (charges.from.epochNanoseconds === billedUntil.epochNanoseconds) return windows;
  return { ...windows, charges: { from: billedUntil, to: later(charges.to, billedUntil) } };
}

/**
 * What a run at `now` must bill for one subscription, oldest first, each on an invoice of its own. `schedules` are its
 * due ones. Of a terminated subscription: the days up to `now` that its end leaves unbilled.
 */
export function dueBillingDays(
  terms: BillingTerms,
  schedules: readonly Schedule[],
  now: Temporal.Instant,
): DueBillingDay[] {
  const life = lifeOf(terms);
  const due = schedules.map((schedule) => ({ schedule, days: dueDaysOf(life, schedule, now) }));
  const feeDays = due.find(({ schedule }) => schedule.kind === "subscription")?.days ?? [];
  const usage = due.find(({ schedule }) => schedule.kind === "charges");
  const usageDays = usage?.days ?? [];
  const days = [...new Set([...feeDays, ...usageDays])].sort((a, b) => a - b);
  return days.map((day) => {
    const bills_charges = usageDays.includes(day);
    const billedUntil = usage !== undefined && day === usageDays[0] ? usage.schedule.billed_until : null;
    return {
      day: dateOf(day),
      windows: continuedFrom(periodicWindows(life, day), billedUntil),
      bills_subscription_fee: feeDays.includes(day),
      bills_charges,
    };
  });
}

/** How the schedules stand once `days` (of dueBillingDays) are billed: to be given to moveSchedules. */
export function movesAfter(
  subscriptionId: string,
  terms: BillingTerms,
  schedules: readonly Schedule[],
  days: readonly DueBillingDay[],
): ScheduleMove[] {
  const life = lifeOf(terms);
  return schedules.flatMap(({ kind, billed_until }) => {
    const last = days.findLast((day) => (kind === "subscription" ? day.bills_subscription_fee : day.bills_charges));
    if (last === undefined) return [];
    const { subscription, charges } = last.windows;
    const next = nextStart(gridFor(life, kind), dayNumberOf(last.day));
    return {
      subscription_id: subscriptionId,
      kind,
      from: billed_until,
      to: (kind === "charges" && charges !== null ? charges : subscription).to,
      next_due_at: terms.terminated_at === null ? startOfDayNumber(next, terms.timezone) : null,
    };
  });
}

/** All that the end of a subscription must bill. */
export interface TerminationBilling {
  /** Periods that no run has billed, each on an invoice of its own, before the terminating invoice. */
  readonly missed: readonly DueBillingDay[];
  readonly windows: BillingWindows;
  /** A fee in advance was billed with its period; one in arrears is due up to the end. */
  readonly bills_subscription_fee: boolean;
  readonly bills_charges: boolean;
  /** The schedules' last step, once all this is billed (or waived). */
  readonly moves: readonly ScheduleMove[];
}

/**
 * What the termination of a subscription must bill (3.7; `terms.terminated_at` is set), from all its schedules.
 * The period that ended on the very day of the termination goes on the terminating invoice.
 */
export function terminationBilling(
  subscriptionId: string,
  terms: BillingTerms,
  schedules: readonly Schedule[],
): TerminationBilling {
  const { terminated_at, timezone, pay_in_advance } = terms;
  if (terminated_at === null) throw new Error("terminationBilling: not terminated");
  const lastDay = dateOf(localDayNumber(terminated_at, timezone));
  const isAbsorbed = ({ day }: DueBillingDay) => absorbsElapsedPeriod(terms) && day.equals(lastDay);
  const elapsed = dueBillingDays(terms, schedules, terminated_at);
  const missed = elapsed.filter((day) => !isAbsorbed(day));
  const absorbed = elapsed.find(isAbsorbed);
  const windows = terminationWindows(terms, {
    subscription: absorbed?.bills_subscription_fee ?? false,
    charges: absorbed?.bills_charges ?? false,
  });
  const steps = movesAfter(subscriptionId, terms, schedules, missed);
  const billedUntil = (schedule: Schedule) =>
    steps.find(({ kind }) => kind === schedule.kind)?.to ?? schedule.billed_until;
  const usage = schedules.find(({ kind }) => kind === "charges");
  const continued = continuedFrom(windows, usage === undefined ? null : billedUntil(usage));
  return {
    missed,
    windows: continued,
    bills_subscription_fee: !pay_in_advance,
    bills_charges: continued.charges !== null && isBefore(continued.charges.from, continued.charges.to),
    moves: schedules.map((schedule) => ({
      subscription_id: subscriptionId,
      kind: schedule.kind,
      from: schedule.billed_until,
      to: later(billedUntil(schedule), justAfter(terminated_at)),
      next_due_at: null,
    })),
  };
}
