/** A group commit in one statement: keys, the commit row and the log, durable together, with a verdict per event. */
import type pg from "pg";
import type { ReadEvent } from "../rules/event.ts";
import { ENQUEUED, enqueuedParameters } from "./queued.ts";
import { type Evaluated, StaleCatalog, type StaleRow, staleRows, versionParameters } from "./versions.ts";

/** What one request sends: its events with their keys and streams. */
export interface GroupPart extends Evaluated {
  readonly events: readonly ReadEvent[];
  readonly keys: readonly string[];
  readonly streamIds: readonly bigint[];
  /** Microseconds since 1970, as digits. */
  readonly createdMicros: string;
  /** One duplicate refuses all of them, or only itself. */
  readonly allOrNothing: boolean;
}

const MICROS = (column: string) =>
  `timestamptz 'epoch' + (${column} / 86400000000) * interval '1 day' + (${column} % 86400000000) * interval '1 microsecond'`;

const INPUT = `
stamp as materialized (
  select nextval('event_commit_ids') as commit_id, clock_timestamp() as received_at
), input as materialized (
  select * from rows from (
    unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::text[]), unnest($6::numeric[]),
    jsonb_array_elements($7::jsonb), unnest($8::int[])
  ) with ordinality as i(key, stream_id, timestamp_micros, created_micros, transaction_id, amount, properties, unit, n)
)`;

/**
 * Looks first, key by key through the index (`offset 0`: a plan that was made while there were no keys would read all of them instead):
 * answers the positions (from 1) of events that are stored already, or stand earlier in their own submission,
 * and inserts the units without one.
 */
const insertUnseenText = (queued: string, jobs: string) => `with ${INPUT}, taken as materialized (
  select i.unit, i.n from input i cross join lateral (select from event_keys k where k.key = i.key offset 0) k
  union
  select i.unit, i.n from (select i.unit, i.n, row_number() over (partition by i.key order by i.n) as nth from input i) i where nth > 1
), stale as materialized (${staleRows("$9", "$10")}
), fresh as materialized (
  select * from input where unit not in (select t.unit from taken t) and not exists (select from stale) order by n
), commit_row as (
  insert into event_commits (id, received_at, n, stream_ids, stream_events)
  select s.commit_id, s.received_at, f.n, f.stream_ids, f.stream_events
  from stamp s, (
    select sum(n) as n, array_agg(stream_id) as stream_ids, array_agg(n) as stream_events
    from (select stream_id, count(*)::int as n from fresh group by stream_id) g
  ) f where f.n > 0
), key_rows as (
  insert into event_keys (key, commit_id) select f.key, s.commit_id from stamp s, fresh f order by f.key
), log_rows as (
  insert into events (id, commit_id, stream_id, timestamp, received_at, created_at, transaction_id, precise_total_amount_cents, properties)
  select f.key, s.commit_id, f.stream_id, ${MICROS("f.timestamp_micros")}, s.received_at, ${MICROS("f.created_micros")}, f.transaction_id, f.amount, f.properties
  from stamp s, fresh f
)${queued}
select n::int as position, null::uuid as organization_id, null::bigint as version from taken
union all
select null, organization_id, version from stale${jobs}
order by position`;

const INSERT_UNSEEN = insertUnseenText("", "");

/** The same where events of the group wait to be charged. A job's row has an id, so that it adds no row here. */
const INSERT_UNSEEN_IN_ADVANCE = insertUnseenText(
  `, in_advance as materialized (
  select distinct a.organization_id, s.commit_id, f.stream_id, s.received_at
  from stamp s, fresh f, unnest($11::uuid[], $12::bigint[]) as a(organization_id, stream_id) where a.stream_id = f.stream_id
), ${ENQUEUED("$13")}`,
  " union all select null, null, null from job where id is null",
);

/** A connection, or a transaction that is made to look like one. */
export interface Statements {
  query<R extends pg.QueryResultRow>(statement: {
    readonly name: string;
    readonly text: string;
    readonly values: unknown[];
  }): Promise<{ readonly rows: R[] }>;
}

/** A text in an array literal. */
const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;

/** Array literals are joined here: the driver's general encoder costs as much as the insert. */
function parametersOf(parts: readonly GroupPart[]): string[] {
  const events = parts.flatMap((part) => part.events);
  const column = (read: (event: ReadEvent) => string) => `{${events.map(read).join(",")}}`;
  // Events of one unit stand or fall together.
  let unit = 0;
  const units = parts.map(({ events: some, allOrNothing }) => {
    unit += 1;
    return some.map(() => (allOrNothing ? unit : unit++)).join(",");
  });
  return [
    `{${parts.map(({ keys }) => keys.join(",")).join(",")}}`,
    `{${parts.map(({ streamIds }) => streamIds.join(",")).join(",")}}`,
    column((event) => event.timestampMicros),
    `{${parts.map(({ events: some, createdMicros }) => some.map(() => createdMicros).join(",")).join(",")}}`,
    column((event) => quoted(event.transactionId)),
    column((event) => event.preciseTotalAmountCents ?? "NULL"),
    `[${events.map((event) => event.properties).join(",")}]`,
    `{${units.join(",")}}`,
  ];
}

/** Answers the indexes (from 0) of events that were stored before; the units without one are stored. Or throws StaleCatalog. */
export async function insertUnseen(client: Statements, group: readonly GroupPart[]): Promise<number[]> {
  const values = [...parametersOf(group), ...versionParameters(group)];
  const queued = enqueuedParameters(group);
  const statement =
    queued === null
      ? { name: "insert_unseen_events", text: INSERT_UNSEEN, values }
      : { name: "insert_unseen_in_advance", text: INSERT_UNSEEN_IN_ADVANCE, values: [...values, ...queued] };
  const { rows } = await client.query<{ position: number | null } & StaleRow>(statement);
  const stale = rows.filter(({ position }) => position === null);
  if (stale.length > 0) throw new StaleCatalog(stale);
  return rows.map((row) => Number(row.position) - 1);
}
