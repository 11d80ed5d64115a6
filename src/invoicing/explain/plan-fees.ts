/** Fees that are no usage explained: the plan's own, and what is missing to a charge's minimum. Pure. */

import type { AppliedPricingUnit } from "../../catalog/index.ts";
import { daysBetween } from "../../kernel/calendar.ts";
import { type Dec, dec, sum } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import { currentPeriod } from "../../subscriptions/index.ts";
import { paidDays, prorated } from "../rules/subscription-fee.ts";
import { explainAmount, moneyOf } from "./amounts.ts";
import type { FeeFacts } from "./facts.ts";
import type { AmountExplanation, ExplainedPart } from "./model.ts";
import { currencyUnit, inMoney } from "./words.ts";

const NO_UNITS = { units: [] } as const;

/** Days at what a day of the whole period comes to (4.3 of the subscriptions spec). */
export function explainSubscriptionFee({ version, terms, window, subscription }: FeeFacts): AmountExplanation {
  const { from, to } = currentPeriod({ ...terms, terminated_at: null }, window.from);
  const windows = { subscription: window, duration_days: daysBetween(from, to) };
  const isFirstLink = subscription.previous_subscription_id === null;
  const { days, period_days, is_full } = paidDays(terms, windows, { isFirstLink });
  const currency = version.amount_currency;
  const money = currencyUnit(currency);
  const amount = inMajorUnits(prorated(version.amount_cents, days, period_days), currency);
  const price = inMoney(inMajorUnits(dec(version.amount_cents), currency), money);
  const share = days >= period_days ? `${period_days} days` : `${days} of ${period_days} days`;
  const why = is_full ? " (the first period is paid in full)" : "";
  const part: ExplainedPart = {
    kind: "days",
    tier: null,
    quantity: dec(days),
    price: null,
    amount,
    text: `${share} of ${price}${why} = ${inMoney(amount, money)}`,
  };
  return { ...NO_UNITS, ...explainAmount([part], currency, null) };
}

export interface MinimumToExplain {
  /** Minor units, or cents of a credit. */
  readonly min_amount_cents: bigint;
  readonly billed_days: number;
  readonly period_days: number;
  /** What all filters and groups came to, in the same. */
  readonly used_cents: readonly bigint[];
  readonly currency: string;
  readonly applied: AppliedPricingUnit | null;
}

/** The minimum of the days that are billed, less what was used (8.4 of the metering spec). */
export function explainMinimum(minimum: MinimumToExplain): AmountExplanation {
  const { min_amount_cents, billed_days, period_days, used_cents, currency, applied } = minimum;
  const money = moneyOf(currency, applied);
  const major = (cents: Dec) => (applied === null ? inMajorUnits(cents, currency) : cents.times("0.01"));
  const whole = inMoney(major(dec(min_amount_cents)), money);
  const least = major(dec(min_amount_cents).times(billed_days).div(period_days));
  const used = major(sum(used_cents.map((cents) => dec(cents))));
  const parts: ExplainedPart[] = [
    {
      kind: "minimum_spending",
      tier: null,
      quantity: dec(billed_days),
      price: null,
      amount: least,
      text: `Minimum of ${billed_days} of ${period_days} days of ${whole} = ${inMoney(least, money)}`,
    },
    {
      kind: "used",
      tier: null,
      quantity: null,
      price: null,
      amount: used.neg(),
      text: `Used: −${inMoney(used, money)}`,
    },
  ];
  return { ...NO_UNITS, ...explainAmount(parts, currency, applied) };
}
