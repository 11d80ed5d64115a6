/** The SQL that writes what belongs to one plan beside its charges: metadata, minimum commitment, usage thresholds. */
import { sql } from "kysely";
import { newId } from "../kernel/ids.ts";
import type { Metadata } from "../kernel/metadata.ts";
import type { Tx } from "../storage/database.ts";
import type { CommitmentChange } from "./rules/commitment.ts";
import type { ThresholdTerms } from "./rules/thresholds.ts";

export async function setMetadata(
  tx: Tx,
  organizationId: string,
  planId: string,
  metadata: Metadata | null,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable("plans")
    .set({ metadata: metadata === null ? null : JSON.stringify(metadata), updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", planId)
    .execute();
}

export async function applyCommitment(
  tx: Tx,
  organizationId: string,
  planId: string,
  change: CommitmentChange,
  now: Temporal.Instant,
): Promise<void> {
  if (change === "keep") return;
  const live = tx
    .updateTable("minimum_commitments")
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", planId)
    .where("deleted_at", "is", null);
  if (change === "remove") {
    await live.set({ deleted_at: now, updated_at: now }).execute();
    return;
  }
  const updated = await live
    .set({ ...change, updated_at: now })
    .returning("id")
    .execute();
  if (updated.length > 0) return;
  await tx
    .insertInto("minimum_commitments")
    .values({
      organization_id: organizationId,
      id: newId(),
      plan_id: planId,
      ...change,
      created_at: now,
      updated_at: now,
    })
    .execute();
}

/** The list replaces what there was; a threshold of the same amount and kind stays the same one. */
export async function replaceThresholds(
  tx: Tx,
  organizationId: string,
  planId: string,
  thresholds: readonly ThresholdTerms[],
  now: Temporal.Instant,
): Promise<void> {
  const at = now.toString();
  const wanted = sql`unnest(
    ${thresholds.map(({ amount_cents }) => amount_cents.toString())}::bigint[],
    ${thresholds.map(({ recurring }) => recurring)}::boolean[]
  )`;
  await sql`
    update usage_thresholds known set deleted_at = ${at}::timestamptz, updated_at = ${at}::timestamptz
    where organization_id = ${organizationId} and plan_id = ${planId} and deleted_at is null
      and (amount_cents, recurring) not in (select * from ${wanted} as w)`.execute(tx);
  if (thresholds.length === 0) return;
  await sql`
    insert into usage_thresholds as known
      (organization_id, id, plan_id, amount_cents, recurring, threshold_display_name, created_at, updated_at)
    select ${organizationId}::uuid, id, ${planId}::uuid, amount_cents, recurring, threshold_display_name,
      ${at}::timestamptz, ${at}::timestamptz
    from unnest(
      ${thresholds.map(() => newId())}::uuid[],
      ${thresholds.map(({ amount_cents }) => amount_cents.toString())}::bigint[],
      ${thresholds.map(({ recurring }) => recurring)}::boolean[],
      ${thresholds.map(({ threshold_display_name }) => threshold_display_name)}::text[]
    ) with ordinality as v(id, amount_cents, recurring, threshold_display_name, n)
    order by n
    on conflict (organization_id, plan_id, recurring, amount_cents) where deleted_at is null
      do update set threshold_display_name = excluded.threshold_display_name, updated_at = excluded.updated_at
      where known.threshold_display_name is distinct from excluded.threshold_display_name`.execute(tx);
}
