/** The SQL of what charges in advance have counted: scopes with their levels and values, and the marks of periods. */
import { sql } from "kysely";
import { type Dec, dec } from "../../kernel/decimal.ts";
import type { Group } from "../../metering/index.ts";
import { jsonArray, plainArray, textArray } from "../../storage/arrays.ts";
import type { DbOrTx, Tx } from "../../storage/database.ts";
import type { Level, LevelAllowances, LevelScript, ValueState } from "./model.ts";
import type { Marks } from "./rules/high-water.ts";

export interface ScopeName {
  readonly subscription_id: string;
  readonly charge_id: string;
  readonly scope_from: Temporal.Instant;
}

export interface Scope {
  readonly id: bigint;
  readonly basis: string;
}

/** A filter (null: the default bucket) and a group of a charge. */
export interface BucketName {
  readonly charge_filter_id: string | null;
  readonly group_hash: string;
}

const instants = (some: readonly Temporal.Instant[]) => plainArray(some.map((at) => at.toString()));

/** In the order of the names; null where nothing was counted yet. */
export async function loadScopes(
  tx: Tx,
  organizationId: string,
  names: readonly ScopeName[],
): Promise<(Scope | null)[]> {
  const { rows } = await sql<Scope & { n: number }>`
    select w.n::int, s.id, s.basis
    from unnest(
      ${plainArray(names.map(({ subscription_id }) => subscription_id))}::uuid[],
      ${plainArray(names.map(({ charge_id }) => charge_id))}::uuid[], ${instants(names.map(({ scope_from }) => scope_from))}::timestamptz[]
    ) with ordinality as w(subscription_id, charge_id, scope_from, n)
    join in_advance_scopes s on s.organization_id = ${organizationId} and s.subscription_id = w.subscription_id
      and s.charge_id = w.charge_id and s.scope_from = w.scope_from`.execute(tx);
  const found: (Scope | null)[] = names.map(() => null);
  for (const { n, id, basis } of rows) found[n - 1] = { id, basis };
  return found;
}

/** Begins scopes anew, without levels and values; their ids in the order of the names. */
export async function beginScopes(
  tx: Tx,
  organizationId: string,
  scopes: readonly (ScopeName & { readonly basis: string })[],
): Promise<bigint[]> {
  const names = sql`unnest(
    ${plainArray(scopes.map(({ subscription_id }) => subscription_id))}::uuid[],
    ${plainArray(scopes.map(({ charge_id }) => charge_id))}::uuid[], ${instants(scopes.map(({ scope_from }) => scope_from))}::timestamptz[],
    ${textArray(scopes.map(({ basis }) => basis))}::text[]
  ) with ordinality as w(subscription_id, charge_id, scope_from, basis, n)`;
  await sql`
    delete from in_advance_scopes s using ${names}
    where s.organization_id = ${organizationId} and s.subscription_id = w.subscription_id and s.charge_id = w.charge_id
      and s.scope_from = w.scope_from`.execute(tx);
  const { rows } = await sql<{ id: bigint }>`
    with made as (
      insert into in_advance_scopes (organization_id, subscription_id, charge_id, scope_from, basis)
      select ${organizationId}::uuid, w.subscription_id, w.charge_id, w.scope_from, w.basis from ${names} order by w.n
      returning id, subscription_id, charge_id, scope_from
    )
    select m.id from ${names} join made m using (subscription_id, charge_id, scope_from) order by w.n`.execute(tx);
  return rows.map(({ id }) => id);
}

export interface LevelName extends BucketName {
  readonly scope_id: bigint;
}

export interface LevelRow extends LevelName {
  readonly group: Group;
  readonly level: Level;
}

interface StoredDetails {
  readonly allowances?: {
    readonly events: number;
    readonly total: string;
    readonly below_free_amount: number;
    readonly free_events: number;
    readonly free_amount: string;
    readonly last_at: string | null;
  };
  readonly script?: { readonly state: LevelScript["state"]; readonly amount: string };
}

function detailsOf({ allowances, script }: Level): StoredDetails | null {
  if (allowances === null && script === null) return null;
  return {
    ...(allowances === null ? {} : { allowances: storedAllowances(allowances) }),
    ...(script === null ? {} : { script: { state: script.state, amount: script.amount.toFixed() } }),
  };
}

function storedAllowances({ used, last_at }: LevelAllowances) {
  return {
    ...used,
    total: used.total.toFixed(),
    free_amount: used.free_amount.toFixed(),
    last_at: last_at?.toString() ?? null,
  };
}

