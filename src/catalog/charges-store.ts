/** The SQL that writes charges: each statement takes those of many plans at once. */
import { sql } from "kysely";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import { applyFilterChanges, deleteFiltersOf, type FilterWrites } from "./filters-store.ts";
import { inPlaces, type PlacedFilter } from "./rules/charge-filters.ts";
import type { ChangedCharge, ChargeChanges, CodedCharge } from "./rules/charge-list.ts";

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
    ${charges.map(({ accepts_target_wallet }) => accepts_target_wallet)}::boolean[],
    ${charges.map(({ applied_pricing_unit: unit }) => unit?.pricing_unit_id ?? null)}::uuid[],
    ${charges.map(({ applied_pricing_unit: unit }) => unit?.conversion_rate.toFixed() ?? null)}::numeric[],
    ${charges.map(({ invoice_display_name }) => invoice_display_name)}::text[],
    ${charges.map(({ properties }) => JSON.stringify(properties))}::jsonb[]`;
}

const NAMES = sql.raw(
  "billable_metric_id, code, charge_model, pay_in_advance, prorated, invoiceable, regroup_paid_fees, min_amount_cents, accepts_target_wallet, pricing_unit_id, conversion_rate, invoice_display_name, properties",
);

/** The changes of one plan's charges. */
export async function applyChargeChanges(
  tx: Tx,
  organizationId: string,
  planId: string,
  { created, changed, goneIds }: ChargeChanges,
  now: Temporal.Instant,
): Promise<void> {
  const inserted = created.map((charge) => newCharge(planId, null, charge, inPlaces(charge.filters ?? [])));
  await writeCharges(tx, organizationId, { inserted, changed, goneIds }, now);
}

export interface NewCharge {
  readonly id: string;
  readonly planId: string;
  /** The parent plan's charge that it is a copy of. */
  readonly parentId: string | null;
  readonly charge: CodedCharge;
  /** In order of creation. */
  readonly filters: readonly PlacedFilter[];
}

export function newCharge(
  planId: string,
  parentId: string | null,
  charge: CodedCharge,
  filters: readonly PlacedFilter[],
): NewCharge {
  return { id: newId(), planId, parentId, charge, filters };
}

export interface ChargeWrites {
  readonly inserted: readonly NewCharge[];
  readonly changed: ReadonlyMap<string, ChangedCharge>;
  readonly goneIds: readonly string[];
}

/** Deletes what is gone, changes what stayed and inserts what is new, in this order: codes of the gone are free. Of any number of plans. */
export async function writeCharges(
  tx: Tx,
  organizationId: string,
  { inserted, changed, goneIds }: ChargeWrites,
  now: Temporal.Instant,
): Promise<void> {
  if (goneIds.length > 0) await deleteCharges(tx, organizationId, goneIds, now);
  const terms = new Map([...changed].map(([id, change]) => [id, change.terms]));
  if (terms.size > 0) await updateCharges(tx, organizationId, terms, now);
  if (inserted.length > 0) await insertCharges(tx, organizationId, inserted, now);
  const ofChanged: FilterWrites[] = [...changed].flatMap(([chargeId, { filters }]) =>
    filters === null ? [] : { chargeId, ...filters },
  );
  const ofNew = inserted.map(({ id, filters }) => ({
    chargeId: id,
    created: filters,
    changed: new Map(),
    goneIds: [],
  }));
  await applyFilterChanges(tx, organizationId, [...ofChanged, ...ofNew], now);
}

/** Soft-deletes charges with their filters. */
export async function deleteCharges(
  tx: Tx,
  organizationId: string,
  ids: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  await deleteFiltersOf(tx, organizationId, ids, now);
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
      accepts_target_wallet = v.accepts_target_wallet, pricing_unit_id = v.pricing_unit_id, conversion_rate = v.conversion_rate,
      invoice_display_name = v.invoice_display_name, properties = v.properties, updated_at = ${now.toString()}::timestamptz
    from unnest(${ids}::uuid[], ${columnsOf(charges)}) as v(id, ${NAMES})
    where c.organization_id = ${organizationId} and c.id = v.id`.execute(tx);
}

async function insertCharges(tx: Tx, organizationId: string, inserted: readonly NewCharge[], now: Temporal.Instant) {
  const charges = inserted.map(({ charge }) => charge);
  const at = now.toString();
  await sql`
    insert into charges (organization_id, created_at, updated_at, id, plan_id, parent_id, ${NAMES})
    select ${organizationId}::uuid, ${at}::timestamptz, ${at}::timestamptz, v.*
    from (
      select id, plan_id, parent_id, ${NAMES}
      from unnest(
        ${inserted.map(({ id }) => id)}::uuid[], ${inserted.map(({ planId }) => planId)}::uuid[],
        ${inserted.map(({ parentId }) => parentId)}::uuid[], ${columnsOf(charges)}
      ) with ordinality as u(id, plan_id, parent_id, ${NAMES}, n)
      order by n
    ) as v`.execute(tx);
}
