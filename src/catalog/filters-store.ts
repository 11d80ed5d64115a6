/** The SQL that writes the filters of charges: each statement takes those of many charges at once. */
import { sql } from "kysely";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import type { FilterValues } from "./model.ts";
import type { FilterTrimming } from "./rules/charge-filter-trimming.ts";
import type { ChangedFilter, FilterChanges, PlacedFilter } from "./rules/charge-filters.ts";

/** `chosenId`: where the caller is to know it. */
type NewFilter = PlacedFilter & { readonly chosenId?: string };

export type FilterWrites = Omit<FilterChanges, "created"> & {
  readonly chargeId: string;
  readonly created: readonly NewFilter[];
};

/** Deletes what is gone, changes what stayed and inserts what is new. */
export async function applyFilterChanges(
  tx: Tx,
  organizationId: string,
  writes: readonly FilterWrites[],
  now: Temporal.Instant,
): Promise<void> {
  const goneIds = writes.flatMap((write) => write.goneIds);
  const changed = writes.flatMap((write) => [...write.changed].map(([id, filter]) => ({ id, ...filter })));
  const created = writes.flatMap(({ chargeId, created: filters }) =>
    filters.map((filter) => ({ ...filter, id: filter.chosenId ?? newId(), chargeId })),
  );
  const at = now.toString();
  if (goneIds.length > 0) await deleteFilters(tx, organizationId, goneIds, now);
  if (changed.length > 0) {
    await sql`
      update charge_filters f set
        position = coalesce(v.position, f.position), invoice_display_name = v.invoice_display_name, properties = v.properties, "values" = v."values",
        updated_at = ${at}::timestamptz
      from unnest(${changed.map(({ id }) => id)}::uuid[], ${columnsOf(changed)}) as v(id, ${NAMES})
      where f.organization_id = ${organizationId} and f.id = v.id`.execute(tx);
  }
  if (created.length > 0) {
    await sql`
      insert into charge_filters (organization_id, created_at, updated_at, id, charge_id, ${NAMES})
      select ${organizationId}::uuid, ${at}::timestamptz, ${at}::timestamptz, v.*
      from (
        select id, charge_id, ${NAMES}
        from unnest(
          ${created.map(({ id }) => id)}::uuid[], ${created.map(({ chargeId }) => chargeId)}::uuid[], ${columnsOf(created)}
        ) with ordinality as u(id, charge_id, ${NAMES}, n)
        order by n
      ) as v`.execute(tx);
  }
}

const NAMES = sql.raw('position, invoice_display_name, properties, "values"');

function columnsOf(filters: readonly ChangedFilter[]) {
  return sql`
    ${filters.map(({ position }) => position)}::integer[],
    ${filters.map(({ invoice_display_name }) => invoice_display_name)}::text[],
    ${filters.map(({ properties }) => JSON.stringify(properties))}::jsonb[],
    ${filters.map(({ values }) => JSON.stringify(values))}::jsonb[]`;
}

/** Soft-deletes every filter of the charges. */
export async function deleteFiltersOf(
  tx: Tx,
  organizationId: string,
  chargeIds: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable("charge_filters")
    .set({ deleted_at: now, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("charge_id", "=", sql<string>`any(${chargeIds}::uuid[])`)
    .where("deleted_at", "is", null)
    .execute();
}

/** The live filters of all charges on a metric. */
export async function filtersOfMetric(
  tx: Tx,
  organizationId: string,
  metricId: string,
): Promise<{ id: string; plan_id: string; values: FilterValues }[]> {
  return tx
    .selectFrom("live_charge_filters as f")
    .innerJoin("live_charges as c", (join) =>
      join.onRef("c.organization_id", "=", "f.organization_id").onRef("c.id", "=", "f.charge_id"),
    )
    .select(["f.id", "c.plan_id", "f.values"])
    .where("c.organization_id", "=", organizationId)
    .where("c.billable_metric_id", "=", metricId)
    .orderBy("f.ordinal")
    .execute();
}

/** Only here the values of a filter change. */
export async function trimFilters(
  tx: Tx,
  organizationId: string,
  { changed, goneIds }: FilterTrimming,
  now: Temporal.Instant,
): Promise<void> {
  const at = now.toString();
  if (goneIds.length > 0) await deleteFilters(tx, organizationId, goneIds, now);
  if (changed.size === 0) return;
  await sql`
    update charge_filters f set "values" = v."values", updated_at = ${at}::timestamptz
    from unnest(
      ${[...changed.keys()]}::uuid[],
      ${[...changed.values()].map((values) => JSON.stringify(values))}::jsonb[]
    ) as v(id, "values")
    where f.organization_id = ${organizationId} and f.id = v.id`.execute(tx);
}

async function deleteFilters(tx: Tx, organizationId: string, ids: readonly string[], now: Temporal.Instant) {
  const at = now.toString();
  await sql`
    update charge_filters set deleted_at = ${at}::timestamptz, updated_at = ${at}::timestamptz
    where organization_id = ${organizationId} and id = any(${ids}::uuid[])`.execute(tx);
}
