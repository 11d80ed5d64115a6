/**
 * What stands in the log and waits for no charge any more: the past that the price of one event depends on. Whoever reads holds
 * the stream's lock (queue.ts), so that nothing leaves the queue meanwhile.
 */
import { sql } from "kysely";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import { plainArray, textArray } from "../../storage/arrays.ts";
import type { Tx } from "../../storage/database.ts";
import type { EventBucket, Group } from "../model.ts";
import { keysOf, type Place, placesOf, type Texts } from "../rules/event-groups.ts";

/** Events of one stream from `from` on; `to`: exclusive, null: to the last. */
export interface SettledWindow {
  readonly stream_id: bigint;
  readonly field_name: string | null;
  readonly buckets: readonly EventBucket[];
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant | null;
}

/** Where an event belongs: as in the window's buckets. */
export interface SettledPlace {
  readonly bucket: number;
  readonly group: Group;
}

export interface SettledSums extends SettledPlace {
  readonly events: number;
  /** Events that carry the property at all. */
  readonly valued_events: number;
  readonly numeric_events: number;
  readonly sum: Dec;
  readonly amount_cents: Dec;
  readonly last_at: Temporal.Instant;
}

export interface SettledNumber extends SettledPlace {
  readonly number: Dec;
  readonly timestamp: Temporal.Instant;
}

