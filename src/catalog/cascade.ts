/**
 * Changes of a plan that its children (the overrides of subscriptions) are to follow. They wait in order, and are applied by a
 * job of the room that knows which children are in use.
 */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import type { Tx } from "../storage/database.ts";
import { type AmountCascade, amountCascade, cascadeAmount, cascadeFixedCharges } from "./cascade-parts.ts";
import { childPlanIds, insertCascade, takeCascades } from "./cascade-store.ts";
import { claimCatalog } from "./catalog-store.ts";
import { copyOf } from "./charge-copies.ts";
import { type NewCharge, writeCharges } from "./charges-store.ts";
import { loadPlans } from "./plans-store.ts";
import { type ChargesCascade, chargesCascade, followedCharges } from "./rules/cascade.ts";
import type { ChangedCharge } from "./rules/charge-list.ts";
import { type FixedChargesCascade, fixedChargesCascade } from "./rules/fixed-charge-cascade.ts";
import type { UnitsChange } from "./rules/units-changes.ts";
import type { StoredCharge, StoredPlan } from "./stored.ts";
import { appendVersions } from "./versions-store.ts";

/** One change of a plan; absent parts did not change. */
export interface PlanCascade {
  readonly charges?: ChargesCascade;
  readonly fixed_charges?: FixedChargesCascade;
  readonly amount?: AmountCascade;
}

function cascadeOf(before: StoredPlan, after: StoredPlan, unitsAtOnce: readonly string[]): PlanCascade {
  const charges = chargesCascade(before.charges, after.charges);
  const fixed_charges = fixedChargesCascade(before.fixed_charges, after.fixed_charges, unitsAtOnce);
  const amount = amountCascade(before, after);
  return {
    ...(charges === null ? {} : { charges }),
    ...(fixed_charges === null ? {} : { fixed_charges }),
    ...(amount === null ? {} : { amount }),
  };
}

/**
 * Has the children follow what distinguishes `after` from `before`, once the transaction is committed. `units`: what the change does to
 * subscriptions.
 */
export async function requestCascade(
  app: App,
  tx: Tx,
  organization: Organization,
  before: StoredPlan,
  after: StoredPlan,
  units: readonly UnitsChange[],
  now: Temporal.Instant,
): Promise<void> {
  const atOnce = units.filter(({ at_once }) => at_once).map(({ fixed_charge_id }) => fixed_charge_id);
  const change = cascadeOf(before, after, atOnce);
  if (Object.keys(change).length === 0) return;
  await insertCascade(tx, organization.id, after.id, change, now);
  const subject = { subject_type: "plan", subject_id: after.id };
  await publish(app, tx, organization, [{ kind: "plan.cascade_requested", ...subject }], now);
}

/**
 * Applies what waits for the children of a plan, oldest first. `inUse` says which plans subscriptions are on or will be
 * (active or pending): only these follow.
 */
export async function applyCascades(
  app: App,
  tx: Tx,
  organization: Organization,
  planId: string,
  inUse: (planIds: readonly string[]) => Promise<ReadonlySet<string>>,
  now: Temporal.Instant,
): Promise<void> {
  const { id: organizationId } = organization;
  await claimCatalog(tx, organizationId);
  const changes = await takeCascades(tx, organizationId, planId);
  if (changes.length === 0) return;
  const ids = await childPlanIds(tx, organizationId, planId);
  const used = await inUse(ids);
  const followers = ids.filter((id) => used.has(id));
  if (followers.length === 0) return;
  for (const change of changes) {
    const plans = await loadPlans(tx, organizationId, [planId, ...followers]);
    const parent = plans.get(planId);
    const children = followers.flatMap((id) => plans.get(id) ?? []);
    if (parent === undefined) return;
    const { charges, fixed_charges, amount } = change;
    if (charges !== undefined) await cascadeCharges(tx, organizationId, parent.charges, children, charges, now);
    if (fixed_charges !== undefined)
      await cascadeFixedCharges(app, tx, organization, parent.fixed_charges, children, fixed_charges, now);
    if (amount !== undefined) await cascadeAmount(app, tx, organization, children, amount, now);
  }
  const after = await loadPlans(tx, organizationId, followers);
  await appendVersions(tx, organizationId, [...after.values()], now);
}

async function cascadeCharges(
  tx: Tx,
  organizationId: string,
  parentCharges: readonly StoredCharge[],
  children: readonly StoredPlan[],
  cascade: ChargesCascade,
  now: Temporal.Instant,
): Promise<void> {
  const changed = new Map<string, ChangedCharge>();
  const goneIds: string[] = [];
  const inserted: NewCharge[] = [];
  for (const child of children) {
    const follow = followedCharges(child.charges, parentCharges, cascade);
    for (const [id, change] of follow.changed) changed.set(id, change);
    goneIds.push(...follow.goneIds);
    inserted.push(...follow.copied.map((source) => copyOf(source, child.id)));
  }
  await writeCharges(tx, organizationId, { inserted, changed, goneIds }, now);
}
