/** The open period of an active subscription: what there is to ask of its usage now. */
import { type Charge, type Plan, rememberedPlans } from "../../catalog/index.ts";
import { findCustomer } from "../../customers/index.ts";
import { daysTouched, startOfDay } from "../../kernel/calendar.ts";
import { Refusal } from "../../kernel/failure.ts";
import type { DbOrTx } from "../../storage/database.ts";
import {
  currentPeriod,
  currentUsageWindow,
  findActiveSubscription,
  type Subscription,
  termsOf,
  type Window,
} from "../../subscriptions/index.ts";
import type { UsageBucket, UsageView } from "./model.ts";
import { CURRENT_VIEW } from "./views.ts";

export interface OpenSubscription {
  readonly organization_id: string;
  readonly subscription: Subscription;
  readonly plan: Plan;
  /** The customer's. */
  readonly timezone: string;
}

/** Refusals: customer_not_found; no_active_subscription (none given, unknown, pending, terminated, another customer's). */
export async function findOpenSubscription(
  db: DbOrTx,
  organizationId: string,
  externalCustomerId: string,
  externalSubscriptionId: string | null,
): Promise<OpenSubscription> {
  const customer = await findCustomer(db, organizationId, externalCustomerId);
  if (customer === null) throw new Refusal("customer_not_found");
  const subscription =
    externalSubscriptionId === null
      ? null
      : await findActiveSubscription(db, organizationId, customer.id, externalSubscriptionId);
  if (subscription === null) throw new Refusal("no_active_subscription");
  const plans = await rememberedPlans(db, organizationId, [subscription.plan_id]);
  const plan = plans.get(subscription.plan_id) as Plan;
  return { organization_id: organizationId, subscription, plan, timezone: customer.timezone };
}

export interface OpenPeriod {
  /** Half-open: up to the end of the period, so that events dated ahead count. */
  readonly window: Window;
  /** Where the subscription's own period ends, exclusive: later than the window where a yearly plan's charges are monthly. */
  readonly period_to: Temporal.Instant;
  readonly bucket: UsageBucket;
}

export interface Wanted {
  readonly charges: readonly Charge[];
  readonly view?: UsageView;
  /** From the subscription's start instead of the period's. */
  readonly full_usage?: boolean;
}

export function openPeriod(
  { organization_id, subscription, plan, timezone }: OpenSubscription,
  { charges, view = CURRENT_VIEW, full_usage = false }: Wanted,
  now: Temporal.Instant,
): OpenPeriod {
  const terms = termsOf(subscription, plan, timezone);
  const { from, to, duration_days } = currentUsageWindow(terms, now);
  const window = { from: full_usage ? terms.started_at : from, to };
  return {
    window,
    period_to: startOfDay(currentPeriod(terms, now).to, timezone),
    bucket: {
      organization_id,
      external_subscription_id: subscription.external_id,
      subscription_id: subscription.id,
      chain_id: subscription.chain_id,
      has_predecessor: subscription.previous_subscription_id !== null,
      window,
      timezone,
      period_days: duration_days,
      billed_days: daysTouched(window.from, window.to, timezone),
      charges,
      view,
    },
  };
}
