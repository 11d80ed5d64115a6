/** What the period rules need to know of a subscription, and what they answer. */
import type { Interval, Plan } from "../catalog/index.ts";

export type BillingTime = "calendar" | "anniversary";
export type SubscriptionStatus = "pending" | "active" | "terminated" | "canceled" | "incomplete";
export type CreditNoteOnTermination = "credit" | "refund" | "offset" | "skip";
export type InvoiceOnTermination = "generate" | "skip";
export type EndedBy = "request" | "ending_at" | "upgrade" | "downgrade" | "deletion";

/** What must come true before a subscription is active (2.14 of the subscriptions spec). */
export interface ActivationRule {
  readonly id: string;
  readonly type: "payment";
  /** 0: it waits for ever. */
  readonly timeout_hours: number;
  readonly status: "inactive" | "pending" | "satisfied" | "declined" | "failed" | "expired" | "not_applicable";
  /** ISO 8601, as are the other two. */
  readonly expires_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** ISO 8601; `to` is null while it is paused. */
export interface Pause {
  readonly from: string;
  readonly to: string | null;
}

/** One link of a chain: a customer on one plan since `started_at`. */
export interface Subscription {
  readonly id: string;
  readonly ordinal: bigint;
  readonly chain_id: string;
  readonly customer_id: string;
  readonly plan_id: string;
  /** Overrides the customer's billing entity on invoices. */
  readonly billing_entity_id: string | null;
  readonly previous_subscription_id: string | null;
  readonly external_id: string;
  readonly name: string | null;
  readonly status: SubscriptionStatus;
  readonly billing_time: BillingTime;
  /** The anchor of the chain: its local day is the anniversary. */
  readonly subscription_at: Temporal.Instant;
  /** Null while pending. */
  readonly started_at: Temporal.Instant | null;
  readonly activated_at: Temporal.Instant | null;
  readonly ending_at: Temporal.Instant | null;
  readonly terminated_at: Temporal.Instant | null;
  readonly canceled_at: Temporal.Instant | null;
  /** When the trial of this link ends; null where it begins without one. */
  readonly trial_ends_at: Temporal.Instant | null;
  readonly trial_ended_at: Temporal.Instant | null;
  /** What ended it; null while it has not ended. */
  readonly terminated_by: EndedBy | null;
  /** Whether the first fee of a plan in advance is billed with the start; one in the past waits for its next billing day. */
  readonly bills_start: boolean;
  readonly cancellation_reason: "payment_failed" | "timeout" | null;
  readonly activation_rules: readonly ActivationRule[];
  readonly pauses: readonly Pause[];
  /** Null for plans in arrears. */
  readonly on_termination_credit_note: CreditNoteOnTermination | null;
  readonly on_termination_invoice: InvoiceOnTermination;
  readonly progressive_billing_disabled: boolean;
  readonly consolidate_invoice: boolean;
  readonly purchase_order_number: string | null;
  readonly created_at: Temporal.Instant;
  readonly updated_at: Temporal.Instant;
}

/** A subscription with what its answers need of its customer and its plan. */
export interface SubscriptionView extends Subscription {
  readonly external_customer_id: string;
  /** The customer's applicable one. */
  readonly timezone: string;
  /** The subscription's own billing entity, else its customer's. */
  readonly billing_entity_code: string;
  /** Of the link before. */
  readonly previous_plan_code: string | null;
  /** The newest link behind it that was not canceled. */
  readonly next: {
    readonly plan_code: string;
    readonly status: SubscriptionStatus;
    readonly started_at: Temporal.Instant | null;
  } | null;
  readonly plan: Pick<
    Plan,
    | "code"
    | "amount_cents"
    | "amount_currency"
    | "interval"
    | "pay_in_advance"
    | "bill_charges_monthly"
    | "bill_fixed_charges_monthly"
  >;
}

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
  readonly created_at: Temporal.Instant;
  /** From its local day on nothing is billed periodically: the day is left to the termination. */
  readonly ending_at: Temporal.Instant | null;
  readonly terminated_at: Temporal.Instant | null;
  readonly terminated_by: EndedBy | null;
  /** Up to here there is no subscription fee (2.13). */
  readonly trial_ends_at: Temporal.Instant | null;
  /** Local days after that of `from` and before that of `to` bear no fee. */
  readonly pauses: readonly { readonly from: Temporal.Instant; readonly to: Temporal.Instant | null }[];
  readonly timezone: string;
}

/** Half-open [from, to). */
export interface Window {
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
}

/** What one billing moment covers (3.4 of the subscriptions spec). */
export interface BillingWindows {
  /** The subscription fee's window: stored on every run, also on those whose fee is not due (3.6). */
  readonly subscription: Window;
  /** The usage window; null where this run bills no usage. May be empty (from = to). */
  readonly charges: Window | null;
  /** The window of fixed charges in arrears; null where this run bills none. */
  readonly fixed_charges: Window | null;
  /**
   * Days of the whole period that contains the fee window's unclamped start, also for a partial first period:
   * the denominator of the day price (4.3).
   */
  readonly duration_days: number;
  /** Days of the whole charges period (of a month when charges are billed monthly); 0 where `charges` is null. */
  readonly charges_duration_days: number;
  readonly fixed_charges_duration_days: number;
}

/** What is billed on the days of a grid of its own; fixed charges only where theirs is no other's. */
export type GridKind = "subscription" | "charges" | "fixed_charges";

/** What is due on a clock of its own; a trial once, when it ends; "resume" when a pause ends in a period that is not billed. */
export type ScheduleKind = GridKind | "trial" | "resume";

export interface Schedule {
  readonly kind: ScheduleKind;
  /** Where the next window of this kind begins. */
  readonly billed_until: Temporal.Instant;
  /** The first instant of the local day on which it is billed; null when nothing will fall due any more. */
  readonly next_due_at: Temporal.Instant | null;
}

/** What a new subscription's schedules begin with. */
export interface NewSchedule extends Schedule {
  readonly next_due_at: Temporal.Instant;
}

/** A link that takes over when the period ends: a downgrade that was asked for. */
export interface PendingLink {
  readonly subscription: Subscription;
  /** When the chain began. */
  readonly initial_started_at: Temporal.Instant;
}

/** An active subscription with those of its schedules that are due. */
export interface DueSubscription {
  readonly subscription: Subscription;
  readonly schedules: readonly Schedule[];
  readonly next: PendingLink | null;
}

/** One invoice's worth of periodic work. */
export interface DueBillingDay {
  /** The local billing day. */
  readonly day: Temporal.PlainDate;
  readonly windows: BillingWindows;
  /** The schedules that step forward on this day. */
  readonly kinds: readonly GridKind[];
  /** Whether there is a subscription fee on this day (4.2, rules 2 and 3). */
  readonly bills_subscription_fee: boolean;
  /** Whether `windows.charges` is billed on this day. */
  readonly bills_charges: boolean;
  /** Whether `windows.fixed_charges` is billed on this day. */
  readonly bills_fixed_charges: boolean;
}

/** A schedule's step forward, as a compare-and-set. */
export interface ScheduleMove {
  readonly subscription_id: string;
  readonly kind: ScheduleKind;
  /** The billed_until that was seen. */
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
  readonly next_due_at: Temporal.Instant | null;
}
