/** What a subscription has come to since it began: what is invoiced, what is open, and what its owner says was before. */
import { loadPlans, type Plan } from "../../catalog/index.ts";
import { loadBilledCustomers } from "../../customers/index.ts";
import { invalid, Refusal } from "../../kernel/failure.ts";
import { type Database, inTransaction } from "../../storage/database.ts";
import {
  listByExternalId,
  loadSubscriptions,
  type Subscription,
  type SubscriptionStatus,
} from "../../subscriptions/index.ts";
import { usageNow } from "./current-usage.ts";
import { loadLifetime, type StoredLifetime, saveHistoricalUsage } from "./lifetime-store.ts";
import { type ThresholdProgress, thresholdProgress } from "./lifetime-thresholds.ts";
import type { OpenSubscription } from "./open-period.ts";

export interface LifetimeUsage extends StoredLifetime {
  readonly subscription: Subscription;
  /** Minor units of the plan's currency, without taxes. */
  readonly current_usage_amount_cents: bigint;
  readonly thresholds: readonly ThresholdProgress[];
}

/** Which subscription is meant: the latest one of this external id in this status. */
export interface Named {
  readonly organization_id: string;
  readonly external_id: string;
  readonly status: SubscriptionStatus;
}

/** 404 `subscription_not_found`; `lifetime_usage_not_found` where it has not begun. */
async function openNamed({ db }: Database, { organization_id, external_id, status }: Named): Promise<OpenSubscription> {
  const links = await listByExternalId(db, organization_id, external_id);
  const named = links.find((link) => link.status === status);
  if (named === undefined) throw new Refusal("subscription_not_found");
  const [subscriptions, plans, customers] = await Promise.all([
    loadSubscriptions(db, organization_id, [named.id]),
    loadPlans(db, organization_id, [named.plan_id]),
    loadBilledCustomers(db, organization_id, [named.customer_id]),
  ]);
  const subscription = subscriptions.get(named.id) as Subscription;
  if (subscription.started_at === null) throw new Refusal("lifetime_usage_not_found");
  const timezone = customers.get(named.customer_id)?.timezone ?? "UTC";
  return { organization_id, subscription, plan: plans.get(named.plan_id) as Plan, timezone };
}

export async function lifetimeUsage(database: Database, named: Named, now: Temporal.Instant): Promise<LifetimeUsage> {
  const open = await openNamed(database, named);
  const { organization_id, subscription, plan } = open;
  // What a subscription that is over used last is on its last invoice.
  const current =
    subscription.status === "active" ? await usageNow(database, open, { charges: plan.charges }, now) : null;
  const stored = await loadLifetime(database.db, organization_id, subscription, current?.window.from ?? null);
  const current_usage_amount_cents = (current?.charges ?? [])
    .flatMap(({ fees }) => fees)
    .reduce((sum, { amount_cents }) => sum + amount_cents, 0n);
  const total =
    stored.external_historical_usage_amount_cents + stored.invoiced_usage_amount_cents + current_usage_amount_cents;
  const thresholds = subscription.progressive_billing_disabled ? [] : plan.applicable_usage_thresholds;
  return { ...stored, subscription, current_usage_amount_cents, thresholds: thresholdProgress(thresholds, total) };
}

/** Refusals as lifetimeUsage; 422 for an amount below zero. */
export async function setHistoricalUsage(
  database: Database,
  named: Named,
  amount_cents: bigint,
  now: Temporal.Instant,
): Promise<void> {
  await inTransaction(database.db, async (tx) => {
    const { organization_id, subscription } = await openNamed({ ...database, db: tx }, named);
    if (amount_cents < 0n) throw invalid("historical_usage_amount_cents", "value_is_out_of_range");
    const { first_subscription_id } = await loadLifetime(tx, organization_id, subscription, null);
    await saveHistoricalUsage(tx, organization_id, first_subscription_id, amount_cents, now);
  });
}
