/** What of a subscription goes on which invoice, before its usage is known. Pure. */
import type { Plan } from "../../catalog/index.ts";
import type { BilledCustomer } from "../../customers/index.ts";
import { isBefore, later, localDate, startOfDay } from "../../kernel/calendar.ts";
import {
  type BillingTerms,
  type BillingWindows,
  beginsWithFee,
  currentFixedChargesWindow,
  type DueBillingDay,
  type DueSubscription,
  dueBillingDays,
  dueResumption,
  dueTrialEnd,
  firstUnitsAt,
  hasUnitsInAdvance,
  type LinkSwitch,
  movedSchedules,
  movesAfter,
  planSwitch,
  type Resumption,
  type Schedule,
  type ScheduleMove,
  type Subscription,
  startingWindows,
  type TrialEnd,
  terminationBilling,
  termsOf,
  type UsageWindow,
} from "../../subscriptions/index.ts";
import type { InvoicingReason } from "../model.ts";
import type { DayIn } from "./dates.ts";
import type { NumberingEntity } from "./numbers.ts";

/** What is known of a subscription when it is billed. */
export interface BillingFacts {
  readonly subscription: Subscription;
  readonly customer: BilledCustomer;
  readonly plan: Plan;
  /** Of a subscription that another one followed: that one's plan. */
  readonly successor_plan: Plan | null;
  /** The subscription's own billing entity, else the customer's. */
  readonly billing_entity: NumberingEntity;
}

/** What is known of the link that takes over when a period ends. */
export interface NextFacts extends BillingFacts {
  /** When the chain began. */
  readonly initial_started_at: Temporal.Instant;
}

/** The window of fixed charges that are paid in advance. */
export interface WindowAhead extends UsageWindow {
  /** Units that begin to count later are billed by themselves. */
  readonly known_until: Temporal.Instant;
}

/** One subscription's part of one invoice. */
export interface DuePeriod extends BillingFacts {
  readonly terms: BillingTerms;
  readonly reason: InvoicingReason;
  /** Periods of one occasion may share an invoice: the periodic run of a day, or one start, end or change of plan. */
  readonly occasion: string;
  /** The local day it is billed for: periods of several days never share an invoice. */
  readonly day: Temporal.PlainDate;
  /** The moment it is billed for: now, or the start of the local day on which it should have been. */
  readonly timestamp: Temporal.Instant;
  readonly windows: BillingWindows;
  /** Where another plan follows: usage is read up to here, as what happens at the very instant of the change is the successor's. */
  readonly usage_until: Temporal.Instant | null;
  readonly bills_subscription_fee: boolean;
  readonly bills_charges: boolean;
  /** Those in arrears, for `windows.fixed_charges`. */
  readonly bills_fixed_charges: boolean;
  /** Null: none are due. */
  readonly ahead: WindowAhead | null;
  /** A period of the plan itself ends with it: what is committed for that is due. */
  readonly closes_period: boolean;
}

/** When it is billed. */
export interface Moment {
  readonly now: Temporal.Instant;
  /** What fell due up to here is billed. */
  readonly until: Temporal.Instant;
  readonly today: DayIn;
}

export interface DueWork {
  /** Oldest first. */
  readonly periods: readonly DuePeriod[];
  /** How the schedules stand once all of them are billed. */
  readonly moves: readonly ScheduleMove[];
  /** Downgrades that take effect with this. */
  readonly switches: readonly LinkSwitch[];
  /** Trials that are over. */
  readonly trialEnds: readonly { readonly subscription_id: string; readonly at: Temporal.Instant }[];
}

const NOTHING: DueWork = { periods: [], moves: [], switches: [], trialEnds: [] };

/** The moment of a day's billing: now if it is today, else its beginning. */
function momentOf(day: Temporal.PlainDate, timezone: string, { now, today }: Moment): Temporal.Instant {
  return day.equals(today(timezone)) ? now : startOfDay(day, timezone);
}

/** 4.6: what is paid in advance is paid for the window that holds the moment which is billed for. */
function windowAhead(
  plan: Plan,
  terms: BillingTerms,
  at: Temporal.Instant,
  known_until: Temporal.Instant,
): WindowAhead | null {
  return hasUnitsInAdvance(plan) ? { ...currentFixedChargesWindow(terms, at), known_until } : null;
}

function periodicPeriod(facts: BillingFacts, terms: BillingTerms, due: DueBillingDay, moment: Moment): DuePeriod {
  const { day, windows, kinds, bills_subscription_fee, bills_charges, bills_fixed_charges } = due;
  const timestamp = momentOf(day, terms.timezone, moment);
  const begin = startOfDay(day, terms.timezone);
  return {
    ...facts,
    terms,
    reason: "subscription_periodic",
    occasion: "periodic",
    day,
    timestamp,
    windows,
    usage_until: null,
    ...{ bills_subscription_fee, bills_charges, bills_fixed_charges },
    ahead: bills_fixed_charges ? windowAhead(facts.plan, terms, begin, timestamp) : null,
    closes_period: kinds.includes("subscription"),
  };
}

