/** Subscriptions as the API shows them. */
import { toInclusiveEnd, toMilliseconds, toSeconds, toSecondsOrNull } from "../kernel/wire.ts";
import type { SubscriptionView, Window } from "./model.ts";
import { currentUsageWindow, termsOf } from "./rules/windows.ts";

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
    created_at: toSeconds(view.created_at),
    // Plans do not change under a subscription yet.
    previous_plan_code: null,
    next_plan_code: null,
    downgrade_plan_date: null,
    current_billing_period_started_at: period === null ? null : toSeconds(period.from),
    current_billing_period_ending_at: period === null ? null : shownEnd(period),
    on_termination_credit_note: view.on_termination_credit_note,
    on_termination_invoice: view.on_termination_invoice,
    progressive_billing_disabled: view.progressive_billing_disabled,
    consolidate_invoice: view.consolidate_invoice,
    purchase_order_number: view.purchase_order_number,
    payment_method: { payment_method_id: null, payment_method_type: "provider" },
    cancellation_reason: null,
    activation_rules: [],
    applied_invoice_custom_sections: [],
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