/** A whole event, as scripts are shown them. */
export interface SettledEvent extends SettledPlace {
  readonly timestamp: Temporal.Instant;
  readonly transaction_id: string;
  readonly precise_total_amount_cents: Dec | null;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The last operation on a distinct value in the window. */
export interface SettledOperation extends SettledPlace {
  /** `hashOfValue` of its text. */
  readonly value: string;
  readonly timestamp: Temporal.Instant;
  readonly is_removal: boolean;
}

interface Ready {
  readonly window: SettledWindow;
  readonly keys: readonly string[];
  readonly placeOf: (texts: Texts) => Place | null;
}

function ready(window: SettledWindow): Ready {
  const keys = keysOf(window.buckets);
  return { window, keys, placeOf: placesOf(window.buckets, keys) };
}

const requestsOf = (windows: readonly Ready[]) => sql`
  request as materialized (
    select q.n::int, q.stream_id, s.voided_events > 0 as has_voids, q.field_name, q.keys::text[] as keys, q.from_at, coalesce(q.to_at, 'infinity') as to_at
    from unnest(
      ${plainArray(windows.map(({ window }) => window.stream_id))}::bigint[],
      ${textArray(windows.map(({ window }) => window.field_name))}::text[],
      ${textArray(windows.map(({ keys }) => textArray(keys)))}::text[],
      ${plainArray(windows.map(({ window }) => window.from.toString()))}::timestamptz[],
      ${plainArray(windows.map(({ window }) => window.to?.toString() ?? null))}::timestamptz[]
    ) with ordinality as q(stream_id, field_name, keys, from_at, to_at, n)
    join streams s on s.id = q.stream_id
  )`;

const EVENTS = sql`
  join events e on e.stream_id = r.stream_id and e.timestamp >= r.from_at and e.timestamp < r.to_at
    and not exists (
      select from in_advance_queue w where w.stream_id = e.stream_id and w.commit_id = e.commit_id and w.after_ordinal < e.ordinal)
    and (not r.has_voids or not exists (select from event_voids v where v.event_id = e.id))`;

const TEXTS = sql`array(select e.properties ->> k.key from unnest(r.keys) with ordinality as k(key, i) order by k.i)`;

/** Rows by window, each with its place; those that belong to no bucket are left out. */
function placed<R extends { readonly n: number; readonly texts: Texts }, T>(
  windows: readonly Ready[],
  rows: readonly R[],
  read: (row: R, place: Place) => T,
): T[][] {
  const found: T[][] = windows.map(() => []);
  for (const row of rows) {
    const place = windows[row.n - 1]?.placeOf(row.texts) ?? null;
    if (place !== null) found[row.n - 1]?.push(read(row, place));
  }
  return found;
}

interface SumsRow extends Omit<SettledSums, "bucket" | "group" | "sum" | "amount_cents"> {
  readonly n: number;
  readonly texts: Texts;
  readonly sum: Dec | null;
  readonly amount_cents: Dec | null;
}

/** Per window its places, each once. */
export async function readSettledSums(tx: Tx, windows: readonly SettledWindow[]): Promise<SettledSums[][]> {
  if (windows.length === 0) return [];
  const all = windows.map(ready);
  const { rows } = await sql<SumsRow>`
    with ${requestsOf(all)}
    select r.n, v.texts, count(*)::int as events, count(v.value)::int as valued_events, count(v.number)::int as numeric_events,
      sum(v.number) as sum, sum(e.precise_total_amount_cents) filter (where v.number is not null) as amount_cents, max(e.timestamp) as last_at
    from request r ${EVENTS}
    cross join lateral (
      select ${TEXTS} as texts, e.properties ->> r.field_name as value, event_number(e.properties, r.field_name) as number offset 0
    ) v
    group by r.n, v.texts`.execute(tx);
  const places = all.map(() => new Map<string, SettledSums>());
  placed(all, rows, ({ n, texts: _texts, sum, amount_cents, ...row }, { bucket, group, name }) => {
    const one = { ...row, bucket, group, sum: sum ?? ZERO, amount_cents: amount_cents ?? ZERO };
    const ofWindow = places[n - 1] as Map<string, SettledSums>;
    const known = ofWindow.get(name);
    ofWindow.set(name, known === undefined ? one : together(known, one));
  });
  return places.map((ofWindow) => [...ofWindow.values()]);
}

/** Different texts may belong to one place: filters look at more properties than they group by. */
function together(a: SettledSums, b: SettledSums): SettledSums {
  return {
    ...a,
    events: a.events + b.events,
    valued_events: a.valued_events + b.valued_events,
    numeric_events: a.numeric_events + b.numeric_events,
    sum: a.sum.plus(b.sum),
    amount_cents: a.amount_cents.plus(b.amount_cents),
    last_at: Temporal.Instant.compare(a.last_at, b.last_at) < 0 ? b.last_at : a.last_at,
  };
}

/** Per window its numbers, in order of time, then ingestion. */
export async function readSettledNumbers(tx: Tx, windows: readonly SettledWindow[]): Promise<SettledNumber[][]> {
  if (windows.length === 0) return [];
  const all = windows.map(ready);
  const { rows } = await sql<{ n: number; texts: Texts; number: Dec; timestamp: Temporal.Instant }>`
    with ${requestsOf(all)}
    select r.n, v.texts, v.number, e.timestamp
    from request r ${EVENTS}
    cross join lateral (select ${TEXTS} as texts, event_number(e.properties, r.field_name) as number offset 0) v
    where v.number is not null
    order by r.n, e.timestamp, e.ordinal`.execute(tx);
  return placed(all, rows, ({ number, timestamp }, { bucket, group }) => ({ bucket, group, number, timestamp }));
}

/** Per window its whole events, in order of time, then ingestion. */
export async function readSettledEvents(tx: Tx, windows: readonly SettledWindow[]): Promise<SettledEvent[][]> {
  if (windows.length === 0) return [];
  const all = windows.map(ready);
  const { rows } = await sql<Omit<SettledEvent, "bucket" | "group"> & { n: number; texts: Texts }>`
    with ${requestsOf(all)}
    select r.n, ${TEXTS} as texts, e.timestamp, e.transaction_id, e.precise_total_amount_cents, e.properties
    from request r ${EVENTS}
    order by r.n, e.timestamp, e.ordinal`.execute(tx);
  return placed(
    all,
    rows,
    ({ timestamp, transaction_id, precise_total_amount_cents, properties }, { bucket, group }) => ({
      ...{ bucket, group, timestamp, transaction_id, precise_total_amount_cents, properties },
    }),
  );
}

interface OperationRow {
  readonly n: number;
  readonly texts: Texts;
  readonly value: string;
  readonly timestamp: Temporal.Instant;
  readonly is_removal: boolean;
}

/** Per window each distinct value's last operation in each place; `only`: of these values alone, by window. */
export async function readSettledOperations(
  tx: Tx,
  windows: readonly SettledWindow[],
  only: readonly string[] | null = null,
): Promise<SettledOperation[][]> {
  if (windows.length === 0) return [];
  const all = windows.map(ready);
  const isWanted = only === null ? sql`true` : sql`v.value = (${plainArray(only)}::uuid[])[r.n]`;
  const { rows } = await sql<OperationRow>`
    with ${requestsOf(all)}
    select distinct on (r.n, v.texts, v.value) r.n, v.texts, v.value, e.timestamp,
      (e.properties ->> 'operation_type') is not distinct from 'remove' as is_removal
    from request r ${EVENTS}
    cross join lateral (select ${TEXTS} as texts, md5(e.properties ->> r.field_name)::uuid as value offset 0) v
    where v.value is not null and ${isWanted}
    order by r.n, v.texts, v.value, e.timestamp desc, e.ordinal desc`.execute(tx);
  return placed(all, rows, ({ value, timestamp, is_removal }, { bucket, group, name }) => ({
    ...{ bucket, group, value, timestamp, is_removal },
    name,
  })).map(lastOfEach);
}

/** Of one value in one place, under different texts, the later operation. */
function lastOfEach(operations: readonly (SettledOperation & { readonly name: string })[]): SettledOperation[] {
  const last = new Map<string, SettledOperation>();
  for (const { name, ...operation } of operations) {
    const key = `${operation.value}${name}`;
    const known = last.get(key);
    if (known === undefined || Temporal.Instant.compare(known.timestamp, operation.timestamp) <= 0)
      last.set(key, operation);
  }
  return [...last.values()];
}
