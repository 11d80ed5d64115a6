/** The SQL of pricing units. */
import { type Selectable, sql } from "kysely";
import type { Page } from "../kernel/pages.ts";
import { type DbOrTx, orDuplicate, type Tx } from "../storage/database.ts";
import { readNewest } from "../storage/newest.ts";
import type { PricingUnitsTable } from "../storage/tables.ts";
import type { PricingUnit } from "./model.ts";
import type { PricingUnitTerms } from "./rules/pricing-unit.ts";

function unitOf(row: Selectable<PricingUnitsTable>): PricingUnit {
  const { id, code, name, short_name, description, created_at } = row;
  return { id, code, name, short_name, description, created_at };
}

export async function findPricingUnit(db: DbOrTx, organizationId: string, code: string): Promise<PricingUnit | null> {
  return (await pricingUnitsByCode(db, organizationId, [code])).get(code) ?? null;
}

/** The living units of those codes. */
export async function pricingUnitsByCode(
  db: DbOrTx,
  organizationId: string,
  codes: readonly string[],
): Promise<Map<string, PricingUnit>> {
  // PostgreSQL's texts hold no U+0000, so such a code names nothing.
  const wanted = [...new Set(codes)].filter((code) => code !== "" && !code.includes("\u0000"));
  if (wanted.length === 0) return new Map();
  const rows = await db
    .selectFrom("live_pricing_units")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("code", "=", sql<string>`any(${wanted}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.code, unitOf(row)]));
}

export async function listPricingUnits(
  db: DbOrTx,
  organizationId: string,
  page: Page,
): Promise<{ units: PricingUnit[]; count: number }> {
  const live = db.selectFrom("live_pricing_units").where("organization_id", "=", organizationId);
  const { rows, count } = await readNewest(live, page);
  return { units: rows.map(unitOf), count };
}

/** "duplicate" where a living unit has the code. */
export async function insertPricingUnit(
  tx: Tx,
  organizationId: string,
  id: string,
  terms: PricingUnitTerms,
  now: Temporal.Instant,
): Promise<PricingUnit | "duplicate"> {
  return orDuplicate("pricing_units_code", async () => {
    const row = await tx
      .insertInto("pricing_units")
      .values({ organization_id: organizationId, id, ...terms, created_at: now, updated_at: now })
      .returningAll()
      .executeTakeFirstOrThrow();
    return unitOf(row);
  });
}

export async function updatePricingUnit(
  tx: Tx,
  organizationId: string,
  id: string,
  { name, short_name, description }: PricingUnitTerms,
  now: Temporal.Instant,
): Promise<PricingUnit> {
  const row = await tx
    .updateTable("pricing_units")
    .set({ name, short_name, description, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return unitOf(row);
}

/** Soft-deletes the unit; charges that are priced in it keep it. */
export async function deletePricingUnit(tx: Tx, organizationId: string, id: string, now: Temporal.Instant) {
  await tx
    .updateTable("pricing_units")
    .set({ deleted_at: now, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .execute();
}
