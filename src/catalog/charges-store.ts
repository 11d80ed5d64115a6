/** The SQL that writes charges: each statement takes all of a plan's at once. */
import { sql } from "kysely";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import type { ChargeChanges, CodedCharge } from "./rules/charge-list.ts";

function columnsOf(charges: readonly CodedCharge[]) {
  return sql`
    ${charges.map(({ billable_metric }) => billable_metric.id)}::uuid[],
    ${charges.map(({ code }) => code)}::text[],
    ${charges.map(({ charge_model }) => charge_model)}::text[],
    ${charges.map(({ pay_in_advance }) => pay_in_advance)}::boolean[],
    ${charges.map(({ prorated }) => prorated)}::boolean[],
    ${charges.map(({ invoiceable }) => invoiceable)}::boolean[],
    ${charges.map(({ regroup_paid_fees }) => regroup_paid_fees)}::text[],
    ${charges.map(({ min_amount_cents }) => min_amount_cents.toString())}::bigint[],
    ${charges.map(({ invoice_display_name }) => invoice_display_name)}::text[],
    ${charges.map(({ properties }) => JSON.stringify(properties))}::jsonb[]`;
}

const NAMES = sql.raw(
  "billable_metric_id, code, charge_model, pay_in_advance, prorated, invoiceable, regroup_paid_fees, min_amount_cents, invoice_display_name, properties",
);

/** Deletes what is gone, changes what stayed and inserts what is new, in this order: codes of the gone are free. */
export async function applyChargeChanges(
  tx: Tx,
  organizationId: string,
  planId: string,
  { created, changed, goneIds }: ChargeChanges,
  now: Temporal.Instant,
): Promise<void> {
  if (goneIds.length > 0) await deleteCharges(tx, organizationId, goneIds, now);
  if (changed.size > 0) await updateCharges(tx, organizationId, changed, now);
  if (created.length > 0) await insertCharges(tx, organizationId, planId, created, now);
}

async function deleteCharges(tx: Tx, organizationId: string, ids: readonly string[], now: Temporal.Instant) {
  await tx
    .updateTable("charges")
    .set({ deleted_at: now, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`)
    .execute();
}

async function updateCharges(
  tx: Tx,
  organizationId: string,
  changed: ReadonlyMap<string, CodedCharge>,
  now: Temporal.Instant,
) {
  const ids = [...changed.keys()];
  const charges = [...changed.values()];
  // Two charges may swap their codes: each is unique at every moment.
  await sql`
    update charges c set code = c.id::text
    from unnest(${ids}::uuid[], ${charges.map(({ code }) => code)}::text[]) as v(id, code)
    where c.organization_id = ${organizationId} and c.id = v.id and c.code <> v.code`.execute(tx);
  await sql`
    update charges c set
      billable_metric_id = v.billable_metric_id, code = v.code, charge_model = v.charge_model,
      pay_in_advance = v.pay_in_advance, prorated = v.prorated, invoiceable = v.invoiceable,
      regroup_paid_fees = v.regroup_paid_fees, min_amount_cents = v.min_amount_cents,
      invoice_display_name = v.invoice_display_name, properties = v.properties, updated_at = ${now.toString()}::timestamptz
    from unnest(${ids}::uuid[], ${columnsOf(charges)}) as v(id, ${NAMES})
    where c.organization_id = ${organizationId} and c.id = v.id`.execute(tx);
}

async function insertCharges(
  tx: Tx,
  organizationId: string,
  planId: string,
  charges: readonly CodedCharge[],
  now: Temporal.Instant,
) {
  await sql`
    insert into charges (organization_id, plan_id, created_at, updated_at, id, ${NAMES})
    select ${organizationId}::uuid, ${planId}::uuid, ${now.toString()}::timestamptz, ${now.toString()}::timestamptz, v.*
    from (
      select id, ${NAMES}
      from unnest(${charges.map(() => newId())}::uuid[], ${columnsOf(charges)})
        with ordinality as u(id, ${NAMES}, n)
      order by n
    ) as v`.execute(tx);
}
