/** A subscription's own plan: a copy of the one it is on, which it moves to with its first override (10.7 of the metering spec). */
import {
  type ChildPlan,
  changeChildPlan,
  createChildPlan,
  loadPlans,
  loadUnitOverrides,
  markPlanAttached,
  ownUnitsOf,
  type PlanOverrides,
  removeUnitOverrides,
  withOwnUnits,
} from "../catalog/index.ts";
import type { Organization } from "../identity/index.ts";
import { invalid, Refusal } from "../kernel/failure.ts";
import type { Tx } from "../storage/database.ts";
import type { Subscription, SubscriptionStatus } from "./model.ts";
import { findByExternalId, lockSubscription, updateSubscription } from "./store.ts";

/** Which link of an external id: the newest in that status. */
export interface LinkNamed {
  readonly externalId: string;
  readonly status: SubscriptionStatus;
}

/** Locks it against others who change it. 404 `subscription_not_found`; 422 `subscription_incomplete`. */
export async function lockNamed(
  tx: Tx,
  organizationId: string,
  { externalId, status }: LinkNamed,
): Promise<Subscription> {
  const link = await findByExternalId(tx, organizationId, externalId, status);
  const subscription = link === null ? null : await lockSubscription(tx, organizationId, link.id);
  if (subscription === null) throw new Refusal("subscription_not_found");
  if (subscription.status === "incomplete") throw invalid("base", "subscription_incomplete");
  return subscription;
}

/**
 * The own plan of a locked subscription with `overrides` in it, made where it has none: then the subscription moves to it with the
 * units that it had of its own. Answers what to write of its units. Refusals of createChildPlan.
 */
export async function ownPlanOf(
  tx: Tx,
  organization: Pick<Organization, "id">,
  subscription: Subscription,
  overrides: PlanOverrides,
  now: Temporal.Instant,
): Promise<ChildPlan> {
  const { id, plan_id } = subscription;
  const plan = (await loadPlans(tx, organization.id, [plan_id])).get(plan_id);
  if (plan === undefined) throw new Error(`plan ${plan_id} is not there`);
  if (plan.parent_id !== null) {
    const isNothing = Object.keys(overrides).length === 0;
    return isNothing ? { plan, units: [] } : changeChildPlan(tx, organization, plan.id, overrides, now);
  }
  const units = await loadUnitOverrides(tx, organization.id, [id]);
  const given = withOwnUnits(overrides, plan.fixed_charges, (chargeId) => ownUnitsOf(units, id, chargeId));
  const child = await createChildPlan(tx, organization, plan.id, given, now);
  await markPlanAttached(tx, organization.id, child.plan.id);
  await updateSubscription(tx, organization.id, id, { plan_id: child.plan.id, updated_at: now });
  if (units.size > 0) await removeUnitOverrides(tx, organization.id, id);
  return child;
}
