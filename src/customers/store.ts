/** The SQL of customers. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import { offsetOf, type Page } from "../kernel/pages.ts";
import { type DbOrTx, type Tx, violatedConstraint } from "../storage/database.ts";
import type { Tables } from "../storage/tables.ts";
import type { CustomerFilters } from "./filters.ts";
import type { CustomerChange, CustomerRow, CustomerView, NewCustomer } from "./model.ts";

/** Customers with what their answers need of their billing entities. */
function views(db: DbOrTx, organizationId: string) {
  return db
    .selectFrom("customers as c")
    .innerJoin("billing_entities as e", (join) =>
      join.onRef("e.organization_id", "=", "c.organization_id").onRef("e.id", "=", "c.billing_entity_id"),
    )
    .where("c.organization_id", "=", organizationId);
}

const VIEW = ["e.code as billing_entity_code", "e.timezone as billing_entity_timezone"] as const;

/** The living one of an external id. */
export async function findView(db: DbOrTx, organizationId: string, externalId: string): Promise<CustomerView | null> {
  const row = await views(db, organizationId)
    .where("c.external_id", "=", externalId)
    .where("c.deleted_at", "is", null)
    .selectAll("c")
    .select(VIEW)
    .executeTakeFirst();
  return row ?? null;
}

/** By id, deleted ones too. */
export async function loadViews(db: DbOrTx, organizationId: string, ids: readonly string[]): Promise<CustomerView[]> {
  if (ids.length === 0) return [];
  return views(db, organizationId)
    .where("c.id", "=", sql<string>`any(${[...ids]}::uuid[])`)
    .selectAll("c")
    .select(VIEW)
    .execute();
}

/** Newest first; those of one moment in the order in which they came. */
export async function listViews(
  db: DbOrTx,
  organizationId: string,
  filters: CustomerFilters,
  page: Page,
): Promise<{ customers: CustomerView[]; count: number }> {
  const query = views(db, organizationId)
    .where("c.deleted_at", "is", null)
    .where((eb) => eb.and(conditions(eb, filters)));
  const customers = await query
    .selectAll("c")
    .select(VIEW)
    .orderBy("c.created_at", "desc")
    .orderBy("c.ordinal")
    .limit(page.perPage)
    .offset(offsetOf(page))
    .execute();
  const { count } = await query.select((eb) => eb.fn.countAll<bigint>().as("count")).executeTakeFirstOrThrow();
  return { customers, count: Number(count) };
}

type Builder = ExpressionBuilder<Tables & { c: Tables["customers"]; e: Tables["billing_entities"] }, "c" | "e">;

const SEARCHED = ["c.name", "c.firstname", "c.lastname", "c.legal_name", "c.external_id", "c.email"] as const;

function conditions(eb: Builder, filters: CustomerFilters): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = [];
  const among = (
    column: "c.account_type" | "e.code" | "c.currency" | "c.country" | "c.state" | "c.zipcode",
    values: readonly string[],
  ) => {
    if (values.length > 0) all.push(eb(column, "=", sql<string>`any(${[...values]}::text[])`));
  };
  among("c.account_type", filters.account_types);
  among("e.code", filters.billing_entity_codes);
  among("c.currency", filters.currencies);
  among("c.country", filters.countries);
  among("c.state", filters.states);
  among("c.zipcode", filters.zipcodes);
  if (filters.external_id !== null) all.push(eb("c.external_id", "=", filters.external_id));
  if (filters.customer_type !== null) all.push(eb("c.customer_type", "=", filters.customer_type));
  if (filters.has_customer_type !== null) {
    all.push(eb("c.customer_type", filters.has_customer_type ? "is not" : "is", null));
  }
  if (filters.has_tax_identification_number !== null) {
    const hasNumber = sql<boolean>`coalesce(${eb.ref("c.tax_identification_number")}, '') <> ''`;
    all.push(filters.has_tax_identification_number ? hasNumber : eb.not(hasNumber));
  }
  if (filters.search_term !== null) {
    const pattern = `%${filters.search_term.replace(/[\\%_]/g, "\\$&")}%`;
    all.push(eb.or(SEARCHED.map((column) => eb(column, "ilike", pattern))));
  }
  for (const [key, value] of Object.entries(filters.metadata)) {
    const entry = JSON.stringify([value === "" ? { key } : { key, value }]);
    const holds = sql<boolean>`${eb.ref("c.metadata")} @> ${entry}::jsonb`;
    all.push(value === "" ? eb.not(holds) : holds);
  }
  return all;
}

/** The living one of an external id, locked: against others who change it, not against those who refer to it. */
export async function lockCustomer(tx: Tx, organizationId: string, externalId: string): Promise<CustomerRow | null> {
  const row = await tx
    .selectFrom("customers")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", externalId)
    .where("deleted_at", "is", null)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/** By id, locked in the same way; null where it is deleted. */
export async function lockCustomerById(tx: Tx, organizationId: string, id: string): Promise<CustomerRow | null> {
  const row = await tx
    .selectFrom("customers")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * As lockCustomer; where there is none, nobody else can make it until the transaction ends. So a customer who is made
 * by several requests at once is made by one, and no sequential id is taken in vain.
 */
export async function lockOrClaim(tx: Tx, organizationId: string, externalId: string): Promise<CustomerRow | null> {
  const known = await lockCustomer(tx, organizationId, externalId);
  if (known !== null) return known;
  const claim = `customer ${organizationId} ${externalId}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${claim}, 0))`.execute(tx);
  return lockCustomer(tx, organizationId, externalId);
}

export async function insertCustomer(tx: Tx, customer: NewCustomer): Promise<"inserted" | "external_id_taken"> {
  try {
    await tx.insertInto("customers").values(customer).execute();
    return "inserted";
  } catch (error) {
    if (violatedConstraint(error) === "customers_external_id") return "external_id_taken";
    throw error;
  }
}

/** The columns of a change as they are written. */
export function columnsOf({ metadata, ...columns }: CustomerChange) {
  return metadata === undefined ? columns : { ...columns, metadata: JSON.stringify(metadata) };
}

export async function updateCustomer(
  tx: Tx,
  organizationId: string,
  id: string,
  change: CustomerChange,
): Promise<void> {
  await tx
    .updateTable("customers")
    .set(columnsOf(change))
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .execute();
}

/** Whether it is alive, and so is marked now. */
export async function setUsed(tx: Tx, organizationId: string, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("customers")
    .set({ used: true })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function setBlankCurrency(tx: Tx, organizationId: string, id: string, currency: string): Promise<void> {
  await tx
    .updateTable("customers")
    .set({ currency })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .where("currency", "is", null)
    .execute();
}
