/** When a subscription begins, and what its end owes: 2.4 and 2.11 of the subscriptions spec. */
import type { Plan } from "../../catalog/index.ts";
import { isBefore, later, localDate, localDayNumber, startOfDay } from "../../kernel/calendar.ts";
import type { Problem } from "../../kernel/failure.ts";
import type { BillingTerms, Schedule } from "../model.ts";
import { isPaused, pausedDaysIn } from "./pause.ts";
import { currentPeriod } from "./windows.ts";

export interface StartRequest {
  /** Null: now. */
  readonly subscription_at: Temporal.Instant | null;
  readonly now: Temporal.Instant;
  readonly timezone: string;
  /** When the customer's last subscription of this external id ended with an invoice: what that billed is not billed again. */
  readonly lastBilledEnd: Temporal.Instant | null;
}

export interface Start {
  readonly subscription_at: Temporal.Instant;
  readonly started_at: Temporal.Instant;
  /** By local days. One in the past is billed by the next periodic run only, one of today begins with an invoice if paid in advance. */
  readonly when: "past" | "today" | "future";
}

/** 2.4: local days are compared, so later today is today. */
export function startOf({ subscription_at, now, timezone, lastBilledEnd }: StartRequest): Start {
  const anchor = subscription_at ?? now;
  const days = localDayNumber(anchor, timezone) - localDayNumber(now, timezone);
  return {
    subscription_at: anchor,
    started_at: lastBilledEnd === null ? anchor : later(anchor, lastBilledEnd),
    when: days < 0 ? "past" : days === 0 ? "today" : "future",
  };
}

/** 2.3: an end must lie on a later local day than today and than the start. */
export function endingProblems(
  ending_at: Temporal.Instant | null,
  { subscription_at, now, timezone }: Omit<StartRequest, "lastBilledEnd">,
): Problem[] {
  if (ending_at === null) return [];
  const day = localDayNumber(ending_at, timezone);
  const isTooEarly = [now, subscription_at ?? now].some((at) => day <= localDayNumber(at, timezone));
  return isTooEarly ? [{ field: "ending_at", code: "invalid_date" }] : [];
}

/** Whether the start itself bills a fee: of a plan in advance that is not in its trial on that day. */
export function beginsWithFee(terms: BillingTerms): boolean {
  const { pay_in_advance, trial_ends_at, started_at, timezone } = terms;
  // A downgrade may take effect in a pause.
  if (!pay_in_advance || isPaused(terms)) return false;
  return trial_ends_at === null || localDayNumber(trial_ends_at, timezone) <= localDayNumber(started_at, timezone);
}

const FIRST_UNITS = { seconds: 1 };

/** When the first units of fixed charges count, of what starts then: from the second after the start (4.6). */
export const firstUnitsAt = (started_at: Temporal.Instant): Temporal.Instant => started_at.add(FIRST_UNITS);

/** Whether anything of the plan's fixed charges is paid in advance. */
export function hasUnitsInAdvance({ fixed_charges }: Pick<Plan, "fixed_charges">): boolean {
  return fixed_charges.some(({ pay_in_advance }) => pay_in_advance);
}

/** What of a subscription decides whether its days are paid already. */
export interface PaidDays {
  readonly terms: BillingTerms;
  readonly bills_start: boolean;
  readonly amount_cents: bigint;
  readonly schedules: readonly Schedule[];
}

/**
 * Whether the end of a plan in advance leaves days that were billed and not used, for which a credit note is owed (8.8):
 * days after the local day of the end (an upgrade's day is one of them), in a period whose fee was billed, or is, as a
 * missed one, by this very end.
 */
export function leavesPaidDays(
  { terms, bills_start, amount_cents, schedules }: PaidDays,
  at: Temporal.Instant,
  { isUpgrade = false }: { readonly isUpgrade?: boolean } = {},
): boolean {
  const { timezone, pay_in_advance, started_at, trial_ends_at } = terms;
  if (!pay_in_advance || amount_cents === 0n) return false;
  const { from, to } = currentPeriod(terms, at);
  const today = localDate(at, timezone);
  if (!isUpgrade && to.subtract({ days: 1 }).equals(today)) return false;
  // Days of a trial were never billed: neither those of a trial that goes on, nor of one that ends with the period.
  if (trial_ends_at !== null && Temporal.PlainDate.compare(localDate(trial_ends_at, timezone), today) > 0) return false;
  // Nor those of a period that began in a pause which goes on.
  if (isPaused(terms) && pausedDaysIn(terms, dayOf(from, timezone)) > 0) return false;
  // The period of the start, and of a start in the past also that in which it was asked for, is billed by no run.
  const isFirst = Temporal.PlainDate.compare(from, localDate(started_at, timezone)) <= 0;
  const isBackdated = !bills_start && Temporal.PlainDate.compare(from, localDate(terms.created_at, timezone)) < 0;
  if (isFirst || isBackdated)
    return bills_start || (trial_ends_at !== null && !isBefore(trial_ends_at, terms.created_at));
  const fee = schedules.find(({ kind }) => kind === "subscription");
  if (fee === undefined) return false;
  if (isBefore(at, fee.billed_until)) return true;
  // Not billed yet: it is a missed period, unless this is the very day on which it begins.
  return isUpgrade || !from.equals(today);
}

const dayOf = (day: Temporal.PlainDate, timezone: string) => ({
  from: startOfDay(day, timezone),
  to: startOfDay(day.add({ days: 1 }), timezone),
});

/**
 * As leavesPaidDays, told in advance: whether a planned end would leave days that are paid by then. An end on the first day
 * of a period comes before that period is billed.
 */
export function endLeavesPaidDays(
  terms: BillingTerms,
  { amount_cents }: { readonly amount_cents: bigint },
  ending_at: Temporal.Instant,
): boolean {
  const { timezone, started_at } = terms;
  const day = localDate(ending_at, timezone);
  const { from } = currentPeriod(terms, ending_at);
  if (from.equals(day) && !localDate(started_at, timezone).equals(day)) return false;
  return leavesPaidDays({ terms, bills_start: true, amount_cents, schedules: ALL_BILLED }, ending_at);
}

const ALL_BILLED: readonly Schedule[] = [
  { kind: "subscription", billed_until: Temporal.Instant.from("9999-12-31T00:00:00Z"), next_due_at: null },
];

const PERIODS_A_YEAR = { yearly: 1n, semiannual: 2n, quarterly: 4n, monthly: 12n, weekly: 52n } as const;

/** What a plan costs a year: 2.3. A change to an equal or higher one is an upgrade. */
export function yearlyAmount({ interval, amount_cents }: Pick<Plan, "interval" | "amount_cents">): bigint {
  return amount_cents * PERIODS_A_YEAR[interval];
}
