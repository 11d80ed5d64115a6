/** The one statement of a group commit: keys, the commit row and the log, durable together, with a verdict per event. */
import type pg from "pg";
import type { ReadEvent } from "../rules/event.ts";

/** A group of events as columns: what is written needs no object per event. */
export interface Group {
  readonly keys: string[];
  readonly streamIds: bigint[];
  readonly createdMicros: string[];
  readonly events: ReadEvent[];
  /** Events of one unit stand or fall together: one duplicate refuses them all. */
  readonly units: number[];
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

/** Writes the rows of `fresh`; a key that is there already raises 23505. */
const writes = (fresh: string) => `
commit_row as (
  insert into event_commits (id, received_at, n)
  select s.commit_id, s.received_at, f.n from stamp s, (select count(*) as n from ${fresh}) f where f.n > 0
), key_rows as (
  insert into event_keys (key, commit_id) select f.key, s.commit_id from stamp s, ${fresh} f order by f.key
), log_rows as (
  insert into events (id, commit_id, stream_id, timestamp, received_at, created_at, transaction_id, precise_total_amount_cents, properties)
  select f.key, s.commit_id, f.stream_id, ${MICROS("f.timestamp_micros")}, s.received_at, ${MICROS("f.created_micros")}, f.transaction_id, f.amount, f.properties
  from stamp s, ${fresh} f
)`;

/** For a group in which nothing is expected to be there already. */
const INSERT_NEW = `with ${INPUT}, ${writes("input")} select 0 as position where false`;

/** Looks first: answers the positions (from 1) of events that are stored already, and inserts the units without one. */
const INSERT_UNSEEN = `with ${INPUT}, taken as materialized (
  select i.unit, i.n from input i join event_keys k on k.key = i.key
), fresh as materialized (
  select * from input where unit not in (select t.unit from taken t) order by n
), ${writes("fresh")}
select n::int as position from taken order by n`;

/** A text in an array literal. */
const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;

/** Array literals are joined here: the driver's general encoder costs as much as the insert. */
function parametersOf({ keys, streamIds, createdMicros, events, units }: Group): string[] {
  const column = (read: (event: ReadEvent) => string) => `{${events.map(read).join(",")}}`;
  return [
    `{${keys.join(",")}}`,
    `{${streamIds.join(",")}}`,
    column((event) => event.timestampMicros),
    `{${createdMicros.join(",")}}`,
    column((event) => quoted(event.transactionId)),
    column((event) => event.preciseTotalAmountCents ?? "NULL"),
    `[${events.map((event) => event.properties).join(",")}]`,
    `{${units.join(",")}}`,
  ];
}

/**
 * Inserts a group; answers the indexes (from 0) of events that were stored before. With `expectNew` it does not look first:
 * where one was, nothing is written and 23505 is raised.
 */
export async function insertGroup(client: pg.ClientBase, group: Group, expectNew: boolean): Promise<number[]> {
  const statement = expectNew
    ? { name: "insert_new_events", text: INSERT_NEW }
    : { name: "insert_unseen_events", text: INSERT_UNSEEN };
  const { rows } = await client.query<{ position: number }>({ ...statement, values: parametersOf(group) });
  return rows.map((row) => row.position - 1);
}