function trialPeriod(
  facts: BillingFacts,
  terms: BillingTerms,
  { at, day, windows }: TrialEnd,
  moment: Moment,
): DuePeriod {
  const timestamp = day.equals(moment.today(terms.timezone)) ? moment.now : at;
  return {
    ...facts,
    terms,
    reason: "subscription_starting",
    occasion: `trial of ${facts.subscription.id}`,
    day,
    timestamp,
    windows,
    usage_until: null,
    bills_subscription_fee: true,
    bills_charges: false,
    bills_fixed_charges: false,
    // Of a start in the past nothing is paid yet.
    ahead: windowAhead(facts.plan, terms, at, timestamp),
    closes_period: false,
  };
}

function resumedPeriod(facts: BillingFacts, terms: BillingTerms, { at, day, windows }: Resumption): DuePeriod {
  return {
    ...facts,
    terms,
    reason: "subscription_periodic",
    occasion: `resumption of ${facts.subscription.id}`,
    day,
    timestamp: at,
    windows,
    usage_until: null,
    bills_subscription_fee: true,
    bills_charges: false,
    bills_fixed_charges: false,
    ahead: null,
    closes_period: false,
  };
}

const byDay = (a: DuePeriod, b: DuePeriod) => Temporal.PlainDate.compare(a.day, b.day);

/**
 * The periodic run: every missed billing day and today's, each for an invoice of its own, the end of a trial, and a due
 * downgrade with what the plan that follows owes since.
 */
export function periodicWork(
  facts: BillingFacts,
  { schedules }: Pick<DueSubscription, "schedules">,
  moment: Moment,
  next: NextFacts | null = null,
): DueWork {
  const { id } = facts.subscription;
  const terms = termsOf(facts.subscription, facts.plan, facts.customer.timezone);
  const days = dueBillingDays(terms, schedules, moment.until);
  const change = next === null ? -1 : days.findIndex(({ kinds }) => kinds.includes("subscription"));
  if (next !== null && change >= 0) return switchingWork({ facts, next, schedules, days, change }, moment);
  const trial = dueTrialEnd(id, terms, schedules, moment.until);
  const resumption = dueResumption(id, terms, schedules, moment.until);
  const periods = days.map((due) => periodicPeriod(facts, terms, due, moment));
  if (resumption !== null) periods.push(resumedPeriod(facts, terms, resumption));
  if (trial?.bills_subscription_fee) periods.push(trialPeriod(facts, terms, trial, moment));
  return {
    periods: periods.sort(byDay),
    moves: [...movesAfter(id, terms, schedules, days), ...[trial, resumption].flatMap((each) => each?.move ?? [])],
    switches: [],
    trialEnds: trial === null ? [] : [{ subscription_id: id, at: trial.at }],
  };
}

interface Switching {
  readonly facts: BillingFacts;
  readonly next: NextFacts;
  readonly schedules: readonly Schedule[];
  readonly days: readonly DueBillingDay[];
  /** Which of the days is that of the change. */
  readonly change: number;
}

/** Up to the change the old plan's days, then what the new one owes since; both on the invoice of the day itself. */
function switchingWork({ facts, next, schedules, days, change }: Switching, moment: Moment): DueWork {
  const old = facts.subscription;
  const { timezone } = facts.customer;
  const last = days[change] as DueBillingDay;
  const before = periodicWork(facts, { schedules }, { ...moment, until: justBefore(last.day, timezone) });
  const at = momentOf(last.day, timezone, moment);
  const { plan, initial_started_at } = next;
  const turn = planSwitch(
    { subscription: old, plan: facts.plan },
    { subscription: next.subscription, plan, initial_started_at },
    { day: last.day, at, timezone },
  );
  const occasion = `change of ${old.id}`;
  const ending: DuePeriod = {
    ...periodicPeriod(
      { ...facts, subscription: turn.old, successor_plan: next.plan },
      turn.oldTerms,
      { ...last, windows: turn.windows },
      moment,
    ),
    reason: "subscription_terminating",
    occasion,
    usage_until: null,
    bills_subscription_fee: !facts.plan.pay_in_advance && last.bills_subscription_fee,
    // From here on that is the next plan's.
    ahead: null,
  };
  const follower: BillingFacts = { ...next, subscription: turn.next };
  const terms = termsOf(turn.next, next.plan, timezone);
  const starting = startingPeriod(follower, terms, { occasion, timestamp: at, day: last.day });
  const following = periodicWork(follower, { schedules: turn.schedules }, moment);
  const begins = billsAnything(starting) ? [starting] : [];
  const upToChange = days.slice(0, change + 1);
  return {
    periods: [...before.periods, ending, ...begins, ...following.periods],
    moves: [
      ...before.moves.filter(({ kind }) => kind === "trial" || kind === "resume"),
      ...movesAfter(old.id, turn.oldTerms, schedules, upToChange),
    ],
    switches: [{ ...turn, schedules: movedSchedules(turn.schedules, following.moves) }, ...following.switches],
    trialEnds: [...before.trialEnds, ...following.trialEnds],
  };
}