function readDetails(details: StoredDetails | null): Pick<Level, "allowances" | "script"> {
  const { allowances, script } = details ?? {};
  return {
    allowances:
      allowances === undefined
        ? null
        : {
            used: { ...allowances, total: dec(allowances.total), free_amount: dec(allowances.free_amount) },
            last_at: allowances.last_at === null ? null : Temporal.Instant.from(allowances.last_at),
          },
    script: script === undefined ? null : { state: script.state, amount: dec(script.amount) },
  };
}

const levelNames = (names: readonly LevelName[]) => sql`
  ${plainArray(names.map(({ scope_id }) => scope_id))}::bigint[], ${plainArray(names.map(({ charge_filter_id }) => charge_filter_id))}::uuid[],
  ${textArray(names.map(({ group_hash }) => group_hash))}::text[]`;

/** In the order of the names; null where nothing was counted. */
export async function loadLevels(tx: Tx, names: readonly LevelName[]): Promise<(Level | null)[]> {
  const found: (Level | null)[] = names.map(() => null);
  if (names.length === 0) return found;
  const { rows } = await sql<{
    n: number;
    units: Dec;
    events: bigint;
    amount_cents: Dec;
    last_at: Temporal.Instant;
    details: StoredDetails | null;
  }>`
    select w.n::int, l.units, l.events, l.amount_cents, l.last_at, l.details
    from unnest(${levelNames(names)}) with ordinality as w(scope_id, charge_filter_id, group_hash, n)
    join in_advance_levels l on l.scope_id = w.scope_id and l.charge_filter_id is not distinct from w.charge_filter_id
      and l.group_hash = w.group_hash`.execute(tx);
  for (const { n, units, events, amount_cents, last_at, details } of rows)
    found[n - 1] = { units, events: Number(events), amount_cents, last_at, ...readDetails(details) };
  return found;
}

export async function saveLevels(tx: Tx, rows: readonly LevelRow[]): Promise<void> {
  if (rows.length === 0) return;
  const levels = rows.map(({ level }) => level);
  const details = levels.map((level) => detailsOf(level));
  await sql`
    insert into in_advance_levels (scope_id, charge_filter_id, group_hash, grouped_by, units, events, amount_cents, last_at, details)
    select * from unnest(
      ${levelNames(rows)}, ${jsonArray(rows.map(({ group }) => group))}::jsonb[],
      ${plainArray(levels.map(({ units }) => units.toFixed()))}::numeric[], ${plainArray(levels.map(({ events }) => events))}::bigint[],
      ${plainArray(levels.map(({ amount_cents }) => amount_cents.toFixed()))}::numeric[],
      ${instants(levels.map(({ last_at }) => last_at ?? Temporal.Instant.fromEpochMilliseconds(0)))}::timestamptz[],
      ${textArray(details.map((each) => (each === null ? null : JSON.stringify(each))))}::jsonb[])
    on conflict (scope_id, charge_filter_id, group_hash) do update set
      units = excluded.units, events = excluded.events, amount_cents = excluded.amount_cents, last_at = excluded.last_at,
      details = excluded.details`.execute(tx);
}

export interface ValueName extends LevelName {
  readonly value: string;
}

const valueNames = (names: readonly ValueName[]) => sql`
  ${levelNames(names)}, ${plainArray(names.map(({ value }) => value))}::uuid[]`;

export async function loadValues(tx: Tx, names: readonly ValueName[]): Promise<(ValueState | null)[]> {
  const found: (ValueState | null)[] = names.map(() => null);
  if (names.length === 0) return found;
  const { rows } = await sql<{ n: number; last_at: Temporal.Instant; active: boolean }>`
    select w.n::int, v.last_at, v.active
    from unnest(${valueNames(names)}) with ordinality as w(scope_id, charge_filter_id, group_hash, value_hash, n)
    join in_advance_values v on v.scope_id = w.scope_id and v.charge_filter_id is not distinct from w.charge_filter_id
      and v.group_hash = w.group_hash and v.value_hash = w.value_hash`.execute(tx);
  for (const { n, last_at, active } of rows) found[n - 1] = { at: last_at, active };
  return found;
}

