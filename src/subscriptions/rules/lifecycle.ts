/** When a subscription begins, and what its end owes: 2.4 and 2.11 of the subscriptions spec. */
import { isBefore, later, localDate, localDayNumber } from "../../kernel/calendar.ts";
import type { Problem } from "../../kernel/failure.ts";
import type { BillingTerms, Schedule } from "../model.ts";
import { firstSchedules, terminationBilling } from "./schedules.ts";
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

/** 2.3: an end must lie on a later local day than today and than the start. Ends that are planned are not there yet. */
export function endingProblems(
  ending_at: Temporal.Instant | null,
  { subscription_at, now, timezone }: Omit<StartRequest, "lastBilledEnd">,
): Problem[] {
  if (ending_at === null) return [];
  const day = localDayNumber(ending_at, timezone);
  const isTooEarly = [now, subscription_at ?? now].some((at) => day <= localDayNumber(at, timezone));
  return [{ field: "ending_at", code: isTooEarly ? "invalid_date" : "not_supported_yet" }];
}

/** A plan that pays in advance and begins today begins with an invoice; a backdated one waits for its next billing day. */
export function beginsWithInvoice(terms: BillingTerms): boolean {
  const { pay_in_advance, subscription_at, created_at, timezone } = terms;
  return pay_in_advance && localDayNumber(subscription_at, timezone) === localDayNumber(created_at, timezone);
}

/**
 * Whether the end of a plan in advance leaves days that were billed and not used, for which a credit note is owed (8.8):
 * days after the local day of the end, in a period whose fee was billed (or is, as a missed one, by this very end).
 */
export function leavesPaidDays(
  terms: BillingTerms & { readonly terminated_at: Temporal.Instant },
  plan: { readonly amount_cents: bigint },
  schedules: readonly Schedule[],
): boolean {
  const { terminated_at, timezone, pay_in_advance } = terms;
  if (!pay_in_advance || plan.amount_cents === 0n) return false;
  const lastDay = currentPeriod(terms, terminated_at).to.subtract({ days: 1 });
  if (lastDay.equals(localDate(terminated_at, timezone))) return false;
  const fee = schedules.find(({ kind }) => kind === "subscription");
  if (fee === undefined) return false;
  if (!isBefore(terminated_at, fee.billed_until)) {
    return terminationBilling("", terms, schedules).missed.some(({ bills_subscription_fee }) => bills_subscription_fee);
  }
  const first = firstSchedules(terms).find(({ kind }) => kind === "subscription");
  const isFirstPeriod = first?.billed_until.epochNanoseconds === fee.billed_until.epochNanoseconds;
  return !isFirstPeriod || beginsWithInvoice(terms);
}