interface StartMoment {
  readonly occasion: string;
  readonly day: Temporal.PlainDate;
  readonly timestamp: Temporal.Instant;
}

/** Whether a start owes anything. */
export const billsAnything = ({ bills_subscription_fee, ahead }: DuePeriod) => bills_subscription_fee || ahead !== null;

/** The first fee of a plan in advance (none in its trial), its fixed charges in advance, and no usage: of that there is none yet. */
function startingPeriod(facts: BillingFacts, terms: BillingTerms, at: StartMoment): DuePeriod {
  return {
    ...facts,
    terms,
    reason: "subscription_starting",
    ...at,
    windows: startingWindows(terms),
    usage_until: null,
    bills_subscription_fee: beginsWithFee(terms),
    bills_charges: false,
    bills_fixed_charges: false,
    ahead: windowAhead(facts.plan, terms, terms.started_at, later(at.timestamp, firstUnitsAt(terms.started_at))),
    closes_period: false,
  };
}

/** The invoice of a start. */
export function startingWork(facts: BillingFacts, schedules: readonly Schedule[], moment: Moment): DueWork {
  const { subscription } = facts;
  const terms = termsOf(subscription, facts.plan, facts.customer.timezone);
  const day = localDate(terms.started_at, terms.timezone);
  const period = startingPeriod(facts, terms, {
    occasion: `start of ${subscription.id}`,
    day,
    timestamp: momentOf(day, terms.timezone, moment),
  });
  const { to } = period.windows.subscription;
  const moves = schedules
    .filter(
      ({ kind, billed_until }) =>
        kind === "subscription" && period.bills_subscription_fee && isBefore(billed_until, to),
    )
    .map(({ kind, billed_until, next_due_at }) => ({
      subscription_id: subscription.id,
      ...{ kind, from: billed_until, to, next_due_at },
    }));
  return { ...NOTHING, periods: [period], moves };
}

/**
 * The missed periods, each for an invoice of its own, then what is left until the end (unless it is waived), on one invoice
 * with the first fee of the plan that an upgrade moved to.
 */
export function terminatingWork(
  facts: BillingFacts,
  schedules: readonly Schedule[],
  moment: Moment,
  { isWaived = false }: { readonly isWaived?: boolean } = {},
): DueWork {
  const { subscription, plan, customer } = facts;
  const terms = termsOf(subscription, plan, customer.timezone);
  const ending = terminationBilling(subscription.id, terms, schedules);
  const terminatedAt = terms.terminated_at ?? moment.now;
  const last: DuePeriod = {
    ...facts,
    terms,
    reason: "subscription_terminating",
    occasion: `end of ${subscription.id}`,
    day: localDate(terminatedAt, terms.timezone),
    timestamp: terminatedAt,
    windows: ending.windows,
    usage_until: terms.terminated_by === "upgrade" ? terminatedAt : null,
    bills_subscription_fee: ending.bills_subscription_fee,
    bills_charges: ending.bills_charges,
    bills_fixed_charges: ending.bills_fixed_charges,
    ahead: null,
    closes_period: true,
  };
  const missed = ending.missed.map((due) => periodicPeriod(facts, terms, due, moment));
  return { ...NOTHING, periods: isWaived ? missed : [...missed, last], moves: ending.moves };
}

/** The work of several subscriptions at one occasion: their last periods share an invoice where they may. */
export function joined(works: readonly DueWork[]): DueWork {
  const [first] = works;
  const occasion = first?.periods.at(-1)?.occasion ?? "";
  return {
    periods: works.flatMap(({ periods }, index) =>
      index === 0 ? periods : periods.map((period) => ({ ...period, occasion })),
    ),
    moves: works.flatMap(({ moves }) => moves),
    switches: works.flatMap(({ switches }) => switches),
    trialEnds: works.flatMap(({ trialEnds }) => trialEnds),
  };
}

/** The last microsecond before a local day begins. */
function justBefore(day: Temporal.PlainDate, timezone: string): Temporal.Instant {
  return startOfDay(day, timezone).subtract({ microseconds: 1 });
}
