/** The plan that a subscription is to be on: the one that was named, or one of its own made from it (2.10 of the subscriptions spec). */
import {
  createChildPlan,
  markPlanAttached,
  notYetSubscribable,
  type Plan,
  type PlanOverrides,
  readOwnUnits,
  setUnitOverrides,
  type UnitOverride,
  unitsOnlyOverrides,
} from "../catalog/index.ts";
import { detailsOf, Refusal, refuseIfAny } from "../kernel/failure.ts";
import type { Tx } from "../storage/database.ts";

export interface ChosenPlan {
  readonly plan: Plan;
  /** Units of fixed charges that the subscription has of its own, though it stays on the plan that others are on. */
  readonly units: readonly UnitOverride[];
}

/**
 * Overrides of nothing but units leave the subscription on the plan itself. Marks the plan as attached.
 * 404 `fixed_charge_not_found`, and the refusals of createChildPlan.
 */
export async function choosePlan(
  tx: Tx,
  organization: { readonly id: string },
  plan: Plan,
  overrides: PlanOverrides | null,
  now: Temporal.Instant,
): Promise<ChosenPlan> {
  const units = overrides === null ? [] : unitsOverridden(plan, overrides);
  const isOwn = overrides !== null && units === null;
  const chosen = isOwn ? (await createChildPlan(tx, organization, plan.id, overrides, now)).plan : plan;
  refuseIfAny(notYetSubscribable(chosen));
  await markPlanAttached(tx, organization.id, chosen.id);
  return { plan: chosen, units: units ?? [] };
}

/** Null where more than units is overridden. 404 `fixed_charge_not_found`; 422. */
export function unitsOverridden(plan: Plan, overrides: PlanOverrides): UnitOverride[] | null {
  const entries = plan.parent_id === null ? unitsOnlyOverrides(overrides) : null;
  if (entries === null) return null;
  const reading = readOwnUnits(plan.fixed_charges, entries);
  if ("refusal" in reading) {
    throw new Refusal(reading.refusal, reading.problems.length > 0 ? detailsOf(reading.problems) : undefined);
  }
  return [...reading.units];
}

/** Before the first units are recorded, so that they count. */
export async function keepOwnUnits(
  tx: Tx,
  organizationId: string,
  subscriptionId: string,
  { units }: ChosenPlan,
  now: Temporal.Instant,
): Promise<void> {
  await setUnitOverrides(tx, organizationId, subscriptionId, units, now);
}
