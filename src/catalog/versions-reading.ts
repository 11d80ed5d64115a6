/** Reading what a plan was at one time: a fixed number of queries, whatever its size. */
import { sql } from "kysely";
import type { DbOrTx } from "../storage/database.ts";
import { metricOf } from "./metrics-store.ts";
import { type KeptContent, namedBy, type PlanVersion, readVersion, type VersionNames } from "./rules/read-version.ts";

/** One version of one plan. */
export interface VersionKey {
  readonly plan_id: string;
  readonly no: number;
}

export const versionName = ({ plan_id, no }: VersionKey): string => `${plan_id}/${no}`;

/** Null where there is no such version. Deleted plans, charges and metrics too: their fees stay. */
export async function findPlanVersion(
  db: DbOrTx,
  organizationId: string,
  key: VersionKey,
): Promise<PlanVersion | null> {
  return (await loadPlanVersions(db, organizationId, [key])).get(versionName(key)) ?? null;
}

/** By their name; versions that there are not are left out. */
export async function loadPlanVersions(
  db: DbOrTx,
  organizationId: string,
  keys: readonly VersionKey[],
): Promise<Map<string, PlanVersion>> {
  if (keys.length === 0) return new Map();
  const { rows } = await sql<VersionKey & { content: KeptContent }>`
    select v.plan_id, v.no, v.content
    from unnest(${keys.map(({ plan_id }) => plan_id)}::uuid[], ${keys.map(({ no }) => no)}::integer[]) as k(plan_id, no)
    join plan_versions v on v.organization_id = ${organizationId} and v.plan_id = k.plan_id and v.no = k.no`.execute(
    db,
  );
  const names = await loadNames(
    db,
    organizationId,
    rows.map(({ content }) => content),
  );
  return new Map(rows.map((row) => [versionName(row), readVersion(row, row.content, names)]));
}

async function loadNames(db: DbOrTx, organizationId: string, contents: readonly KeptContent[]): Promise<VersionNames> {
  const lists = contents.map(namedBy);
  const ids = {
    metrics: lists.flatMap(({ metrics }) => metrics),
    charges: lists.flatMap(({ charges }) => charges),
    filters: lists.flatMap(({ filters }) => filters),
  };
  const metrics = db
    .selectFrom("billable_metrics")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${ids.metrics}::uuid[])`);
  const named = (table: "charges" | "charge_filters", wanted: readonly string[]) =>
    db
      .selectFrom(table)
      .select(["id", "invoice_display_name"])
      .where("organization_id", "=", organizationId)
      .where("id", "=", sql<string>`any(${[...wanted]}::uuid[])`)
      .execute();
  const [metricRows, charges, filters] = await Promise.all([
    metrics.execute(),
    named("charges", ids.charges),
    named("charge_filters", ids.filters),
  ]);
  const byId = (rows: readonly { id: string; invoice_display_name: string | null }[]) =>
    new Map(rows.map(({ id, invoice_display_name }) => [id, invoice_display_name]));
  return {
    metrics: new Map(metricRows.map((row) => [row.id, metricOf(row)])),
    charges: byId(charges),
    filters: byId(filters),
  };
}
