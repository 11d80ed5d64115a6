/**
 * The subscription fee's amount: 4.3 of the subscriptions spec. The price of a day is the plan's amount over the days of
 * the whole period, also where the subscription covers only a part of it.
 */
import { daysTouched } from "../../kernel/calendar.ts";
import { type Dec, dec, round, toCents } from "../../kernel/decimal.ts";
import type { BillingTerms, BillingWindows } from "../../subscriptions/index.ts";

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

/**
 * What the plan costs for `windows.subscription`: 3,000 a month from 17 January on are 15 of 31 days, 1,452.
 * A link that is the first of its chain, on anniversaries and in advance, always pays its first period in full.
 */
export function subscriptionFeeAmount(
  plan: { readonly amount_cents: bigint },
  terms: BillingTerms,
  { subscription, duration_days }: BillingWindows,
  { isFirstLink }: { readonly isFirstLink: boolean },
): SubscriptionFeeAmount {
  const isFull = terms.pay_in_advance && terms.billing_time === "anniversary" && isFirstLink;
  const days = isFull ? duration_days : daysTouched(subscription.from, subscription.to, terms.timezone);
  const precise_amount_cents = prorated(plan.amount_cents, days, duration_days);
  return { amount_cents: toCents(round(precise_amount_cents)), precise_amount_cents };
}
