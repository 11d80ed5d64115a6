/** What the period rules need to know of a subscription, and what they answer. */
import type { Interval } from "../catalog/index.ts";

export type BillingTime = "calendar" | "anniversary";

/** The terms that decide when a subscription is billed, and for which windows. */
export interface BillingTerms {
  readonly interval: Interval;
  readonly billing_time: BillingTime;
  readonly pay_in_advance: boolean;
  readonly bill_charges_monthly: boolean;
  readonly bill_fixed_charges_monthly: boolean;
  /** The anchor of the chain: its local day is the anniversary. */
  readonly subscription_at: Temporal.Instant;
  readonly started_at: Temporal.Instant;
  readonly terminated_at: Temporal.Instant | null;
  readonly timezone: string;
}

/** Half-open [from, to). */
export interface Window {
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
}

/** What one billing moment covers (3.4 of the subscriptions spec). */
export interface BillingWindows {
  /** The subscription fee's window. */
  readonly subscription: Window;
  /** The usage window; null where this run bills no usage. */
  readonly charges: Window | null;
  /** Days of the whole period that contains the fee window's start, also for a partial first period. */
  readonly duration_days: number;
  /** Days of the whole charges period. */
  readonly charges_duration_days: number;
}
