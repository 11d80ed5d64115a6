/** The SQL of plans and their charges: reading, and the rows of plans. */
import { type Selectable, sql } from "kysely";
import { Refusal, refuseIfAny } from "../kernel/failure.ts";
import { isUuid } from "../kernel/ids.ts";
import type { Page } from "../kernel/pages.ts";
import { type DbOrTx, orDuplicate, type Tx } from "../storage/database.ts";
import { readNewest } from "../storage/newest.ts";
import type { PlansTable } from "../storage/tables.ts";
import { chargesByPlan } from "./charges-reading.ts";
import type { Interval } from "./model.ts";
import { type PlanPartsRead, readPlanParts } from "./plan-parts-reading.ts";
import { notYetSubscribable } from "./rules/not-yet.ts";
import type { PlanTerms } from "./rules/plan.ts";
import type { StoredCharge, StoredPlan } from "./stored.ts";

function planOf(
  row: Selectable<PlansTable>,
  charges: readonly StoredCharge[],
  { fixed_charges, commitments, thresholds }: PlanPartsRead,
): StoredPlan {
  const usage_thresholds = thresholds.get(row.id) ?? [];
  const inherited = row.parent_id === null ? [] : (thresholds.get(row.parent_id) ?? []);
  return {
    id: row.id,
    parent_id: row.parent_id,
    code: row.code,
    name: row.name,
    invoice_display_name: row.invoice_display_name,
    description: row.description,
    interval: row.interval as Interval,
    amount_cents: row.amount_cents,
    amount_currency: row.amount_currency,
    pay_in_advance: row.pay_in_advance,
    trial_period: row.trial_period === null ? null : Number(row.trial_period.toFixed()),
    bill_charges_monthly: row.bill_charges_monthly ?? false,
    bill_fixed_charges_monthly: row.bill_fixed_charges_monthly ?? false,
    version_no: row.version_no,
    pending_deletion: row.pending_deletion,
    attached: row.attached,
    created_at: row.created_at,
    metadata: row.metadata,
    charges,
    fixed_charges: fixed_charges.get(row.id) ?? [],
    minimum_commitment: commitments.get(row.id) ?? null,
    usage_thresholds,
    applicable_usage_thresholds: usage_thresholds.length > 0 ? usage_thresholds : inherited,
  };
}

async function withParts(
  db: DbOrTx,
  organizationId: string,
  rows: readonly Selectable<PlansTable>[],
): Promise<StoredPlan[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const parentIds = [...new Set(rows.flatMap(({ parent_id }) => parent_id ?? []))];
  const charges = await chargesByPlan(db, organizationId, ids);
  const parts = await readPlanParts(db, organizationId, ids, parentIds);
  return rows.map((row) => planOf(row, charges.get(row.id) ?? [], parts));
}

/** The living top-level plan of that code with its live charges and their metrics. */
export async function findPlan(db: DbOrTx, organizationId: string, code: string): Promise<StoredPlan | null> {
  const rows = await db
    .selectFrom("live_plans")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("code", "=", code)
    .where("parent_id", "is", null)
    .execute();
  const [plan] = await withParts(db, organizationId, rows);
  return plan ?? null;
}

