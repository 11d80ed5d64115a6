/** Plan overrides of subscriptions follow their plan: the catalog says how, who is on which plan is known here. */
import { applyCascades } from "../catalog/index.ts";
import { findOrganization } from "../identity/index.ts";
import { type Job, job, type ReactionPayload } from "../jobs/index.ts";
import { presentOf } from "../kernel/clock.ts";
import { inTransaction } from "../storage/database.ts";
import { plansInUse } from "./store.ts";

/** Applies what waits for the children of the plan; a second run finds nothing left. */
export const cascadePlan: Job<ReactionPayload> = job(
  "subscriptions.cascade_plan",
  async ({ organization_id, subject_id }, { app }) => {
    const organization = await findOrganization(app.db, organization_id);
    const now = presentOf(organization);
    await inTransaction(app.db, (tx) =>
      applyCascades(app, tx, organization, subject_id, (ids) => plansInUse(tx, organization_id, ids), now),
    );
  },
);
