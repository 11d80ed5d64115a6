/** The charges of one subscription: those of its plan, and what it has of them on its own (10.7 of the metering spec). */
import type { App } from "../app.ts";
import { loadPlans, type OwnCharge, type StoredPlan } from "../catalog/index.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { type Db, inTransaction, type Tx } from "../storage/database.ts";
import { type LinkNamed, lockNamed, ownPlanOf } from "./own-plan.ts";
import { findByExternalId } from "./store.ts";

/** The plan that the subscription is on; 404 `subscription_not_found`. */
export async function planOfNamed(
  db: Db,
  organizationId: string,
  { externalId, status }: LinkNamed,
): Promise<StoredPlan> {
  const link = await findByExternalId(db, organizationId, externalId, status);
  const plan = link === null ? undefined : (await loadPlans(db, organizationId, [link.plan_id])).get(link.plan_id);
  if (plan === undefined) throw new Refusal("subscription_not_found");
  return plan;
}

/** Which charge of which subscription. */
export interface ChargePlace {
  readonly link: LinkNamed;
  readonly chargeCode: string;
  readonly now: Temporal.Instant;
}

/** Changes the subscription's own plan, which is made first where it has none. 404 `charge_not_found` where its plan lacks the charge. */
export async function changeOwnCharge<T>(
  app: App,
  organization: Organization,
  { link, chargeCode, now }: ChargePlace,
  change: (tx: Tx, own: OwnCharge) => Promise<T>,
): Promise<T> {
  return inTransaction(app.db, async (tx) => {
    const subscription = await lockNamed(tx, organization.id, link);
    const { plan } = await ownPlanOf(tx, organization, subscription, {}, now);
    const changed = await change(tx, { planId: plan.id, chargeCode, now });
    const subject = { subject_type: "subscription", subject_id: subscription.id };
    await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
    return changed;
  });
}
