/** Which charges a period bills, and how much of it (4.7, 7.6 and 8.1 of the metering spec, 4.5 of the subscriptions spec). Pure. */
import type { Charge } from "../../catalog/index.ts";
import { daysTouched, justAfter } from "../../kernel/calendar.ts";
import { currentUsageWindow, type Window } from "../../subscriptions/index.ts";
import type { DuePeriod } from "./due-periods.ts";

type Ending = Pick<DuePeriod, "subscription" | "successor_plan" | "reason">;

interface Ended extends Pick<DuePeriod, "subscription"> {
  readonly successor_plan: object | null;
}

const isUpgraded = ({ subscription, successor_plan }: Ended) =>
  subscription.terminated_by === "upgrade" && successor_plan !== null;

/** Days of a usage window that the subscription pays for: the day of an upgrade is its successor's. */
export function billedDays(period: Ended & Pick<DuePeriod, "terms">, { from, to }: Window): number {
  const { terminated_at } = period.subscription;
  const days = daysTouched(from, to, period.terms.timezone);
  const isLast = terminated_at !== null && justAfter(terminated_at).equals(to);
  return isLast && isUpgraded(period) ? Math.max(days - 1, 0) : days;
}

/** A recurring charge in advance: what is carried over is billed for the period to come. */
export const isRenewed = ({ pay_in_advance, billable_metric }: Charge): boolean =>
  pay_in_advance && billable_metric.recurring;

/** The charges whose usage in the period is rated: what an invoice bills, and what is renewed without one. */
export function ratedCharges(period: DuePeriod): Charge[] {
  return period.plan.charges.filter((charge) =>
    charge.pay_in_advance ? isRenewed(charge) && renews(charge, period) : !isLeftToSuccessor(charge, period),
  );
}

/** Nothing is renewed for a subscription that ends, but where a cheaper plan follows. */
function renews({ invoiceable }: Charge, period: DuePeriod): boolean {
  if (period.reason === "subscription_terminating") return period.subscription.terminated_by === "downgrade";
  return invoiceable || !replacedToday(period);
}

/** Renewals without an invoice wait where the subscription took another one's place on this very day. */
function replacedToday({ subscription, terms, day }: DuePeriod): boolean {
  const { previous_subscription_id, started_at } = subscription;
  if (previous_subscription_id === null || started_at === null) return false;
  return started_at.toZonedDateTimeISO(terms.timezone).toPlainDate().equals(day);
}

/** After an upgrade the successor bills what both plans count over all time, whole. */
function isLeftToSuccessor({ prorated, billable_metric }: Charge, period: Ending): boolean {
  if (!billable_metric.recurring || prorated || period.reason !== "subscription_terminating") return false;
  const successor = isUpgraded(period) ? period.successor_plan : null;
  return successor?.charges.some((charge) => charge.billable_metric.id === billable_metric.id) ?? false;
}

/** The period to come of a renewal: the whole days of the one that holds the moment it is billed for. */
export function renewedWindow({ terms, timestamp }: Pick<DuePeriod, "terms" | "timestamp">): Window {
  const { from, to } = currentUsageWindow({ ...terms, terminated_at: null }, timestamp);
  return { from: from.toZonedDateTimeISO(terms.timezone).startOfDay().toInstant(), to };
}
