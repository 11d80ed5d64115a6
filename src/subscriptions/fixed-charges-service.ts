/** The fixed charges of one subscription: those of its plan, and what it has of them on its own (10.7 of the metering spec). */
import type { App } from "../app.ts";
import {
  type FixedChargeOverride,
  fixedChargeNamed,
  loadPlans,
  loadUnitOverrides,
  type OwnUnits,
  ownUnitsOf,
  type StoredPlan,
} from "../catalog/index.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { type Db, type DbOrTx, inTransaction } from "../storage/database.ts";
import { override } from "./change.ts";
import { type LinkNamed, lockNamed } from "./own-plan.ts";
import { findByExternalId } from "./store.ts";
import { factsOf } from "./terminate.ts";
import { recordUnits } from "./unit-changes.ts";

export interface FixedCharges {
  readonly plan: StoredPlan;
  readonly ownUnits: OwnUnits;
}

async function load(db: DbOrTx, organizationId: string, id: string, planId: string): Promise<FixedCharges> {
  const plan = (await loadPlans(db, organizationId, [planId])).get(planId);
  if (plan === undefined) throw new Error(`plan ${planId} is not there`);
  const units = await loadUnitOverrides(db, organizationId, [id]);
  return { plan, ownUnits: (chargeId) => ownUnitsOf(units, id, chargeId) };
}

/** 404 `subscription_not_found`. */
export async function fixedChargesOf(
  db: Db,
  organizationId: string,
  { externalId, status }: LinkNamed,
): Promise<FixedCharges> {
  const link = await findByExternalId(db, organizationId, externalId, status);
  if (link === null) throw new Refusal("subscription_not_found");
  return load(db, organizationId, link.id, link.plan_id);
}

/** Which fixed charge of which subscription. */
export interface FixedChargePlace {
  readonly link: LinkNamed;
  readonly code: string;
  readonly now: Temporal.Instant;
}

/**
 * Units alone stay beside the plan, all else makes it the subscription's own. 404 `fixed_charge_not_found`; 403
 * `cannot_override_charge_model`; 422.
 */
export async function overrideFixedCharge(
  app: App,
  organization: Organization,
  { link, code, now }: FixedChargePlace,
  input: FixedChargeOverride,
): Promise<FixedCharges> {
  return inTransaction(app.db, async (tx) => {
    const subscription = await lockNamed(tx, organization.id, link);
    const { plan, ownUnits } = await load(tx, organization.id, subscription.id, subscription.plan_id);
    const charge = fixedChargeNamed(plan, code);
    const overrides = { fixed_charges: [{ ...input, id: charge.id }] };
    const own = await override(tx, organization, subscription, plan, overrides, now);
    const { customer } = await factsOf(tx, organization.id, subscription);
    // What it has already is no change, unless it waits for the next period and is to count now.
    const before = ownUnits(charge.id) ?? charge.units;
    const changes = own.units.map((change) => ({ ...change, is_unchanged: before.eq(change.units) }));
    if (subscription.status === "active") {
      const owned = { ...subscription, plan_id: own.plan.id };
      const moved = { subscription: owned, plan: own.plan, timezone: customer.timezone, changes };
      await recordUnits(app, tx, organization, [moved], { change_id: null, at: now });
    }
    const subject = { subject_type: "subscription", subject_id: subscription.id };
    await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
    return load(tx, organization.id, subscription.id, own.plan.id);
  });
}
