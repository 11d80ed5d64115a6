/** Subscriptions as the API shows them. */
import { localDate } from "../kernel/calendar.ts";
import { toInclusiveEnd, toMilliseconds, toSeconds, toSecondsOrNull } from "../kernel/wire.ts";
import type { ActivationRule, SubscriptionView, Window } from "./model.ts";
import { currentPeriod, currentUsageWindow, termsOf } from "./rules/windows.ts";

/** As lists and invoices show it. `now` decides which billing period is the current one. */
export function presentSubscription(view: SubscriptionView, now: Temporal.Instant): Record<string, unknown> {
  const { plan } = view;
  // A subscription that has not begun has no period yet (2.1 of the subscriptions spec).
  const period = view.started_at === null ? null : currentUsageWindow(termsOf(view, plan, view.timezone), now);
  return {
    lago_id: view.id,
    external_id: view.external_id,
    lago_customer_id: view.customer_id,
    external_customer_id: view.external_customer_id,
    billing_entity_code: view.billing_entity_code,
    name: view.name,
    plan_code: plan.code,
    plan_amount_cents: plan.amount_cents,
    plan_amount_currency: plan.amount_currency,
    status: view.status,
    billing_time: view.billing_time,
    subscription_at: toSeconds(view.subscription_at),
    started_at: view.started_at === null ? null : toMilliseconds(view.started_at),
    activated_at: toSecondsOrNull(view.activated_at),
    trial_ended_at: toSecondsOrNull(view.trial_ended_at),
    ending_at: toSecondsOrNull(view.ending_at),
    terminated_at: toSecondsOrNull(view.terminated_at),
    canceled_at: toSecondsOrNull(view.canceled_at),
    paused_at: pausedAt(view),
    created_at: toSeconds(view.created_at),
    previous_plan_code: view.previous_plan_code,
    next_plan_code: view.next?.plan_code ?? null,
    downgrade_plan_date: downgradeDate(view, now)?.toString() ?? null,
    current_billing_period_started_at: period === null ? null : toSeconds(period.from),
    current_billing_period_ending_at: period === null ? null : shownEnd(period),
    on_termination_credit_note: view.on_termination_credit_note,
    on_termination_invoice: view.on_termination_invoice,
    progressive_billing_disabled: view.progressive_billing_disabled,
    consolidate_invoice: view.consolidate_invoice,
    purchase_order_number: view.purchase_order_number,
    payment_method: { payment_method_id: null, payment_method_type: "provider" },
    cancellation_reason: view.cancellation_reason,
    activation_rules: view.activation_rules.map(presentRule),
    applied_invoice_custom_sections: [],
  };
}

/** The local day on which a cheaper plan follows, or followed. */
function downgradeDate(view: SubscriptionView, now: Temporal.Instant): Temporal.PlainDate | null {
  const { next, plan, timezone } = view;
  if (next === null) return null;
  if (next.status === "pending") return currentPeriod(termsOf(view, plan, timezone), now).to;
  const isDowngraded = view.terminated_by === "downgrade" && next.started_at !== null;
  return isDowngraded ? localDate(next.started_at, timezone) : null;
}

/** Since when it is paused; null while it is not. */
function pausedAt({ pauses }: SubscriptionView): string | null {
  const open = pauses.find(({ to }) => to === null);
  return open === undefined ? null : toSeconds(Temporal.Instant.from(open.from));
}

function presentRule(rule: ActivationRule): Record<string, unknown> {
  const { id, type, timeout_hours, status, expires_at, created_at, updated_at } = rule;
  const seconds = (at: string) => toSeconds(Temporal.Instant.from(at));
  return {
    lago_id: id,
    type,
    timeout_hours,
    status,
    expires_at: expires_at === null ? null : seconds(expires_at),
    created_at: seconds(created_at),
    updated_at: seconds(updated_at),
  };
}

/** An empty period (ended before it began) ends where it begins. */
function shownEnd({ from, to }: Window): string {
  return to.equals(from) ? toSeconds(from) : toInclusiveEnd(to);
}

/** As single requests answer it, with its plan's JSON. */
export function presentSubscriptionExtended(
  view: SubscriptionView,
  plan: Readonly<Record<string, unknown>>,
  now: Temporal.Instant,
): Record<string, unknown> {
  return { ...presentSubscription(view, now), plan, entitlements: [], applicable_usage_thresholds: [] };
}
