/** Every fact that a batch needs, by a fixed number of queries whatever its size. */
import type { App } from "../../app.ts";
import { rememberedPlans } from "../../catalog/index.ts";
import { loadBilledCustomers } from "../../customers/index.ts";
import { isBefore } from "../../kernel/calendar.ts";
import type { DbOrTx } from "../../storage/database.ts";
import { type Subscription, successorPlans } from "../../subscriptions/index.ts";
import { billedDays, ratedCharges } from "../rules/billed-charges.ts";
import type { RatedPeriod } from "../rules/charge-fees.ts";
import type { BillingFacts, DuePeriod } from "../rules/due-periods.ts";
import { gatherUsage } from "../usage/gather.ts";
import type { UsageBucket } from "../usage/model.ts";
import { INVOICE_VIEW } from "../usage/views.ts";
import { loadBilledBefore } from "./billed-before.ts";
import { loadFixedCharges } from "./fixed-charges.ts";
import { loadNumberingEntities } from "./store.ts";

const idsOf = (ids: Iterable<string | null>) => [...new Set(ids)].filter((id) => id !== null);

/** Who pays these subscriptions, for what, and in whose name; by subscription id. */
export async function loadFacts(
  db: DbOrTx,
  organizationId: string,
  subscriptions: readonly Subscription[],
): Promise<Map<string, BillingFacts>> {
  const ended = subscriptions.filter(({ terminated_at }) => terminated_at !== null).map(({ id }) => id);
  const successors = await successorPlans(db, organizationId, ended);
  const planIds = [...subscriptions.map(({ plan_id }) => plan_id), ...successors.values()];
  const [customers, plans, entities] = await Promise.all([
    loadBilledCustomers(db, organizationId, idsOf(subscriptions.map(({ customer_id }) => customer_id))),
    rememberedPlans(db, organizationId, idsOf(planIds)),
    loadNumberingEntities(db, organizationId, idsOf(subscriptions.map(({ billing_entity_id }) => billing_entity_id))),
  ]);
  return new Map(
    subscriptions.map((subscription) => {
      const customer = customers.get(subscription.customer_id);
      const plan = plans.get(subscription.plan_id);
      if (customer === undefined || plan === undefined)
        throw new Error(`subscription ${subscription.id} has no customer or no plan`);
      const billing_entity = entities.get(subscription.billing_entity_id ?? "") ?? customer.billing_entity;
      const successor_plan = plans.get(successors.get(subscription.id) ?? "") ?? null;
      return [subscription.id, { subscription, customer, plan, successor_plan, billing_entity }];
    }),
  );
}

function bucketOf(organizationId: string, period: DuePeriod): UsageBucket | null {
  const { subscription, windows, terms } = period;
  const { charges: window } = windows;
  if (!period.bills_charges || window === null) return null;
  const to = period.usage_until ?? window.to;
  if (!isBefore(window.from, to)) return null;
  const charges = ratedCharges(period);
  if (charges.length === 0) return null;
  return {
    organization_id: organizationId,
    external_subscription_id: subscription.external_id,
    subscription_id: subscription.id,
    chain_id: subscription.chain_id,
    has_predecessor: subscription.previous_subscription_id !== null,
    window: { from: window.from, to },
    timezone: terms.timezone,
    period_days: windows.charges_duration_days,
    billed_days: billedDays(period, window),
    charges,
    view: INVOICE_VIEW,
  };
}

/** The usage of all these periods' charges at once, their fixed charges, and what is held against commitments; in the order of the periods. */
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
  const [usages, billed, fixed_charges] = await Promise.all([
    buckets.length === 0 ? [] : gatherUsage(app, buckets),
    loadBilledBefore(app.db, organizationId, periods),
    loadFixedCharges(app.db, organizationId, periods),
  ]);
  return periods.map((period, index) => {
    const place = places[index] ?? null;
    return {
      period,
      usage: place === null ? [] : (usages[place] ?? []),
      billed_before: billed.get(period) ?? null,
      fixed_charges,
    };
  });
}
