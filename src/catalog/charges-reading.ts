/** The SQL that reads charges, whole: with their metrics, filters and pricing units. A fixed number of queries for any number of plans. */
import { type Selectable, sql } from "kysely";
import type { DbOrTx } from "../storage/database.ts";
import type { ChargeFiltersTable, ChargesTable, PricingUnitsTable } from "../storage/tables.ts";
import { metricOf } from "./metrics-store.ts";
import type { AppliedPricingUnit, BillableMetric, ChargeFilter, ChargeModel } from "./model.ts";
import type { StoredCharge } from "./stored.ts";

/** What a charge's row points to. */
interface Related {
  readonly metrics: ReadonlyMap<string, BillableMetric>;
  readonly filters: ReadonlyMap<string, ChargeFilter[]>;
  readonly units: ReadonlyMap<string, Selectable<PricingUnitsTable>>;
}

function filterOf(row: Selectable<ChargeFiltersTable>): ChargeFilter {
  const { id, ordinal, invoice_display_name, properties, values } = row;
  return { id, ordinal, invoice_display_name, properties, values };
}

function appliedUnitOf(row: Selectable<ChargesTable>, units: Related["units"]): AppliedPricingUnit | null {
  const unit = row.pricing_unit_id === null ? undefined : units.get(row.pricing_unit_id);
  if (unit === undefined || row.conversion_rate === null) return null;
  const { id, code, short_name } = unit;
  return { pricing_unit_id: id, code, short_name, conversion_rate: row.conversion_rate };
}

function chargeOf(row: Selectable<ChargesTable>, { metrics, filters, units }: Related): StoredCharge {
  const metric = metrics.get(row.billable_metric_id);
  if (metric === undefined) throw new Error(`charge ${row.id} has no metric`);
  return {
    id: row.id,
    plan_id: row.plan_id,
    parent_id: row.parent_id,
    code: row.code,
    charge_model: row.charge_model as ChargeModel,
    pay_in_advance: row.pay_in_advance,
    prorated: row.prorated,
    invoiceable: row.invoiceable,
    regroup_paid_fees: row.regroup_paid_fees as StoredCharge["regroup_paid_fees"],
    min_amount_cents: row.min_amount_cents,
    accepts_target_wallet: row.accepts_target_wallet,
    invoice_display_name: row.invoice_display_name,
    properties: row.properties,
    filters: filters.get(row.id) ?? [],
    applied_pricing_unit: appliedUnitOf(row, units),
    billable_metric: metric,
    created_at: row.created_at,
  };
}

async function relatedOf(
  db: DbOrTx,
  organizationId: string,
  charges: readonly Selectable<ChargesTable>[],
): Promise<Related> {
  const metricIds = [...new Set(charges.map(({ billable_metric_id }) => billable_metric_id))];
  const unitIds = [...new Set(charges.flatMap(({ pricing_unit_id }) => pricing_unit_id ?? []))];
  const metrics = await db
    .selectFrom("billable_metrics")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${metricIds}::uuid[])`)
    .execute();
  const rows = await db
    .selectFrom("live_charge_filters")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("charge_id", "=", sql<string>`any(${charges.map(({ id }) => id)}::uuid[])`)
    .orderBy("position")
    .orderBy("ordinal")
    .execute();
  const units =
    unitIds.length === 0
      ? []
      : await db
          .selectFrom("pricing_units")
          .selectAll()
          .where("organization_id", "=", organizationId)
          .where("id", "=", sql<string>`any(${unitIds}::uuid[])`)
          .execute();
  const filters = new Map<string, ChargeFilter[]>();
  for (const row of rows) {
    const known = filters.get(row.charge_id);
    if (known === undefined) filters.set(row.charge_id, [filterOf(row)]);
    else known.push(filterOf(row));
  }
  return {
    metrics: new Map(metrics.map((row) => [row.id, metricOf(row)])),
    filters,
    units: new Map(units.map((row) => [row.id, row])),
  };
}

/** The live charges of many plans, in order of creation. */
export async function chargesByPlan(
  db: DbOrTx,
  organizationId: string,
  planIds: readonly string[],
): Promise<Map<string, StoredCharge[]>> {
  const rows = await db
    .selectFrom("live_charges")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", sql<string>`any(${planIds}::uuid[])`)
    .orderBy("ordinal")
    .execute();
  const charges = new Map<string, StoredCharge[]>();
  if (rows.length === 0) return charges;
  const related = await relatedOf(db, organizationId, rows);
  for (const row of rows) {
    const known = charges.get(row.plan_id);
    if (known === undefined) charges.set(row.plan_id, [chargeOf(row, related)]);
    else known.push(chargeOf(row, related));
  }
  return charges;
}
