/** What a subscription has used in its open period, priced as it will be billed. */
import { loadPlans, type Plan } from "../../catalog/index.ts";
import { findCustomer } from "../../customers/index.ts";
import { startOfDay } from "../../kernel/calendar.ts";
import { Refusal } from "../../kernel/failure.ts";
import type { Database } from "../../storage/database.ts";
import {
  currentPeriod,
  currentUsageWindow,
  findActiveSubscription,
  termsOf,
  type Window,
} from "../../subscriptions/index.ts";
import { type CurrentUsageQuery, selectCharges } from "./current-usage-query.ts";
import { gatherUsage } from "./gather.ts";
import type { UsageFeeDraft } from "./model.ts";
import { usageFee } from "./usage-fees.ts";

export interface CurrentUsage {
  /** Half-open: up to the end of the period, so that events dated ahead count. */
  readonly window: Window;
  /** Where the subscription's own period ends, exclusive: later than the window where a yearly plan's charges are monthly. */
  readonly period_to: Temporal.Instant;
  readonly currency: string;
  /** One per charge, also where nothing was used. */
  readonly fees: readonly UsageFeeDraft[];
}

export interface CurrentUsageRequest extends CurrentUsageQuery {
  readonly organization_id: string;
  readonly external_customer_id: string;
}

/**
 * Refusals: customer_not_found; no_active_subscription (unknown, pending, terminated, another customer's);
 * charge_not_found where a restriction matches nothing; full_usage_not_allowed without a restriction or on prorated charges.
 */
export async function currentUsage(
  database: Database,
  request: CurrentUsageRequest,
  now: Temporal.Instant,
): Promise<CurrentUsage> {
  const { db } = database;
  const { organization_id, external_subscription_id, restriction } = request;
  const customer = await findCustomer(db, organization_id, request.external_customer_id);
  if (customer === null) throw new Refusal("customer_not_found");
  const subscription =
    external_subscription_id === null
      ? null
      : await findActiveSubscription(db, organization_id, customer.id, external_subscription_id);
  if (subscription === null) throw new Refusal("no_active_subscription");
  const plans = await loadPlans(db, organization_id, [subscription.plan_id]);
  const plan = plans.get(subscription.plan_id) as Plan;

  const charges = selectCharges(plan.charges, restriction);
  if (restriction !== null && charges.length === 0) throw new Refusal("charge_not_found");
  if (request.full_usage && (restriction === null || charges.some(({ prorated }) => prorated))) {
    throw new Refusal("full_usage_not_allowed");
  }
  const terms = termsOf(subscription, plan, customer.timezone);
  const { from, to } = currentUsageWindow(terms, now);
  const window = { from: request.full_usage ? terms.started_at : from, to };
  const bucket = { organization_id, external_subscription_id: subscription.external_id, window, charges };
  const [usages = []] = await gatherUsage(database, [bucket]);
  const currency = plan.amount_currency;
  return {
    window,
    period_to: startOfDay(currentPeriod(terms, now).to, terms.timezone),
    currency,
    fees: usages.map((usage) => usageFee(usage, currency)),
  };
}