export async function saveValues(tx: Tx, rows: readonly (ValueName & { readonly state: ValueState })[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into in_advance_values (scope_id, charge_filter_id, group_hash, value_hash, last_at, active)
    select * from unnest(
      ${valueNames(rows)}, ${instants(rows.map(({ state }) => state.at))}::timestamptz[],
      ${plainArray(rows.map(({ state }) => state.active))}::boolean[])
    on conflict (scope_id, charge_filter_id, group_hash, value_hash) do update set last_at = excluded.last_at, active = excluded.active`.execute(
    tx,
  );
}

export interface MarkName extends BucketName {
  readonly subscription_id: string;
  readonly charge_id: string;
  readonly period_from: Temporal.Instant;
}

const markNames = (names: readonly MarkName[]) => sql`
  ${plainArray(names.map(({ subscription_id }) => subscription_id))}::uuid[], ${plainArray(names.map(({ charge_id }) => charge_id))}::uuid[],
  ${instants(names.map(({ period_from }) => period_from))}::timestamptz[],
  ${plainArray(names.map(({ charge_filter_id }) => charge_filter_id))}::uuid[], ${textArray(names.map(({ group_hash }) => group_hash))}::text[]`;

/** In the order of the names; null where no event of the period was charged. */
export async function loadMarks(
  db: DbOrTx,
  organizationId: string,
  names: readonly MarkName[],
): Promise<(Marks | null)[]> {
  const found: (Marks | null)[] = names.map(() => null);
  if (names.length === 0) return found;
  const { rows } = await sql<Marks & { n: number }>`
    select w.n::int, m.current, m.max, m.max_prorated
    from unnest(${markNames(names)}) with ordinality as w(subscription_id, charge_id, period_from, charge_filter_id, group_hash, n)
    join in_advance_marks m on m.organization_id = ${organizationId} and m.subscription_id = w.subscription_id
      and m.charge_id = w.charge_id and m.period_from = w.period_from
      and m.charge_filter_id is not distinct from w.charge_filter_id and m.group_hash = w.group_hash`.execute(db);
  for (const { n, ...marks } of rows) found[n - 1] = marks;
  return found;
}

/** Of charges in a period the marks of all filters and groups; in the order of the names. */
export async function loadMarksOfPeriods(
  db: DbOrTx,
  organizationId: string,
  periods: readonly Omit<MarkName, keyof BucketName>[],
): Promise<GroupMarks[][]> {
  const found: GroupMarks[][] = periods.map(() => []);
  if (periods.length === 0) return found;
  const { rows } = await sql<GroupMarks & { n: number }>`
    select w.n::int, m.charge_filter_id, m.grouped_by, m.current, m.max, m.max_prorated
    from unnest(
      ${plainArray(periods.map(({ subscription_id }) => subscription_id))}::uuid[],
      ${plainArray(periods.map(({ charge_id }) => charge_id))}::uuid[], ${instants(periods.map(({ period_from }) => period_from))}::timestamptz[]
    ) with ordinality as w(subscription_id, charge_id, period_from, n)
    join in_advance_marks m on m.organization_id = ${organizationId} and m.subscription_id = w.subscription_id
      and m.charge_id = w.charge_id and m.period_from = w.period_from`.execute(db);
  for (const { n, ...marks } of rows) found[n - 1]?.push(marks);
  return found;
}

export interface GroupMarks extends Marks {
  readonly charge_filter_id: string | null;
  readonly grouped_by: Group;
}

export async function saveMarks(
  tx: Tx,
  organizationId: string,
  rows: readonly (MarkName & { readonly group: Group; readonly marks: Marks })[],
): Promise<void> {
  if (rows.length === 0) return;
  const column = (read: (marks: Marks) => Dec) => plainArray(rows.map(({ marks }) => read(marks).toFixed()));
  await sql`
    insert into in_advance_marks
      (organization_id, subscription_id, charge_id, period_from, charge_filter_id, group_hash, grouped_by, current, max, max_prorated)
    select ${organizationId}::uuid, * from unnest(
      ${markNames(rows)}, ${jsonArray(rows.map(({ group }) => group))}::jsonb[], ${column(({ current }) => current)}::numeric[], ${column(({ max }) => max)}::numeric[],
      ${column(({ max_prorated }) => max_prorated)}::numeric[])
    on conflict (organization_id, subscription_id, charge_id, period_from, charge_filter_id, group_hash) do update set
      current = excluded.current, max = excluded.max, max_prorated = excluded.max_prorated`.execute(tx);
}

/** Of these events, the charges that have a fee for them already: `<transaction id>/<subscription>/<charge>`. */
export async function chargedBefore(
  tx: Tx,
  organizationId: string,
  transactionIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    select concat_ws('/', event_transaction_id, subscription_id, charge_id) as name from fees
    where organization_id = ${organizationId} and event_transaction_id = any(${textArray(transactionIds)}::text[])`.execute(
    tx,
  );
  return new Set(rows.map(({ name }) => name));
}
