/** When the clock does something with a subscription besides billing it: chapter 11 of the subscriptions spec. */
import { earlier, isBefore, localDate, startOfDay } from "../../kernel/calendar.ts";
import type { ActivationRule, Subscription } from "../model.ts";

/** The first instant of the local day on which `at` falls: starts and ends are due by the customer's days. */
export function dueOnDayOf(at: Temporal.Instant, timezone: string): Temporal.Instant {
  return startOfDay(localDate(at, timezone), timezone);
}

const ALERT_DAYS = [45, 15] as const;

/** The next of the days on which an end is announced (UTC), from `now`'s own on, but after `last`; null where none is left. */
export function nextAlert(
  ending_at: Temporal.Instant | null,
  now: Temporal.Instant,
  last: Temporal.Instant | null = null,
): Temporal.Instant | null {
  if (ending_at === null) return null;
  const today = dueOnDayOf(now, "UTC");
  const days = ALERT_DAYS.map((days) => dueOnDayOf(ending_at, "UTC").subtract({ hours: days * 24 }));
  return days.find((day) => !isBefore(day, today) && (last === null || isBefore(last, day))) ?? null;
}

/** The kinds of dues that follow from where a subscription stands. */
export function duesOf(
  {
    status,
    subscription_at,
    ending_at,
    activation_rules,
    previous_subscription_id,
  }: Pick<Subscription, "status" | "subscription_at" | "ending_at" | "activation_rules" | "previous_subscription_id">,
  timezone: string,
  now: Temporal.Instant,
) {
  const isStanding = status === "active" && ending_at !== null;
  return {
    activation:
      status === "pending" && previous_subscription_id === null ? dueOnDayOf(subscription_at, timezone) : null,
    termination: isStanding ? dueOnDayOf(ending_at, timezone) : null,
    termination_alert: isStanding ? nextAlert(ending_at, now) : null,
    activation_expiration: status === "incomplete" ? expiryOf(activation_rules) : null,
  } as const;
}

/** When the first of the pending rules expires; null where all may wait for ever. */
export function expiryOf(rules: readonly ActivationRule[]): Temporal.Instant | null {
  const moments = rules.flatMap(({ status, expires_at }) =>
    status === "pending" && expires_at !== null ? [Temporal.Instant.from(expires_at)] : [],
  );
  return moments.length === 0 ? null : moments.reduce(earlier);
}
