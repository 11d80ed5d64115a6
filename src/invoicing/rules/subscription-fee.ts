/**
 * The subscription fee's amount: 4.3 of the subscriptions spec. The price of a day is the plan's amount over the days of
 * the whole period, also where the subscription covers only a part of it.
 */
import { daysTouched, isBefore, later } from "../../kernel/calendar.ts";
import { type Dec, dec, round, toCents } from "../../kernel/decimal.ts";
import { type BillingTerms, type BillingWindows, pausedDaysIn, type Window } from "../../subscriptions/index.ts";

export interface SubscriptionFeeAmount {
  /** Minor units, rounded half away from zero. */
  readonly amount_cents: bigint;
  /** Minor units, unrounded (40 decimals). */
  readonly precise_amount_cents: Dec;
}

/** `amount_cents` × `days` / `period_days`, multiplied first so that a whole period costs exactly the plan's amount. */
export function prorated(amount_cents: bigint, days: number, period_days: number): Dec {
  return days >= period_days ? dec(amount_cents) : dec(amount_cents).times(days).div(period_days);
}

export interface PaidDays {
  readonly days: number;
  /** Of the whole period. */
  readonly period_days: number;
  /** A first period that is paid in full although it is a part of one. */
  readonly is_full: boolean;
}

/**
 * The days of `windows.subscription` that are paid for. A link that is the first of its chain, on anniversaries and in
 * advance, always pays its first period in full. The days of a trial and of a pause are free; the day of an upgrade is paid on the next link alone.
 */
export function paidDays(
  terms: BillingTerms,
  { subscription, duration_days }: Pick<BillingWindows, "subscription" | "duration_days">,
  { isFirstLink }: { readonly isFirstLink: boolean },
): PaidDays {
  const { trial_ends_at, timezone } = terms;
  const { from, to } = subscription;
  const paidFrom = trial_ends_at === null ? from : later(from, trial_ends_at);
  const isWhole = terms.pauses.length === 0 && !isBefore(from, paidFrom);
  const is_full = terms.pay_in_advance && terms.billing_time === "anniversary" && isFirstLink && isWhole;
  const paid = isBefore(paidFrom, to)
    ? daysTouched(paidFrom, to, timezone) - pausedDaysIn(terms, { from: paidFrom, to })
    : 0;
  const days = is_full ? duration_days : Math.max(0, paid - unpaidDays(terms, subscription));
  return { days, period_days: duration_days, is_full };
}

/** What the plan costs for `windows.subscription`: 3,000 a month from 17 January on are 15 of 31 days, 1,452. */
export function subscriptionFeeAmount(
  plan: { readonly amount_cents: bigint },
  terms: BillingTerms,
  windows: BillingWindows,
  link: { readonly isFirstLink: boolean },
): SubscriptionFeeAmount {
  const { days, period_days } = paidDays(terms, windows, link);
  const precise_amount_cents = prorated(plan.amount_cents, days, period_days);
  return { amount_cents: toCents(round(precise_amount_cents)), precise_amount_cents };
}

/** 1 where the window ends with an upgrade. */
function unpaidDays({ terminated_by, terminated_at }: BillingTerms, { to }: Window): number {
  return terminated_by === "upgrade" && terminated_at !== null && isBefore(terminated_at, to) ? 1 : 0;
}
