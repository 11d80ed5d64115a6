/** The SQL of billable metrics. */
import { type Selectable, sql } from "kysely";
import { isUuid } from "../kernel/ids.ts";
import type { Page } from "../kernel/pages.ts";
import { type DbOrTx, orDuplicate, type Tx } from "../storage/database.ts";
import { readNewest } from "../storage/newest.ts";
import type { BillableMetricsTable } from "../storage/tables.ts";
import { deleteFiltersOf } from "./filters-store.ts";
import type { AggregationType, BillableMetric } from "./model.ts";
import type { MetricTerms } from "./rules/metric.ts";

type MetricRow = Selectable<BillableMetricsTable>;

export function metricOf(row: MetricRow): BillableMetric {
  return {
    id: row.id,
    code: row.code,
    name: row.name,
    description: row.description,
    aggregation_type: row.aggregation_type as AggregationType,
    field_name: row.field_name,
    recurring: row.recurring,
    weighted_interval: row.weighted_interval,
    rounding_function: row.rounding_function as BillableMetric["rounding_function"],
    rounding_precision: row.rounding_precision,
    expression: row.expression,
    custom_aggregator: row.custom_aggregator,
    filters: row.filters,
    created_at: row.created_at,
  };
}

export async function findMetric(db: DbOrTx, organizationId: string, code: string): Promise<BillableMetric | null> {
  const row = await db
    .selectFrom("live_billable_metrics")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("code", "=", code)
    .executeTakeFirst();
  return row === undefined ? null : metricOf(row);
}

/** Those of the given ids that are living metrics; texts that are no ids name none. */
export async function metricsByIds(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, BillableMetric>> {
  const wanted = [...new Set(ids)].filter(isUuid);
  if (wanted.length === 0) return new Map();
  const rows = await db
    .selectFrom("live_billable_metrics")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${wanted}::uuid[])`)
    .execute();
  return new Map(rows.map((row) => [row.id, metricOf(row)]));
}

export async function listMetrics(
  db: DbOrTx,
  organizationId: string,
  page: Page,
): Promise<{ metrics: BillableMetric[]; count: number }> {
  const live = db.selectFrom("live_billable_metrics").where("organization_id", "=", organizationId);
  const { rows, count } = await readNewest(live, page);
  return { metrics: rows.map(metricOf), count };
}

const columnsOf = ({ filters, ...terms }: MetricTerms) => ({ ...terms, filters: JSON.stringify(filters) });

/** "duplicate" where a living metric has the code. */
export async function insertMetric(
  tx: Tx,
  organizationId: string,
  id: string,
  terms: MetricTerms,
  now: Temporal.Instant,
): Promise<BillableMetric | "duplicate"> {
  return orDuplicate("billable_metrics_code", async () => {
    const row = await tx
      .insertInto("billable_metrics")
      .values({ organization_id: organizationId, id, ...columnsOf(terms), created_at: now, updated_at: now })
      .returningAll()
      .executeTakeFirstOrThrow();
    return metricOf(row);
  });
}

/** "duplicate" where another living metric has the code. */
export async function updateMetric(
  tx: Tx,
  organizationId: string,
  id: string,
  terms: MetricTerms,
  now: Temporal.Instant,
): Promise<BillableMetric | "duplicate"> {
  return orDuplicate("billable_metrics_code", async () => {
    const row = await tx
      .updateTable("billable_metrics")
      .set({ ...columnsOf(terms), updated_at: now })
      .where("organization_id", "=", organizationId)
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return metricOf(row);
  });
}

/** Whether a live charge of a live plan uses the metric. */
export async function isMetricUsed(db: DbOrTx, organizationId: string, id: string): Promise<boolean> {
  const use = await db
    .selectFrom("live_charges as c")
    .innerJoin("live_plans as p", (join) =>
      join.onRef("p.organization_id", "=", "c.organization_id").onRef("p.id", "=", "c.plan_id"),
    )
    .where("c.organization_id", "=", organizationId)
    .where("c.billable_metric_id", "=", id)
    .select("c.id")
    .limit(1)
    .executeTakeFirst();
  return use !== undefined;
}

/** Plans with a live charge on the metric. */
export async function plansOfMetric(db: DbOrTx, organizationId: string, id: string): Promise<string[]> {
  const charges = await db
    .selectFrom("live_charges")
    .select("plan_id")
    .distinct()
    .where("organization_id", "=", organizationId)
    .where("billable_metric_id", "=", id)
    .execute();
  return charges.map(({ plan_id }) => plan_id);
}

/** Soft-deletes the metric and every charge that uses it; answers the plans that lost a charge. */
export async function deleteMetric(
  tx: Tx,
  organizationId: string,
  id: string,
  now: Temporal.Instant,
): Promise<string[]> {
  const gone = { deleted_at: now, updated_at: now };
  await tx
    .updateTable("billable_metrics")
    .set(gone)
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .execute();
  const charges = await tx
    .updateTable("charges")
    .set(gone)
    .where("organization_id", "=", organizationId)
    .where("billable_metric_id", "=", id)
    .where("deleted_at", "is", null)
    .returning(["id", "plan_id"])
    .execute();
  if (charges.length > 0) {
    await deleteFiltersOf(
      tx,
      organizationId,
      charges.map((charge) => charge.id),
      now,
    );
  }
  return [...new Set(charges.map(({ plan_id }) => plan_id))];
}

export interface MeteredProperty {
  readonly organization_id: string;
  readonly code: string;
  readonly aggregation_type: AggregationType;
  /** Null for a count. */
  readonly field_name: string | null;
}

/** Which properties of a code's events living metrics read for live charges, each once. */
export async function meteredProperties(
  db: DbOrTx,
  codes: readonly { readonly organization_id: string; readonly code: string }[],
): Promise<MeteredProperty[]> {
  if (codes.length === 0) return [];
  const { rows } = await sql<MeteredProperty>`
    select distinct m.organization_id, m.code, m.aggregation_type, case when m.aggregation_type <> 'count_agg' then m.field_name end as field_name
    from unnest(
      ${codes.map(({ organization_id }) => organization_id)}::uuid[],
      ${codes.map(({ code }) => code)}::text[]
    ) as wanted(organization_id, code)
    join live_billable_metrics m on m.organization_id = wanted.organization_id and m.code = wanted.code
    where exists (
      select from live_charges c
      where c.organization_id = m.organization_id and c.billable_metric_id = m.id
    )
    order by 1, 2, 3`.execute(db);
  return rows;
}
