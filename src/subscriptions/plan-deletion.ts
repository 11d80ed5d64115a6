/** A plan that is to go takes its subscriptions, and those on its overrides, with it. */
import { finishPlanDeletion, plansToEnd } from "../catalog/index.ts";
import { findOrganization } from "../identity/index.ts";
import { enqueue, type Job, job, type ReactionPayload } from "../jobs/index.ts";
import { floorToMicrosecond } from "../kernel/calendar.ts";
import { presentOf } from "../kernel/clock.ts";
import { inTransaction } from "../storage/database.ts";
import { cancelPending, endActive } from "./end.ts";
import { standingOnPlans } from "./store.ts";
import { lockCustomers } from "./transitions-store.ts";

const PAGE = 200;

/** `plan.deletion_requested`: a page of subscriptions a job, whose ends bill what was missed; the plan goes with the last one. */
export const endPlan: Job<ReactionPayload> = job(
  "subscriptions.end_plan",
  async ({ organization_id, subject_id, payload }, { app }) => {
    const organization = await findOrganization(app.db, organization_id);
    const now = presentOf(organization);
    await inTransaction(app.db, async (tx) => {
      const planIds = await plansToEnd(tx, organization_id, subject_id);
      if (planIds.length === 0) return;
      const found = await standingOnPlans(tx, organization_id, planIds, PAGE);
      await lockCustomers(
        tx,
        organization_id,
        found.map(({ customer_id }) => customer_id),
      );
      const standing = await standingOnPlans(tx, organization_id, planIds, PAGE);
      const active = standing.filter(({ status }) => status === "active");
      const waiting = standing.filter(({ status }) => status !== "active").map(({ id }) => id);
      await cancelPending(app, tx, organization, waiting, now);
      const endings = active.map(({ id, on_termination_credit_note, on_termination_invoice }) => ({
        id,
        terminated_at: floorToMicrosecond(now),
        terminated_by: "deletion" as const,
        on_termination_credit_note,
        on_termination_invoice,
      }));
      await endActive(app, tx, organization, endings, now);
      const isInUse = async () => (await standingOnPlans(tx, organization_id, planIds, 1)).length > 0;
      if (standing.length < PAGE && (await finishPlanDeletion(tx, organization_id, planIds, isInUse, now))) return;
      await enqueue(tx, organization, endPlan, { organization_id, subject_id, payload });
    });
  },
);
