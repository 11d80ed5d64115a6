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
import type {
  BillingTerms,
  BillingWindows,
  DueBillingDay,
  GridKind,
  NewSchedule,
  Schedule,
  ScheduleKind,
  ScheduleMove,
  Window,
} from "../model.ts";
import { beginOf, type Grid, nextStart, startFrom } from "./grid.ts";
import { hasPaidDays } from "./pause.ts";
import {
  absorbsElapsedPeriod,
  isTrialOver,
  type Life,
  lifeOf,
  periodicWindows,
  terminationWindows,
} from "./windows.ts";

const GRIDS = {
  subscription: ({ main }) => main,
  charges: ({ charges }) => charges,
  fixed_charges: ({ fixedCharges }) => fixedCharges,
} as const satisfies Record<GridKind, (life: Life) => Grid>;

const gridFor = (life: Life, kind: GridKind): Grid => GRIDS[kind](life);

/** Which schedule the fixed charges follow: one of their own only where no other has their days. */
function scheduleOfFixedCharges({ main, charges, fixedCharges }: Life): GridKind {
  if (fixedCharges === charges) return "charges";
  return fixedCharges === main ? "subscription" : "fixed_charges";
}

/** What a schedule of that kind has billed on a day with these windows. */
function windowFor(kind: GridKind, { subscription, charges, fixed_charges }: BillingWindows): Window {
  if (kind === "subscription") return subscription;
  return (kind === "charges" ? charges : fixed_charges) ?? subscription;
}

/**
 * The schedules of a subscription at its creation. The first billing day lies after the local day of the start and not
 * before that of the creation: of a start in the past, only the period that this day closes is billed (2.4). A trial that
 * was over before the creation is not due any more. `usage_from`: where usage begins, if not with the start.
 */
export function firstSchedules(terms: BillingTerms, usage_from?: Temporal.Instant): NewSchedule[] {
  const life = lifeOf(terms);
  const { started_at, created_at, trial_ends_at, timezone } = terms;
  const earliest = Math.max(life.startedDay + 1, localDayNumber(created_at, timezone));
  const kinds: readonly GridKind[] =
    scheduleOfFixedCharges(life) === "fixed_charges"
      ? ["subscription", "charges", "fixed_charges"]
      : ["subscription", "charges"];
  const schedules = kinds.map((kind): NewSchedule => {
    const day = startFrom(gridFor(life, kind), earliest);
    const { from } = windowFor(kind, periodicWindows(life, day));
    const billed_until = kind === "charges" && usage_from !== undefined ? usage_from : from;
    return { kind, billed_until, next_due_at: startOfDayNumber(day, timezone) };
  });
  if (trial_ends_at === null || !isBefore(later(started_at, created_at), trial_ends_at)) return schedules;
  return [...schedules, { kind: "trial", billed_until: started_at, next_due_at: trial_ends_at }];
}

const isOfGrid = (schedule: Schedule): schedule is Schedule & { readonly kind: GridKind } =>
  schedule.kind !== "trial" && schedule.kind !== "resume";

/**
 * The first day that a schedule is due: as it was stored, or (its subscription ended) worked out from what is billed.
 * Both are local midnights of a day that begins a period, perhaps in a time zone that the customer had before; so the
 * start next to them is meant, up to a day away.
 */
function firstDueDay(
  life: Life,
  { kind, billed_until, next_due_at }: Schedule & { readonly kind: GridKind },
): DayNumber {
  const grid = gridFor(life, kind);
  const { timezone, pay_in_advance } = life.terms;
  const startNextTo = (at: Temporal.Instant) => startFrom(grid, localDayNumber(at, timezone) - 1);
  if (next_due_at !== null) return startNextTo(next_due_at);
  // A fee in advance is billed on the day that begins its period, all else on the day after its last one.
  if (kind === "subscription" && pay_in_advance) return startNextTo(billed_until);
  const isFirst = localDayNumber(billed_until, timezone) === life.startedDay;
  return nextStart(grid, isFirst ? beginOf(grid, life.startedDay) : startNextTo(billed_until));
}

/** Days on which a schedule fell due up to `until`, oldest first; none from the day on which the subscription is to end. */
function dueDaysOf(life: Life, schedule: Schedule & { readonly kind: GridKind }, until: Temporal.Instant): DayNumber[] {
  const { terms, endingDay } = life;
  const grid = gridFor(life, schedule.kind);
  const end = terms.terminated_at === null ? endingDay : null;
  const days: DayNumber[] = [];
  let day = firstDueDay(life, schedule);
  while (!isBefore(until, startOfDayNumber(day, terms.timezone)) && (end === null || day < end)) {
    days.push(day);
    day = nextStart(grid, day);
  }
  return days;
}

