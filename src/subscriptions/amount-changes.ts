/** Changes of plan that wait, once one of the two plans costs something else (10.2 of the metering spec). */
import type { App } from "../app.ts";
import { loadPlans } from "../catalog/index.ts";
import { findOrganization, type Organization } from "../identity/index.ts";
import { enqueue, type Job, job, publish, type ReactionPayload } from "../jobs/index.ts";
import { presentOf } from "../kernel/clock.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import { cancelPending } from "./end.ts";
import { waitingLinksOf } from "./links-store.ts";
import { type BillMissed, billMissedOf } from "./missed.ts";
import type { Subscription } from "./model.ts";
import { momentOf, owesCredit, switchNow } from "./plan-change.ts";
import { yearlyAmount } from "./rules/lifecycle.ts";
import { factsOf } from "./terminate.ts";
import { lockCustomers, lockSubscriptions } from "./transitions-store.ts";

interface Waiting {
  readonly id: string;
  readonly current_id: string;
  readonly customer_id: string;
}

/** The two links where they still stand as they were found. */
async function lockBoth(
  tx: Tx,
  organizationId: string,
  { id, current_id, customer_id }: Waiting,
): Promise<{ readonly current: Subscription; readonly next: Subscription } | null> {
  await lockCustomers(tx, organizationId, [customer_id]);
  const locked = await lockSubscriptions(tx, organizationId, [id, current_id]);
  const [current, next] = [locked.get(current_id), locked.get(id)];
  return current?.status === "active" && next?.status === "pending" ? { current, next } : null;
}

/**
 * The current plan became the cheaper one: what waits would be an upgrade that nobody asked for, and is canceled. The waiting plan
 * became at least as dear: it follows at once, as it would if it was asked for now (left waiting where a credit note would be owed).
 */
async function follow(
  app: App,
  tx: Tx,
  organization: Organization,
  planId: string,
  waiting: Waiting,
  now: Temporal.Instant,
): Promise<void> {
  const links = await lockBoth(tx, organization.id, waiting);
  if (links === null) return;
  const { current, next } = links;
  const plans = await loadPlans(tx, organization.id, [current.plan_id, next.plan_id]);
  const [plan, nextPlan] = [plans.get(current.plan_id), plans.get(next.plan_id)];
  if (plan === undefined || nextPlan === undefined) return;
  const difference = yearlyAmount(nextPlan) - yearlyAmount(plan);
  if (current.plan_id === planId && difference > 0n) {
    await cancelPending(app, tx, organization, [next.id], now);
    const subject = { subject_type: "subscription", subject_id: current.id };
    await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
  } else if (next.plan_id === planId && difference >= 0n) {
    const at = momentOf(current, now);
    if (await owesCredit(tx, organization.id, current, at)) return;
    const { customer } = await factsOf(tx, organization.id, next);
    await switchNow(app, tx, organization, { current, next, plan: nextPlan, timezone: customer.timezone, at }, now);
  }
}

const PAGE = 100;

/** Each waiting link in a transaction of its own, after what of its customer no run has billed yet. */
export function amountChangeJob(billMissed: BillMissed): Job<ReactionPayload> {
  const followAmount: Job<ReactionPayload> = job(
    "subscriptions.follow_amount",
    async ({ organization_id, subject_id, payload }, { app }) => {
      const organization = await findOrganization(app.db, organization_id);
      const now = presentOf(organization);
      const after = typeof payload.after === "string" ? payload.after : null;
      const page = await waitingLinksOf(app.db, organization_id, subject_id, PAGE, after);
      for (const waiting of page) {
        await billMissedOf(app, organization, waiting, { now, billMissed }, () => now);
        await inTransaction(app.db, (tx) => follow(app, tx, organization, subject_id, waiting, now));
      }
      if (page.length < PAGE) return;
      const next = { organization_id, subject_id, payload: { after: page.at(-1)?.id } };
      await enqueue(app.db, organization, followAmount, next);
    },
  );
  return followAmount;
}
