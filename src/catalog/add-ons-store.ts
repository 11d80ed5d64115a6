/** The SQL of add-ons. */
import { type Selectable, sql } from "kysely";
import { isUuid } from "../kernel/ids.ts";
import type { Page } from "../kernel/pages.ts";
import { type DbOrTx, orDuplicate, type Tx } from "../storage/database.ts";
import { readNewest } from "../storage/newest.ts";
import type { AddOnsTable } from "../storage/tables.ts";
import type { AddOn } from "./model.ts";
import type { AddOnTerms } from "./rules/add-on.ts";

function addOnOf(row: Selectable<AddOnsTable>): AddOn {
  const { id, code, name, invoice_display_name, description, amount_cents, amount_currency, created_at } = row;
  return { id, code, name, invoice_display_name, description, amount_cents, amount_currency, created_at };
}

export interface AddOnsNamed {
  readonly byId: ReadonlyMap<string, AddOn>;
  readonly byCode: ReadonlyMap<string, AddOn>;
}

/** The living add-ons of those ids and codes. */
export async function findAddOns(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
  codes: readonly string[],
): Promise<AddOnsNamed> {
  const wantedIds = [...new Set(ids)].filter(isUuid);
  // PostgreSQL's texts hold no U+0000, so such a code names nothing.
  const wantedCodes = [...new Set(codes)].filter((code) => code !== "" && !code.includes("\u0000"));
  if (wantedIds.length + wantedCodes.length === 0) return { byId: new Map(), byCode: new Map() };
  const rows = await db
    .selectFrom("live_add_ons")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where((eb) =>
      eb.or([
        eb("id", "=", sql<string>`any(${wantedIds}::uuid[])`),
        eb("code", "=", sql<string>`any(${wantedCodes}::text[])`),
      ]),
    )
    .execute();
  const addOns = rows.map(addOnOf);
  return {
    byId: new Map(addOns.map((addOn) => [addOn.id, addOn])),
    byCode: new Map(addOns.map((addOn) => [addOn.code, addOn])),
  };
}

export async function listAddOns(
  db: DbOrTx,
  organizationId: string,
  page: Page,
): Promise<{ addOns: AddOn[]; count: number }> {
  const live = db.selectFrom("live_add_ons").where("organization_id", "=", organizationId);
  const { rows, count } = await readNewest(live, page);
  return { addOns: rows.map(addOnOf), count };
}

/** "duplicate" where a living add-on has the code. */
export async function insertAddOn(
  tx: Tx,
  organizationId: string,
  id: string,
  terms: AddOnTerms,
  now: Temporal.Instant,
): Promise<AddOn | "duplicate"> {
  return orDuplicate("add_ons_code", async () => {
    const row = await tx
      .insertInto("add_ons")
      .values({ organization_id: organizationId, id, ...terms, created_at: now, updated_at: now })
      .returningAll()
      .executeTakeFirstOrThrow();
    return addOnOf(row);
  });
}

/** "duplicate" where another living add-on has the code. */
export async function updateAddOn(
  tx: Tx,
  organizationId: string,
  id: string,
  terms: AddOnTerms,
  now: Temporal.Instant,
): Promise<AddOn | "duplicate"> {
  return orDuplicate("add_ons_code", async () => {
    const row = await tx
      .updateTable("add_ons")
      .set({ ...terms, updated_at: now })
      .where("organization_id", "=", organizationId)
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return addOnOf(row);
  });
}

/** Soft-deletes the add-on with every fixed charge on it, and answers the ids of the plans that had one. */
export async function deleteAddOn(
  tx: Tx,
  organizationId: string,
  id: string,
  now: Temporal.Instant,
): Promise<string[]> {
  const gone = { deleted_at: now, updated_at: now };
  await tx
    .updateTable("add_ons")
    .set(gone)
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .execute();
  const charges = await tx
    .updateTable("fixed_charges")
    .set(gone)
    .where("organization_id", "=", organizationId)
    .where("add_on_id", "=", id)
    .where("deleted_at", "is", null)
    .returning("plan_id")
    .execute();
  return [...new Set(charges.map(({ plan_id }) => plan_id))].sort();
}
