/** Every fact that a batch needs, by a fixed number of queries whatever its size. */
import type { App } from "../../app.ts";
import { loadPlans } from "../../catalog/index.ts";
import { loadBilledCustomers } from "../../customers/index.ts";
import { isBefore } from "../../kernel/calendar.ts";
import type { DbOrTx } from "../../storage/database.ts";
import type { Subscription } from "../../subscriptions/index.ts";
import { type BillingFacts, type DuePeriod, invoicedCharges } from "../rules/due-periods.ts";
import type { RatedPeriod } from "../rules/plan-invoices.ts";
import { gatherUsage } from "../usage/gather.ts";
import type { UsageBucket } from "../usage/model.ts";
import { loadNumberingEntities } from "./store.ts";

const idsOf = (ids: Iterable<string | null>) => [...new Set(ids)].filter((id) => id !== null);

/** Who pays these subscriptions, for what, and in whose name; by subscription id. */
export async function loadFacts(
  db: DbOrTx,
  organizationId: string,
  subscriptions: readonly Subscription[],
): Promise<Map<string, BillingFacts>> {
  const [customers, plans, entities] = await Promise.all([
    loadBilledCustomers(db, organizationId, idsOf(subscriptions.map(({ customer_id }) => customer_id))),
    loadPlans(db, organizationId, idsOf(subscriptions.map(({ plan_id }) => plan_id))),
    loadNumberingEntities(db, organizationId, idsOf(subscriptions.map(({ billing_entity_id }) => billing_entity_id))),
  ]);
  return new Map(
    subscriptions.map((subscription) => {
      const customer = customers.get(subscription.customer_id);
      const plan = plans.get(subscription.plan_id);
      if (customer === undefined || plan === undefined)
        throw new Error(`subscription ${subscription.id} has no customer or no plan`);
      const billing_entity = entities.get(subscription.billing_entity_id ?? "") ?? customer.billing_entity;
      return [subscription.id, { subscription, customer, plan, billing_entity }];
    }),
  );
}

function bucketOf(organizationId: string, period: DuePeriod): UsageBucket | null {
  const { charges: window } = period.windows;
  if (!period.bills_charges || window === null || !isBefore(window.from, window.to)) return null;
  const charges = invoicedCharges(period.plan);
  if (charges.length === 0) return null;
  return {
    organization_id: organizationId,
    external_subscription_id: period.subscription.external_id,
    window,
    charges,
  };
}

/** The usage of all these periods' charges at once; in the order of the periods. */
export async function gatherPeriods(
  app: App,
  organizationId: string,
  periods: readonly DuePeriod[],
): Promise<RatedPeriod[]> {
  const buckets: UsageBucket[] = [];
  const places = periods.map((period) => {
    const bucket = bucketOf(organizationId, period);
    return bucket === null ? null : buckets.push(bucket) - 1;
  });
  const usages = buckets.length === 0 ? [] : await gatherUsage(app, buckets);
  return periods.map((period, index) => {
    const place = places[index] ?? null;
    return { period, usage: place === null ? [] : (usages[place] ?? []) };
  });
}
