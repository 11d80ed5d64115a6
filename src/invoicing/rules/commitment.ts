/** What is missing to a plan's minimum commitment: 10.4 and G13 of the metering spec, 4.8 of the subscriptions spec. Pure. */
import { daysTouched, isBefore, localDate, startOfDay } from "../../kernel/calendar.ts";
import { type Dec, dec, max, round, sum, toCents, ZERO } from "../../kernel/decimal.ts";
import { type Window, windowsAt } from "../../subscriptions/index.ts";
import type { PlannedFee } from "../model.ts";
import type { DuePeriod } from "./due-periods.ts";

/** What a plan's period comes to so far. */
export interface PeriodFees {
  /** Minor units, without commitment fees. */
  readonly amount_cents: bigint;
  readonly precise_amount_cents: Dec;
  /** Whether an invoice of the subscription's own periods billed a part of it. */
  readonly is_invoiced: boolean;
}

/** The part of a plan's period that is held against the commitment. */
export interface CommittedPeriod {
  readonly window: Window;
  readonly billed_days: number;
  /** Of the whole period. */
  readonly period_days: number;
}

const PRECISE_PLACES = 15;

/**
 * What the invoice of this period closes; null where it closes nothing. A plan in arrears is held to the period that it
 * bills; one in advance to the period before, and at its end to what is left.
 */
export function committedPeriod(
  due: Pick<DuePeriod, "plan" | "terms" | "reason" | "day" | "windows" | "closes_period">,
): CommittedPeriod | null {
  const { plan, terms, reason, day, windows, closes_period } = due;
  if (plan.minimum_commitment === null || !closes_period) return null;
  const isLast = reason === "subscription_terminating" && terms.terminated_by !== "downgrade";
  const { subscription: window, duration_days } =
    !terms.pay_in_advance || isLast ? windows : windowsAt({ ...terms, pay_in_advance: false }, day);
  // Before the subscription began there is nothing to close.
  const firstDay = startOfDay(localDate(terms.started_at, terms.timezone), terms.timezone);
  if (!isBefore(firstDay, window.to)) return null;
  const billed_days = daysTouched(window.from, window.to, terms.timezone);
  return billed_days === 0 ? null : { window, billed_days, period_days: duration_days };
}

/** Whether a fee counts towards what is committed for this window: it is that of the part of the period that it pays for. */
export function countsTowards({ fee_type, from }: Pick<PlannedFee, "fee_type" | "from">, window: Window): boolean {
  return fee_type !== "commitment" && !isBefore(from, window.from) && isBefore(from, window.to);
}

/** What was stored, and what is about to be. */
export function periodFees(stored: PeriodFees | null, planned: readonly PlannedFee[]): PeriodFees {
  return {
    amount_cents: planned.reduce((total, fee) => total + fee.amount_cents, stored?.amount_cents ?? 0n),
    precise_amount_cents: sum([
      stored?.precise_amount_cents ?? ZERO,
      ...planned.map((fee) => fee.precise_amount_cents),
    ]),
    is_invoiced: stored?.is_invoiced ?? false,
  };
}

/** Minor units, unrounded: the commitment's share of the days that are billed. */
export function committed(amount_cents: bigint, { billed_days, period_days }: Omit<CommittedPeriod, "window">): Dec {
  if (billed_days >= period_days) return dec(amount_cents);
  return dec(amount_cents).times(billed_days).div(period_days);
}

/** 10,000.00 for 2 of 29 days are 689.66; 36.90 billed leave 652.76. Null where nothing is missing. */
export function commitmentAmounts(
  amount_cents: bigint,
  part: Omit<CommittedPeriod, "window">,
  fees: Pick<PeriodFees, "amount_cents" | "precise_amount_cents">,
): { readonly amount_cents: bigint; readonly precise_amount_cents: Dec } | null {
  const whole = committed(amount_cents, part);
  const missing = toCents(round(whole)) - fees.amount_cents;
  if (missing <= 0n) return null;
  const precise = max(whole.minus(fees.precise_amount_cents), ZERO);
  return { amount_cents: missing, precise_amount_cents: round(precise, PRECISE_PLACES) };
}
