/** The versions of plans. */
import { sql } from "kysely";
import type { Tx } from "../storage/database.ts";
import { contentOf } from "./rules/plan-version.ts";
import type { StoredPlan } from "./stored.ts";

/**
 * Appends a version for each plan whose content differs from its newest one, and moves `plans.version_no` along.
 * `plans` are as they are after the change, in the transaction that changed them.
 */
export async function appendVersions(
  tx: Tx,
  organizationId: string,
  plans: readonly StoredPlan[],
  now: Temporal.Instant,
): Promise<void> {
  if (plans.length === 0) return;
  const contents = plans.map(contentOf);
  await sql`
    with changed as (
      insert into plan_versions (organization_id, plan_id, no, content, hash, created_at)
      select ${organizationId}::uuid, v.plan_id, v.no + 1, v.content, v.hash, ${now.toString()}::timestamptz
      from unnest(
        ${plans.map(({ id }) => id)}::uuid[],
        ${plans.map(({ version_no }) => version_no)}::integer[],
        ${contents.map(({ text }) => text)}::jsonb[],
        ${contents.map(({ hash }) => hash)}::text[]
      ) as v(plan_id, no, content, hash)
      where not exists (
        select from plan_versions known
        where known.organization_id = ${organizationId} and known.plan_id = v.plan_id and known.no = v.no and known.hash = v.hash
      )
      returning plan_id, no
    )
    update plans p set version_no = changed.no
    from changed
    where p.organization_id = ${organizationId} and p.id = changed.plan_id`.execute(tx);
}
