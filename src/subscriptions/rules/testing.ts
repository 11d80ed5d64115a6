/** How the tables of the spec are written down in tests. */
import assert from "node:assert/strict";
import { toInclusiveEnd, toSeconds } from "../../kernel/wire.ts";
import type { BillingTerms, Window } from "../model.ts";

/** "2024-01-17" is its midnight, "2024-01-17 10:00" that minute (UTC); a full ISO text is itself. */
export function at(text: string): Temporal.Instant {
  if (text.includes("T")) return Temporal.Instant.from(text);
  const [day, time = "00:00"] = text.split(" ");
  return Temporal.Instant.from(`${day}T${time}:00Z`);
}

export const day = (text: string) => Temporal.PlainDate.from(text);

/** Terms of a monthly calendar plan in arrears, but for what is given; created when it started. */
export function terms(given: Partial<BillingTerms> & { started_at: Temporal.Instant }): BillingTerms {
  return {
    interval: "monthly",
    billing_time: "calendar",
    pay_in_advance: false,
    bill_charges_monthly: false,
    bill_fixed_charges_monthly: false,
    subscription_at: given.started_at,
    created_at: given.started_at,
    ending_at: null,
    terminated_at: null,
    terminated_by: given.terminated_at ? "request" : null,
    trial_ends_at: null,
    pauses: [],
    timezone: "UTC",
    ...given,
  };
}

/** As the contract shows a window: "from → to" with its last second. */
export function shown(window: Window | null): string {
  return window === null ? "none" : `${toSeconds(window.from)} → ${toInclusiveEnd(window.to)}`;
}

/** "2024-01-17 10:00 → 2024-01-31" of a table: days begin at midnight and end with their last second. */
export function written(text: string): string {
  if (text === "none") return text;
  const [from = "", to = ""] = text.split(" → ");
  const end = /^\d{4}-\d{2}-\d{2}$/.test(to) ? `${to}T23:59:59Z` : toSeconds(at(to));
  return `${toSeconds(at(from))} → ${end}`;
}

/** As `written`, for a usage window of whole days, which never begins before the start's exact instant. */
export function writtenFrom(text: string, startedAt: Temporal.Instant): string {
  const [from = "", to = ""] = text.split(" → ");
  return Temporal.Instant.compare(at(from), startedAt) < 0 ? written(`${startedAt} → ${to}`) : written(text);
}

export function assertWindow(actual: Window | null, expected: string, label: string): void {
  assert.equal(shown(actual), expected, label);
}
