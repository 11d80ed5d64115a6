/** The SQL of organizations' settings and billing entities. */
import { sql } from "kysely";
import { type DbOrTx, type Tx, violatedConstraint } from "../storage/database.ts";
import type { BillingEntity, BillingEntityChange, NewBillingEntity, OrganizationRow } from "./model.ts";

export async function findOrganization(db: DbOrTx, organizationId: string): Promise<OrganizationRow> {
  return db.selectFrom("organizations").selectAll().where("id", "=", organizationId).executeTakeFirstOrThrow();
}

export async function updateOrganization(
  tx: Tx,
  organizationId: string,
  change: { readonly slug?: string; readonly document_number_prefix?: string; readonly updated_at: Temporal.Instant },
): Promise<"updated" | "slug_taken"> {
  try {
    await tx.updateTable("organizations").set(change).where("id", "=", organizationId).execute();
    return "updated";
  } catch (error) {
    if (violatedConstraint(error) === "organizations_slug_key") return "slug_taken";
    throw error;
  }
}

/** The active ones, oldest first: the first is the default (C.4 of the platform spec). */
export async function listBillingEntities(db: DbOrTx, organizationId: string): Promise<BillingEntity[]> {
  return db
    .selectFrom("live_billing_entities")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .orderBy("ordinal")
    .execute();
}

/** The active one with this code; null when unknown or archived. */
export async function findBillingEntity(
  db: DbOrTx,
  organizationId: string,
  code: string,
): Promise<BillingEntity | null> {
  const row = await db
    .selectFrom("live_billing_entities")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("code", "=", code)
    .executeTakeFirst();
  return row ?? null;
}

/** Bills where nothing else is said: the oldest active one; null where all are archived. */
export async function findDefaultBillingEntity(db: DbOrTx, organizationId: string): Promise<BillingEntity | null> {
  const row = await db
    .selectFrom("live_billing_entities")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .orderBy("ordinal")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Those of these codes that are active, by code. */
export async function findBillingEntities(
  db: DbOrTx,
  organizationId: string,
  codes: readonly string[],
): Promise<Map<string, BillingEntity>> {
  const rows = await db
    .selectFrom("live_billing_entities")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where((eb) => eb("code", "=", eb.fn.any(sql<string[]>`${[...codes]}::text[]`)))
    .execute();
  return new Map(rows.map((row) => [row.code, row]));
}

/** By id, also where it is archived. */
export async function loadBillingEntity(db: DbOrTx, organizationId: string, id: string): Promise<BillingEntity | null> {
  const row = await db
    .selectFrom("billing_entities")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

/** The active one with this id or code, locked until the transaction ends. */
export async function lockBillingEntity(
  tx: Tx,
  organizationId: string,
  by: { readonly id: string } | { readonly code: string },
): Promise<BillingEntity | null> {
  const row = await tx
    .selectFrom("billing_entities")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .$if("id" in by, (query) => query.where("id", "=", "id" in by ? by.id : ""))
    .$if("code" in by, (query) =>
      query.where("code", "=", "code" in by ? by.code : "").where("archived_at", "is", null),
    )
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ?? null;
}

export async function insertBillingEntity(tx: Tx, entity: NewBillingEntity): Promise<BillingEntity | "code_taken"> {
  try {
    return await tx.insertInto("billing_entities").values(entity).returningAll().executeTakeFirstOrThrow();
  } catch (error) {
    if (violatedConstraint(error) === "billing_entities_code") return "code_taken";
    throw error;
  }
}

export async function updateBillingEntity(
  tx: Tx,
  organizationId: string,
  id: string,
  change: BillingEntityChange,
): Promise<BillingEntity> {
  return tx
    .updateTable("billing_entities")
    .set(change)
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
