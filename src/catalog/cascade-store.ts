/** The SQL of changes that children are to follow. */
import { sql } from "kysely";
import type { DbOrTx, Tx } from "../storage/database.ts";
import type { PlanCascade } from "./cascade.ts";

export async function insertCascade(
  tx: Tx,
  organizationId: string,
  planId: string,
  change: PlanCascade,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .insertInto("plan_cascades")
    .values({ organization_id: organizationId, plan_id: planId, change: JSON.stringify(change), created_at: now })
    .execute();
}

/** Takes a plan's waiting changes out, in the order in which they were made. */
export async function takeCascades(tx: Tx, organizationId: string, planId: string): Promise<PlanCascade[]> {
  const { rows } = await sql<{ change: PlanCascade }>`
    with taken as (
      delete from plan_cascades where organization_id = ${organizationId} and plan_id = ${planId} returning ordinal, change
    )
    select change from taken order by ordinal`.execute(tx);
  return rows.map(({ change }) => change);
}

/** The living overrides of a plan. */
export async function childPlanIds(db: DbOrTx, organizationId: string, planId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("live_plans")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("parent_id", "=", planId)
    .orderBy("ordinal")
    .execute();
  return rows.map(({ id }) => id);
}
