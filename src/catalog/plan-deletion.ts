/** The deletion of a plan (10.8 of the metering spec): at once where no subscription was ever on it, else once none is any more. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { invalid, Refusal } from "../kernel/failure.ts";
import { type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import { childPlanIds } from "./cascade-store.ts";
import { claimCatalog } from "./catalog-store.ts";
import { tellOfPlan } from "./plan-changes.ts";
import { deletePlan, endPlans, lockPlan, lockPlans, markPendingDeletion, pendingPlans } from "./plans-store.ts";
import type { StoredPlan } from "./stored.ts";

/**
 * A plan that no subscription was ever on goes at once. Any other one stays readable until who reacts to `plan.deletion_requested` has
 * ended its subscriptions, and those on its overrides. Answers it as pending, as the contract does for every deletion. 422 where
 * unused days of a subscription would have to be credited.
 */
export async function removePlan(
  app: App,
  organization: Organization,
  code: string,
  now: Temporal.Instant,
): Promise<StoredPlan> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const plan = await lockPlan(tx, organization.id, code);
    if (plan === null) throw new Refusal("plan_not_found");
    const children = await childPlanIds(tx, organization.id, plan.id);
    if (!plan.attached && children.length === 0) await deletePlan(tx, organization.id, plan.id, now);
    else {
      if (plan.pay_in_advance) throw invalid("base", "not_supported_yet");
      await markPendingDeletion(tx, organization.id, [plan.id, ...children], now);
      const subject = { subject_type: "plan", subject_id: plan.id };
      await publish(app, tx, organization, [{ kind: "plan.deletion_requested", ...subject }], now);
    }
    await tellOfPlan(app, tx, organization, "deleted", plan, now);
    return { ...plan, pending_deletion: true };
  });
}

/** A plan that is to go and its overrides, these first; none where it is gone or stays. */
export async function plansToEnd(db: DbOrTx, organizationId: string, planId: string): Promise<readonly string[]> {
  const children = await childPlanIds(db, organizationId, planId);
  return pendingPlans(db, organizationId, [...children, planId]);
}

/**
 * Takes plans out of the catalog, so that their code is free. What belongs to them stays: it prices what their subscriptions
 * still owe. False, and nothing is done, where `isInUse` finds one that a subscription came to be on meanwhile.
 */
export async function finishPlanDeletion(
  tx: Tx,
  organizationId: string,
  planIds: readonly string[],
  isInUse: () => Promise<boolean>,
  now: Temporal.Instant,
): Promise<boolean> {
  await claimCatalog(tx, organizationId);
  await lockPlans(tx, organizationId, planIds);
  if (await isInUse()) return false;
  await endPlans(tx, organizationId, planIds, now);
  return true;
}
