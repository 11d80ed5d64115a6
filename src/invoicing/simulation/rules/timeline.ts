/**
 * What falls due of one subscription, moment by moment, as the clock will do it: the rules of the run and of the other periodic works
 * upon schedules in memory. Usage plays no part in it. Pure.
 */
import { earlier, floorToMicrosecond, floorToMillisecond, isBefore } from "../../../kernel/calendar.ts";
import {
  beginsWithFee,
  begun,
  dueOnDayOf,
  effectiveAt,
  firstSchedules,
  hasUnitsInAdvance,
  movedSchedules,
  type Schedule,
  termsOf,
} from "../../../subscriptions/index.ts";
import { dayOf } from "../../rules/dates.ts";
import {
  type BillingFacts,
  billsAnything,
  type DueWork,
  joined,
  type Moment,
  periodicWork,
  startingWork,
  terminatingWork,
} from "../../rules/due-periods.ts";
import { AFTER_MIDNIGHT, nextRun } from "../../rules/run-times.ts";
import type { Line, StartingLine, Step } from "../model.ts";

const momentAt = (now: Temporal.Instant): Moment => ({ now, until: now, today: dayOf(now) });

type Event = "billing" | "activation" | "termination";

interface Moved {
  /** Null: it has ended. */
  readonly line: Line | null;
  readonly work: DueWork;
  readonly begins?: BillingFacts;
}

const NOTHING: DueWork = { periods: [], moves: [], switches: [], trialEnds: [] };

/** Every step from `from` on, those without a period too; it ends with the subscription. */
export function* timeline(start: StartingLine, from: Temporal.Instant): Generator<Step> {
  const first = beginning(start, momentAt(from));
  yield { now: from, work: first.work, begins: first.begins ?? null };
  let { line } = first;
  let now = from;
  /** Up to here a run found nothing to bill: what is due is left to the end. */
  let idleAt: Temporal.Instant | null = null;
  while (line !== null) {
    const coming = nextEvent(line, now, idleAt);
    if (coming === null) return;
    now = coming.at;
    const moved: Moved = HANDLERS[coming.event](line, momentAt(now));
    if (coming.event === "billing" && moved.work.moves.length === 0) idleAt = now;
    line = moved.line;
    yield { now, work: moved.work, begins: moved.begins ?? null };
  }
}

function nextEvent(
  { facts: { subscription, customer }, schedules }: Line,
  now: Temporal.Instant,
  idleAt: Temporal.Instant | null,
): { readonly event: Event; readonly at: Temporal.Instant } | null {
  const { status, subscription_at, ending_at } = subscription;
  const onDay = (at: Temporal.Instant) => {
    const day = dueOnDayOf(at, customer.timezone);
    return isBefore(now, day) ? day : nextHour(now);
  };
  if (status === "pending") return { event: "activation", at: onDay(subscription_at) };
  if (status !== "active") return null;
  const due = schedules.flatMap(dueAt).filter((at) => idleAt === null || isBefore(idleAt, at));
  const first = due.length === 0 ? null : due.reduce(earlier);
  const billing = first === null || isBefore(now, first) ? first : nextRun(now);
  const end = ending_at === null ? null : onDay(ending_at);
  if (billing !== null && (end === null || !isBefore(end, billing))) return { event: "billing", at: billing };
  return end === null ? null : { event: "termination", at: end };
}

/** When starts and ends that are late are made good. */
const nextHour = (after: Temporal.Instant) =>
  after.round({ smallestUnit: "hour", roundingMode: "floor" }).add({ hours: 1 });

/** The end of a trial or a pause is due at its instant. */
function dueAt({ kind, next_due_at }: Schedule): Temporal.Instant[] {
  if (next_due_at === null) return [];
  return [kind === "trial" || kind === "resume" ? next_due_at : next_due_at.add(AFTER_MIDNIGHT)];
}

const HANDLERS: Readonly<Record<Event, (line: Line, moment: Moment) => Moved>> = {
  billing: (line, moment) => {
    const { facts, schedules, next } = line;
    const due = schedules.filter(({ next_due_at }) => next_due_at !== null && !isBefore(moment.now, next_due_at));
    const work = periodicWork(facts, { schedules: due }, moment, next);
    const turn = work.switches.at(-1);
    if (turn !== undefined && next !== null)
      return { line: { facts: { ...next, subscription: turn.next }, schedules: turn.schedules, next: null }, work };
    const ended = work.trialEnds.at(-1);
    const subscription = ended === undefined ? facts.subscription : { ...facts.subscription, trial_ended_at: ended.at };
    return {
      line: { ...line, facts: { ...facts, subscription }, schedules: movedSchedules(schedules, work.moves) },
      work,
    };
  },

  activation: ({ facts, next }, moment) => {
    const { subscription, plan, customer } = facts;
    const { timezone } = customer;
    const started_at = floorToMillisecond(effectiveAt(subscription.subscription_at, moment.now, timezone));
    const link = begun({ subscription, plan, timezone, started_at, bills_start: true }, undefined, moment.now);
    const schedules = firstSchedules(termsOf(link, plan, timezone));
    return started({ facts: { ...facts, subscription: link }, schedules, next }, moment);
  },

  termination: ({ facts, schedules }, moment) => {
    const { subscription, customer } = facts;
    const ending = effectiveAt(subscription.ending_at as Temporal.Instant, moment.now, customer.timezone);
    const ended = {
      ...subscription,
      status: "terminated",
      terminated_at: floorToMicrosecond(ending),
      terminated_by: "ending_at",
    } as const;
    const closed = schedules.map((schedule) => ({ ...schedule, next_due_at: null }));
    const isWaived = subscription.on_termination_invoice !== "generate";
    return { line: null, work: terminatingWork({ ...facts, subscription: ended }, closed, moment, { isWaived }) };
  },
};

/** A start in the past waits for its next billing day. */
function started(line: Line, moment: Moment): Moved {
  const { subscription, plan, customer } = line.facts;
  if (!subscription.bills_start) return { line, work: NOTHING };
  if (!beginsWithFee(termsOf(subscription, plan, customer.timezone)))
    return { line, work: NOTHING, ...(hasUnitsInAdvance(plan) ? { begins: line.facts } : {}) };
  const work = startingWork(line.facts, line.schedules, moment);
  return { line: { ...line, schedules: movedSchedules(line.schedules, work.moves) }, work };
}

/** What has just begun bills its start; after an upgrade with the end of the plan before, on one invoice. */
function beginning({ before, is_new, ...line }: StartingLine, moment: Moment): Moved {
  if (!is_new || line.facts.subscription.status !== "active") return { line, work: NOTHING };
  if (before === null) return started(line, moment);
  const end = terminatingWork(before.facts, before.schedules, moment);
  const start = startingWork(line.facts, line.schedules, moment);
  if (!start.periods.some(billsAnything)) return { line, work: end };
  return { line: { ...line, schedules: movedSchedules(line.schedules, start.moves) }, work: joined([end, start]) };
}
