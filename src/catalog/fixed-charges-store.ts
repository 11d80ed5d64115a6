/** The SQL that writes fixed charges: each statement takes those of many plans at once. */
import { sql } from "kysely";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import type { CodedFixedCharge, FixedChargeChanges } from "./rules/fixed-charge-list.ts";

export interface NewFixedCharge {
  readonly id: string;
  readonly planId: string;
  /** The parent plan's fixed charge that it is a copy of. */
  readonly parentId: string | null;
  readonly terms: CodedFixedCharge;
}

export interface FixedChargeWrites {
  /** In order of creation. */
  readonly inserted: readonly NewFixedCharge[];
  readonly changed: ReadonlyMap<string, CodedFixedCharge>;
  readonly goneIds: readonly string[];
}

/** The changes of one plan's fixed charges, with ids for the new ones. */
export function fixedChargeWrites(
  planId: string,
  { created, changed, goneIds }: FixedChargeChanges,
): FixedChargeWrites {
  return { inserted: created.map((terms) => ({ id: newId(), planId, parentId: null, terms })), changed, goneIds };
}

/** Deletes what is gone, changes what stayed and inserts what is new, in this order: codes of the gone are free. Of any number of plans. */
export async function writeFixedCharges(
  tx: Tx,
  organizationId: string,
  { inserted, changed, goneIds }: FixedChargeWrites,
  now: Temporal.Instant,
): Promise<void> {
  if (goneIds.length > 0) await deleteFixedCharges(tx, organizationId, goneIds, now);
  if (changed.size > 0) await updateFixedCharges(tx, organizationId, changed, now);
  if (inserted.length > 0) await insertFixedCharges(tx, organizationId, inserted, now);
}

async function deleteFixedCharges(tx: Tx, organizationId: string, ids: readonly string[], now: Temporal.Instant) {
  await tx
    .updateTable("fixed_charges")
    .set({ deleted_at: now, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

const NAMES = sql.raw("code, charge_model, units, invoice_display_name, properties");

function columnsOf(charges: readonly CodedFixedCharge[]) {
  return sql`
    ${charges.map(({ code }) => code)}::text[],
    ${charges.map(({ charge_model }) => charge_model)}::text[],
    ${charges.map(({ units }) => units.toFixed())}::numeric[],
    ${charges.map(({ invoice_display_name }) => invoice_display_name)}::text[],
    ${charges.map(({ properties }) => JSON.stringify(properties))}::jsonb[]`;
}

async function updateFixedCharges(
  tx: Tx,
  organizationId: string,
  changed: ReadonlyMap<string, CodedFixedCharge>,
  now: Temporal.Instant,
) {
  const ids = [...changed.keys()];
  const charges = [...changed.values()];
  // Two may swap their codes: each is unique at every moment.
  await sql`
    update fixed_charges c set code = c.id::text
    from unnest(${ids}::uuid[], ${charges.map(({ code }) => code)}::text[]) as v(id, code)
    where c.organization_id = ${organizationId} and c.id = v.id and c.code <> v.code`.execute(tx);
  await sql`
    update fixed_charges c set
      code = v.code, charge_model = v.charge_model, units = v.units, invoice_display_name = v.invoice_display_name,
      properties = v.properties, updated_at = ${now.toString()}::timestamptz
    from unnest(${ids}::uuid[], ${columnsOf(charges)}) as v(id, ${NAMES})
    where c.organization_id = ${organizationId} and c.id = v.id`.execute(tx);
}

async function insertFixedCharges(
  tx: Tx,
  organizationId: string,
  inserted: readonly NewFixedCharge[],
  now: Temporal.Instant,
) {
  const charges = inserted.map(({ terms }) => terms);
  const at = now.toString();
  await sql`
    insert into fixed_charges (organization_id, created_at, updated_at, id, plan_id, parent_id, add_on_id, pay_in_advance, prorated, ${NAMES})
    select ${organizationId}::uuid, ${at}::timestamptz, ${at}::timestamptz, v.*
    from (
      select id, plan_id, parent_id, add_on_id, pay_in_advance, prorated, ${NAMES}
      from unnest(
        ${inserted.map(({ id }) => id)}::uuid[], ${inserted.map(({ planId }) => planId)}::uuid[],
        ${inserted.map(({ parentId }) => parentId)}::uuid[], ${charges.map(({ add_on }) => add_on.id)}::uuid[],
        ${charges.map(({ pay_in_advance }) => pay_in_advance)}::boolean[],
        ${charges.map(({ prorated }) => prorated)}::boolean[], ${columnsOf(charges)}
      ) with ordinality as u(id, plan_id, parent_id, add_on_id, pay_in_advance, prorated, ${NAMES}, n)
      order by n
    ) as v`.execute(tx);
}
