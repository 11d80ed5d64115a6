/** What of a subscription goes on which invoice, before its usage is known. Pure. */
import type { Charge, Plan } from "../../catalog/index.ts";
import type { BilledCustomer } from "../../customers/index.ts";
import { isBefore, localDate, startOfDay } from "../../kernel/calendar.ts";
import {
  type BillingTerms,
  type BillingWindows,
  type DueBillingDay,
  type DueSubscription,
  dueBillingDays,
  movesAfter,
  type Schedule,
  type ScheduleMove,
  type Subscription,
  startingWindows,
  type TerminationBilling,
  terminationBilling,
  termsOf,
} from "../../subscriptions/index.ts";
import type { InvoicingReason } from "../model.ts";
import type { DayIn } from "./dates.ts";
import type { NumberingEntity } from "./numbers.ts";

/** What is known of a subscription when it is billed. */
export interface BillingFacts {
  readonly subscription: Subscription;
  readonly customer: BilledCustomer;
  readonly plan: Plan;
  /** The subscription's own billing entity, else the customer's. */
  readonly billing_entity: NumberingEntity;
}

/** One subscription's part of one invoice. */
export interface DuePeriod extends BillingFacts {
  readonly terms: BillingTerms;
  readonly reason: InvoicingReason;
  /** The local day it is billed for: periods of several days never share an invoice. */
  readonly day: Temporal.PlainDate;
  /** The moment it is billed for: now, or the start of the local day on which it should have been. */
  readonly timestamp: Temporal.Instant;
  readonly windows: BillingWindows;
  readonly bills_subscription_fee: boolean;
  readonly bills_charges: boolean;
}

/** When it is billed. */
export interface Moment {
  readonly now: Temporal.Instant;
  readonly today: DayIn;
}

export interface DueWork {
  /** Oldest first. */
  readonly periods: readonly DuePeriod[];
  /** How the schedules stand once all of them are billed. */
  readonly moves: readonly ScheduleMove[];
}

function periodicPeriod(
  facts: BillingFacts,
  terms: BillingTerms,
  due: DueBillingDay,
  { now, today }: Moment,
): DuePeriod {
  const { day, windows, bills_subscription_fee, bills_charges } = due;
  const isToday = day.equals(today(terms.timezone));
  return {
    ...facts,
    terms,
    reason: "subscription_periodic",
    day,
    timestamp: isToday ? now : startOfDay(day, terms.timezone),
    windows,
    bills_subscription_fee,
    bills_charges,
  };
}

/** The periodic run: every missed billing day and today's, each for an invoice of its own. */
export function periodicWork(facts: BillingFacts, { schedules }: DueSubscription, moment: Moment): DueWork {
  const terms = termsOf(facts.subscription, facts.plan, facts.customer.timezone);
  const days = dueBillingDays(terms, schedules, moment.now);
  return {
    periods: days.map((due) => periodicPeriod(facts, terms, due, moment)),
    moves: movesAfter(facts.subscription.id, terms, schedules, days),
  };
}

/** The first fee of a plan in advance, and no usage: of that there is none yet. */
export function startingWork(facts: BillingFacts, schedules: readonly Schedule[], { now, today }: Moment): DueWork {
  const terms = termsOf(facts.subscription, facts.plan, facts.customer.timezone);
  const windows = startingWindows(terms);
  const period: DuePeriod = {
    ...facts,
    terms,
    reason: "subscription_starting",
    day: today(terms.timezone),
    timestamp: now,
    windows,
    bills_subscription_fee: true,
    bills_charges: false,
  };
  const moves = schedules
    .filter(({ kind, billed_until }) => kind === "subscription" && isBefore(billed_until, windows.subscription.to))
    .map(({ kind, billed_until, next_due_at }) => ({
      subscription_id: facts.subscription.id,
      kind,
      from: billed_until,
      to: windows.subscription.to,
      next_due_at,
    }));
  return { periods: [period], moves };
}

/** The missed periods, each for an invoice of its own, then what is left until the end. */
export function terminatingWork(facts: BillingFacts, schedules: readonly Schedule[], moment: Moment): DueWork {
  const terms = termsOf(facts.subscription, facts.plan, facts.customer.timezone);
  const ending: TerminationBilling = terminationBilling(facts.subscription.id, terms, schedules);
  const terminatedAt = terms.terminated_at ?? moment.now;
  const last: DuePeriod = {
    ...facts,
    terms,
    reason: "subscription_terminating",
    day: localDate(terminatedAt, terms.timezone),
    timestamp: terminatedAt,
    windows: ending.windows,
    bills_subscription_fee: ending.bills_subscription_fee,
    bills_charges: ending.bills_charges,
  };
  return {
    periods: [...ending.missed.map((due) => periodicPeriod(facts, terms, due, moment)), last],
    moves: ending.moves,
  };
}

/**
 * The charges whose usage an invoice bills (4.5): those that are invoiced at all, but for those of usage that is
 * billed event by event.
 */
export function invoicedCharges({ charges }: Plan): Charge[] {
  return charges.filter(
    ({ invoiceable, pay_in_advance, billable_metric }) => invoiceable && (!pay_in_advance || billable_metric.recurring),
  );
}
