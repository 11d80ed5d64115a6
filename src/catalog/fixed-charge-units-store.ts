/** The SQL of what single subscriptions have of a plan's fixed charges: dated records of units, and units of their own. */
import { sql } from "kysely";
import type { Dec } from "../kernel/decimal.ts";
import type { DbOrTx, Tx } from "../storage/database.ts";
import type { FixedCharge } from "./model.ts";
import type { UnitRecord } from "./rules/fixed-charge-units.ts";

export interface NewUnitRecord extends UnitRecord {
  readonly subscription_id: string;
  readonly fixed_charge_id: string;
  /** The change of the plan that it follows; null: none. */
  readonly change_id: string | null;
}

export interface WrittenUnitRecord extends NewUnitRecord {
  readonly ordinal: bigint;
}

/** Appends records, in this order; those that a change made before are left out. `now`: when they are written. Answers those written. */
export async function writeUnitRecords(
  tx: Tx,
  organizationId: string,
  records: readonly NewUnitRecord[],
  now: Temporal.Instant,
): Promise<readonly WrittenUnitRecord[]> {
  if (records.length === 0) return [];
  const { rows } = await sql<{ subscription_id: string; fixed_charge_id: string; ordinal: bigint }>`
    insert into fixed_charge_units (organization_id, subscription_id, fixed_charge_id, units, effective_at, change_id, created_at)
    select ${organizationId}::uuid, v.subscription_id, v.fixed_charge_id, v.units, v.effective_at, v.change_id,
      ${now.toString()}::timestamptz
    from unnest(
      ${records.map(({ subscription_id }) => subscription_id)}::uuid[],
      ${records.map(({ fixed_charge_id }) => fixed_charge_id)}::uuid[],
      ${records.map(({ units }) => units.toFixed())}::numeric[],
      ${records.map(({ effective_at }) => effective_at.toString())}::timestamptz[],
      ${records.map(({ change_id }) => change_id)}::uuid[]
    ) with ordinality as v(subscription_id, fixed_charge_id, units, effective_at, change_id, n)
    order by v.n
    on conflict (organization_id, change_id, subscription_id, fixed_charge_id) where change_id is not null do nothing
    returning subscription_id, fixed_charge_id, ordinal`.execute(tx);
  const written = new Map(rows.map((row) => [keyOf(row.subscription_id, row.fixed_charge_id), row.ordinal]));
  return records.flatMap((record) => {
    const ordinal = written.get(keyOf(record.subscription_id, record.fixed_charge_id));
    return ordinal === undefined ? [] : [{ ...record, ordinal }];
  });
}

export interface ClaimedUnits extends UnitRecord {
  readonly fixed_charge_id: string;
}

/**
 * Takes records of a subscription to be billed by themselves, in the order of writing: those of `ordinals`, or those that begin with
 * `effective_at`. Whoever comes second is given none of them.
 */
export async function claimUnits(
  tx: Tx,
  organizationId: string,
  subscriptionId: string,
  which: { readonly ordinals: readonly string[] } | { readonly effective_at: Temporal.Instant },
): Promise<ClaimedUnits[]> {
  const { rows } = await sql<ClaimedUnits>`
    with claimed as (
      update fixed_charge_units set is_billed = true
      where organization_id = ${organizationId} and subscription_id = ${subscriptionId} and not is_billed
        and ${
          "ordinals" in which
            ? sql`ordinal = any(${which.ordinals}::bigint[])`
            : sql`effective_at = ${which.effective_at.toString()}::timestamptz`
        }
      returning fixed_charge_id, units, effective_at, ordinal
    )
    select fixed_charge_id, units, effective_at from claimed order by ordinal`.execute(tx);
  return rows;
}

export interface UnitsBeginning {
  readonly subscription_id: string;
  readonly plan_id: string;
  readonly effective_at: Temporal.Instant;
}

/**
 * The first records of subscriptions that begin on a plan, or move to it: one per fixed charge, with the subscription's own
 * units or else the plan's. What has a record of that very instant already gets no second one.
 */
export async function writeFirstUnits(
  tx: Tx,
  organizationId: string,
  beginnings: readonly UnitsBeginning[],
  now: Temporal.Instant,
): Promise<void> {
  if (beginnings.length === 0) return;
  await sql`
    insert into fixed_charge_units (organization_id, subscription_id, fixed_charge_id, units, effective_at, created_at)
    select f.organization_id, v.subscription_id, f.id, coalesce(own.units, f.units), v.effective_at, ${now.toString()}::timestamptz
    from unnest(
      ${beginnings.map(({ subscription_id }) => subscription_id)}::uuid[],
      ${beginnings.map(({ plan_id }) => plan_id)}::uuid[],
      ${beginnings.map(({ effective_at }) => effective_at.toString())}::timestamptz[]
    ) with ordinality as v(subscription_id, plan_id, effective_at, n)
    join live_fixed_charges f on f.organization_id = ${organizationId} and f.plan_id = v.plan_id
    left join fixed_charge_unit_overrides own on own.organization_id = f.organization_id
      and own.subscription_id = v.subscription_id and own.fixed_charge_id = f.id
    where not exists (
      select from fixed_charge_units known
      where known.organization_id = f.organization_id and known.subscription_id = v.subscription_id
        and known.fixed_charge_id = f.id and known.effective_at = v.effective_at
    )
    order by v.n, f.ordinal`.execute(tx);
}

