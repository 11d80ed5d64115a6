/** The SQL that reads what belongs to plans beside their charges. A fixed number of queries for any number of plans. */
import { type Selectable, sql } from "kysely";
import type { DbOrTx } from "../storage/database.ts";
import type { MinimumCommitmentsTable, UsageThresholdsTable } from "../storage/tables.ts";
import type { FixedChargeModel, UsageThreshold } from "./model.ts";
import type { StoredCommitment, StoredFixedCharge } from "./stored.ts";

export interface PlanPartsRead {
  readonly fixed_charges: ReadonlyMap<string, readonly StoredFixedCharge[]>;
  readonly commitments: ReadonlyMap<string, StoredCommitment>;
  readonly thresholds: ReadonlyMap<string, readonly UsageThreshold[]>;
}

/** Live parts by plan. `ids` of plans; thresholds are read of `parentIds` as well, since children fall back to them. */
export async function readPlanParts(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
  parentIds: readonly string[],
): Promise<PlanPartsRead> {
  const commitments = await db
    .selectFrom("live_minimum_commitments")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
  const thresholds = await db
    .selectFrom("live_usage_thresholds")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", sql<string>`any(${[...ids, ...parentIds]}::uuid[])`)
    .orderBy("recurring")
    .orderBy("amount_cents")
    .execute();
  return {
    fixed_charges: await fixedChargesByPlan(db, organizationId, ids),
    commitments: new Map(commitments.map((row) => [row.plan_id, commitmentOf(row)])),
    thresholds: gathered(thresholds.map((row) => [row.plan_id, thresholdOf(row)])),
  };
}

async function fixedChargesByPlan(
  db: DbOrTx,
  organizationId: string,
  planIds: readonly string[],
): Promise<Map<string, StoredFixedCharge[]>> {
  const rows = await db
    .selectFrom("live_fixed_charges as f")
    .innerJoin("add_ons as a", (join) =>
      join.onRef("a.organization_id", "=", "f.organization_id").onRef("a.id", "=", "f.add_on_id"),
    )
    .selectAll("f")
    .select([
      "a.code as add_on_code",
      "a.name as add_on_name",
      "a.description as add_on_description",
      "a.invoice_display_name as add_on_display_name",
    ])
    .where("f.organization_id", "=", organizationId)
    .where("f.plan_id", "=", sql<string>`any(${planIds}::uuid[])`)
    .orderBy("f.ordinal")
    .execute();
  return gathered(
    rows.map((row) => [
      row.plan_id,
      {
        id: row.id,
        plan_id: row.plan_id,
        parent_id: row.parent_id,
        code: row.code,
        invoice_display_name: row.invoice_display_name,
        charge_model: row.charge_model as FixedChargeModel,
        units: row.units,
        pay_in_advance: row.pay_in_advance,
        prorated: row.prorated,
        properties: row.properties,
        add_on: {
          id: row.add_on_id,
          code: row.add_on_code,
          name: row.add_on_name,
          description: row.add_on_description,
          invoice_display_name: row.add_on_display_name,
        },
        created_at: row.created_at,
      },
    ]),
  );
}

function commitmentOf(row: Selectable<MinimumCommitmentsTable>): StoredCommitment {
  const { id, amount_cents, invoice_display_name, created_at, updated_at } = row;
  return { id, amount_cents, invoice_display_name, created_at, updated_at };
}

function thresholdOf(row: Selectable<UsageThresholdsTable>): UsageThreshold {
  const { id, amount_cents, recurring, threshold_display_name, created_at, updated_at } = row;
  return { id, amount_cents, recurring, threshold_display_name, created_at, updated_at };
}

function gathered<T>(pairs: readonly (readonly [string, T])[]): Map<string, T[]> {
  const lists = new Map<string, T[]>();
  for (const [key, value] of pairs) {
    const known = lists.get(key);
    if (known === undefined) lists.set(key, [value]);
    else known.push(value);
  }
  return lists;
}