/** Usage is billed from where it was billed to, whatever moved the boundary (a new time zone, say): no gap, no overlap. */
function continuedFrom(window: Window | null, billedUntil: Temporal.Instant | null): Window | null {
  if (window === null || billedUntil === null) return window;
  if (window.from.epochNanoseconds === billedUntil.epochNanoseconds) return window;
  return { from: billedUntil, to: later(window.to, billedUntil) };
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
  const due = schedules.filter(isOfGrid).map((schedule) => ({ schedule, days: dueDaysOf(life, schedule, now) }));
  const days = [...new Set(due.flatMap((each) => each.days))].sort((a, b) => a - b);
  const ofFixedCharges = scheduleOfFixedCharges(life);
  /** Where the first due window of that kind begins; null on later days. */
  const billedUntil = (kind: GridKind, day: DayNumber) => {
    const found = due.find(({ schedule }) => schedule.kind === kind);
    return found?.days[0] === day ? found.schedule.billed_until : null;
  };
  return days.map((day) => {
    const kinds = due.filter((each) => each.days.includes(day)).map(({ schedule }) => schedule.kind);
    const windows = periodicWindows(life, day);
    return {
      day: dateOf(day),
      windows: {
        ...windows,
        charges: continuedFrom(windows.charges, billedUntil("charges", day)),
        fixed_charges: continuedFrom(windows.fixed_charges, billedUntil("fixed_charges", day)),
      },
      kinds,
      bills_subscription_fee:
        kinds.includes("subscription") && isTrialOver(life, day) && hasPaidDays(terms, windows.subscription),
      bills_charges: kinds.includes("charges"),
      bills_fixed_charges: kinds.includes(ofFixedCharges),
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
  return schedules.filter(isOfGrid).flatMap(({ kind, billed_until }) => {
    const last = days.findLast(({ kinds }) => kinds.includes(kind));
    if (last === undefined) return [];
    const next = nextStart(gridFor(life, kind), dayNumberOf(last.day));
    return {
      subscription_id: subscriptionId,
      kind,
      from: billed_until,
      to: windowFor(kind, last.windows).to,
      next_due_at: terms.terminated_at === null ? startOfDayNumber(next, terms.timezone) : null,
    };
  });
}

/** Schedules as they stand after these moves. */
export function movedSchedules(schedules: readonly Schedule[], moves: readonly ScheduleMove[]): Schedule[] {
  return schedules.map((schedule) => {
    const move = moves.findLast(({ kind }) => kind === schedule.kind);
    return move === undefined ? schedule : { kind: move.kind, billed_until: move.to, next_due_at: move.next_due_at };
  });
}

/** When a schedule is due in the customer's present time zone: on the same day of the grid, or the one next to it. */
export function rescheduled(terms: BillingTerms, schedule: Schedule): Temporal.Instant | null {
  if (schedule.next_due_at === null || !isOfGrid(schedule)) return schedule.next_due_at;
  return startOfDayNumber(firstDueDay(lifeOf(terms), schedule), terms.timezone);
}

/** All that the end of a subscription must bill. */
export interface TerminationBilling {
  /** Periods that no run has billed, each on an invoice of its own, before the terminating invoice. */
  readonly missed: readonly DueBillingDay[];
  readonly windows: BillingWindows;
  /** A fee in advance was billed with its period; one in arrears is due up to the end, but for what is in the trial. */
  readonly bills_subscription_fee: boolean;
  readonly bills_charges: boolean;
  readonly bills_fixed_charges: boolean;
  /** The schedules' last step, once all this is billed (or waived). */
  readonly moves: readonly ScheduleMove[];
}

const isNotEmpty = (window: Window | null) => window !== null && isBefore(window.from, window.to);

/**
 * What the termination of a subscription must bill (3.7; `terms.terminated_at` is set), from all its schedules.
 * The period that ended on the very day of the termination goes on the terminating invoice, unless another plan follows.
 */
export function terminationBilling(
  subscriptionId: string,
  terms: BillingTerms,
  schedules: readonly Schedule[],
): TerminationBilling {
  const { terminated_at, timezone, pay_in_advance } = terms;
  if (terminated_at === null) throw new Error("terminationBilling: not terminated");
  const lastDay = localDayNumber(terminated_at, timezone);
  const isAbsorbed = ({ day }: DueBillingDay) => absorbsElapsedPeriod(terms) && dayNumberOf(day) === lastDay;
  const elapsed = dueBillingDays(terms, schedules, terminated_at);
  const missed = elapsed.filter((day) => !isAbsorbed(day));
  const absorbed = elapsed.find(isAbsorbed);
  const windows = terminationWindows(terms, {
    subscription: absorbed?.kinds.includes("subscription") ?? false,
    charges: absorbed?.bills_charges ?? false,
  });
  const steps = movesAfter(subscriptionId, terms, schedules, missed);
  const billedUntil = (kind: ScheduleKind): Temporal.Instant | null =>
    steps.find((step) => step.kind === kind)?.to ??
    schedules.find((schedule) => schedule.kind === kind)?.billed_until ??
    null;
  const charges = continuedFrom(windows.charges, billedUntil("charges"));
  const fixed_charges = continuedFrom(windows.fixed_charges, billedUntil("fixed_charges"));
  return {
    missed,
    windows: { ...windows, charges, fixed_charges },
    bills_subscription_fee:
      !pay_in_advance && isTrialOver(lifeOf(terms), lastDay) && hasPaidDays(terms, windows.subscription),
    bills_charges: isNotEmpty(charges),
    bills_fixed_charges: isNotEmpty(fixed_charges),
    moves: schedules.map(({ kind, billed_until }) => ({
      subscription_id: subscriptionId,
      kind,
      from: billed_until,
      to: later(billedUntil(kind) ?? billed_until, justAfter(terminated_at)),
      next_due_at: null,
    })),
  };
}