/** By [subscription, fixed charge]; a charge that was copied for a child plan goes on with its parent's records. */
export type UnitRecords = ReadonlyMap<string, readonly UnitRecord[]>;

const keyOf = (subscriptionId: string, chargeId: string) => `${subscriptionId}/${chargeId}`;

/** All records of many subscriptions, in one query. */
export async function loadUnitRecords(
  db: DbOrTx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<UnitRecords> {
  const records = new Map<string, UnitRecord[]>();
  if (subscriptionIds.length === 0) return records;
  const rows = await db
    .selectFrom("fixed_charge_units as u")
    .innerJoin("fixed_charges as f", (join) =>
      join.onRef("f.organization_id", "=", "u.organization_id").onRef("f.id", "=", "u.fixed_charge_id"),
    )
    .select(["u.subscription_id", "u.units", "u.effective_at"])
    .select((eb) => eb.fn.coalesce("f.parent_id", "f.id").as("root_id"))
    .where("u.organization_id", "=", organizationId)
    .where("u.subscription_id", "=", sql<string>`any(${subscriptionIds}::uuid[])`)
    .orderBy("u.subscription_id")
    .orderBy("u.created_at")
    .orderBy("u.ordinal")
    .execute();
  for (const { subscription_id, root_id, units, effective_at } of rows) {
    const key = keyOf(subscription_id, root_id);
    const known = records.get(key);
    if (known === undefined) records.set(key, [{ units, effective_at }]);
    else known.push({ units, effective_at });
  }
  return records;
}

/** The records of one subscription's charge, in the order of writing: what `fixedChargeUnits` takes. */
export function unitRecordsOf(
  records: UnitRecords,
  subscriptionId: string,
  { id, parent_id }: Pick<FixedCharge, "id" | "parent_id">,
): readonly UnitRecord[] {
  return records.get(keyOf(subscriptionId, parent_id ?? id)) ?? [];
}

/** Units that subscriptions have of their own, by [subscription, fixed charge]. */
export type UnitOverrides = ReadonlyMap<string, Dec>;

export async function loadUnitOverrides(
  db: DbOrTx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<UnitOverrides> {
  if (subscriptionIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("fixed_charge_unit_overrides")
    .select(["subscription_id", "fixed_charge_id", "units"])
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", sql<string>`any(${subscriptionIds}::uuid[])`)
    .execute();
  return new Map(rows.map((row) => [keyOf(row.subscription_id, row.fixed_charge_id), row.units]));
}

/** The subscription's own units of the charge; null: the plan's count. */
export function ownUnitsOf(overrides: UnitOverrides, subscriptionId: string, fixedChargeId: string): Dec | null {
  return overrides.get(keyOf(subscriptionId, fixedChargeId)) ?? null;
}

export interface UnitOverride {
  readonly fixed_charge_id: string;
  readonly units: Dec;
}

/** From now on the subscription has these units, whatever the plan says. Writes no record: see writeUnitRecords. */
export async function setUnitOverrides(
  tx: Tx,
  organizationId: string,
  subscriptionId: string,
  overrides: readonly UnitOverride[],
  now: Temporal.Instant,
): Promise<void> {
  if (overrides.length === 0) return;
  const at = now.toString();
  await sql`
    insert into fixed_charge_unit_overrides (organization_id, subscription_id, fixed_charge_id, units, created_at, updated_at)
    select ${organizationId}::uuid, ${subscriptionId}::uuid, v.fixed_charge_id, v.units, ${at}::timestamptz, ${at}::timestamptz
    from unnest(
      ${overrides.map(({ fixed_charge_id }) => fixed_charge_id)}::uuid[],
      ${overrides.map(({ units }) => units.toFixed())}::numeric[]
    ) as v(fixed_charge_id, units)
    on conflict (organization_id, subscription_id, fixed_charge_id)
      do update set units = excluded.units, updated_at = excluded.updated_at`.execute(tx);
}

/** They have become units of the subscription's own plan. */
export async function removeUnitOverrides(tx: Tx, organizationId: string, subscriptionId: string): Promise<void> {
  await tx
    .deleteFrom("fixed_charge_unit_overrides")
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", subscriptionId)
    .execute();
}