/** Plans by id, also deleted ones (history), each with its live charges. A fixed number of queries, whatever the number of plans. */
export async function loadPlans(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, StoredPlan>> {
  const wanted = [...new Set(ids)].filter(isUuid);
  if (wanted.length === 0) return new Map();
  const rows = await db
    .selectFrom("plans")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${wanted}::uuid[])`)
    .execute();
  const plans = await withParts(db, organizationId, rows);
  return new Map(plans.map((plan) => [plan.id, plan]));
}

export async function listPlans(
  db: DbOrTx,
  organizationId: string,
  page: Page,
): Promise<{ plans: StoredPlan[]; count: number }> {
  const live = db.selectFrom("live_plans").where("organization_id", "=", organizationId).where("parent_id", "is", null);
  const { rows, count } = await readNewest(live, page);
  return { plans: await withParts(db, organizationId, rows), count };
}

/** Locks the living top-level plan of that code against subscribers and other writers, and reads it. */
export async function lockPlan(tx: Tx, organizationId: string, code: string): Promise<StoredPlan | null> {
  await tx
    .selectFrom("plans")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("code", "=", code)
    .where("parent_id", "is", null)
    .where("deleted_at", "is", null)
    .forNoKeyUpdate()
    .execute();
  return findPlan(tx, organizationId, code);
}

const columnsOf = ({ trial_period, ...terms }: PlanTerms) => ({
  ...terms,
  trial_period: trial_period?.toFixed() ?? null,
});

/** "duplicate" where a living plan has the code; children of one (`parentId`) share it. */
export async function insertPlan(
  tx: Tx,
  organizationId: string,
  id: string,
  terms: PlanTerms,
  now: Temporal.Instant,
  parentId: string | null = null,
): Promise<"inserted" | "duplicate"> {
  return orDuplicate("plans_code", async (): Promise<"inserted"> => {
    await tx
      .insertInto("plans")
      .values({
        organization_id: organizationId,
        id,
        parent_id: parentId,
        ...columnsOf(terms),
        version_no: 0,
        created_at: now,
        updated_at: now,
      })
      .execute();
    return "inserted";
  });
}

/** "duplicate" where another living plan has the code. */
export async function updatePlan(
  tx: Tx,
  organizationId: string,
  id: string,
  terms: PlanTerms,
  now: Temporal.Instant,
): Promise<"updated" | "duplicate"> {
  return orDuplicate("plans_code", async (): Promise<"updated"> => {
    await tx
      .updateTable("plans")
      .set({ ...columnsOf(terms), updated_at: now })
      .where("organization_id", "=", organizationId)
      .where("id", "=", id)
      .execute();
    return "updated";
  });
}

export async function updateAmounts(
  tx: Tx,
  organizationId: string,
  ids: readonly string[],
  amountCents: bigint,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable("plans")
    .set({ amount_cents: amountCents, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Soft-deletes a plan and its charges. */
export async function deletePlan(tx: Tx, organizationId: string, id: string, now: Temporal.Instant): Promise<void> {
  const gone = { deleted_at: now, updated_at: now };
  await tx.updateTable("plans").set(gone).where("organization_id", "=", organizationId).where("id", "=", id).execute();
  await tx
    .updateTable("charges")
    .set(gone)
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", id)
    .where("deleted_at", "is", null)
    .execute();
}

export async function markPendingDeletion(
  tx: Tx,
  organizationId: string,
  ids: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable("plans")
    .set({ pending_deletion: true, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Those of the living plans that are pending deletion, in the order given. */
export async function pendingPlans(db: DbOrTx, organizationId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom("live_plans")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .where("pending_deletion", "=", true)
    .execute();
  const pending = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => pending.has(id));
}

/** Locks plans against subscribers and other writers, in order of id. */
export async function lockPlans(tx: Tx, organizationId: string, ids: readonly string[]): Promise<void> {
  await tx
    .selectFrom("plans")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
}

/** Soft-deletes plans whose time has come; their charges stay. */
export async function endPlans(
  tx: Tx,
  organizationId: string,
  ids: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable("plans")
    .set({ pending_deletion: false, deleted_at: now, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .where("deleted_at", "is", null)
    .execute();
}

/**
 * From now on a subscription is on the plan and its terms are fixed. Until the transaction ends the plan can neither change
 * nor go. Refusal plan_not_found where it was deleted meanwhile or is about to be, 422 where it gained something that is not rated yet.
 */
export async function markPlanAttached(tx: Tx, organizationId: string, planId: string): Promise<void> {
  const row = () =>
    tx
      .selectFrom("plans")
      .select("attached")
      .where("organization_id", "=", organizationId)
      .where("id", "=", planId)
      .where("pending_deletion", "=", false)
      .where("deleted_at", "is", null);
  const seen = await row().executeTakeFirst();
  // Subscribers of an attached plan hold it together; only the first one is alone with it.
  const held = seen?.attached
    ? await row().forShare().executeTakeFirst()
    : await row().forNoKeyUpdate().executeTakeFirst();
  if (held === undefined) throw new Refusal("plan_not_found");
  if (held.attached) return;
  const plan = (await loadPlans(tx, organizationId, [planId])).get(planId);
  if (plan === undefined) throw new Refusal("plan_not_found");
  refuseIfAny(notYetSubscribable(plan));
  await tx
    .updateTable("plans")
    .set({ attached: true })
    .where("organization_id", "=", organizationId)
    .where("id", "=", planId)
    .execute();
}
