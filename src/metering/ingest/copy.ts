/**
 * A group commit of many events in which nothing is expected to be there already: the log goes in by COPY, which writes
 * whole pages where an INSERT writes rows, and costs half as much.
 */
import { finished } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { ReadEvent } from "../rules/event.ts";
import type { GroupPart } from "./insert.ts";
import { ENQUEUED, enqueuedParameters } from "./queued.ts";
import { StaleCatalog, type StaleRow, staleRows, versionParameters } from "./versions.ts";

const BEGIN = "begin; select nextval('event_commit_ids')::text as id, clock_timestamp()::text as received_at";

/** Keys first: where one is there already, nothing else was done in vain. Sorted, so that two writers wait for each other, never both. */
const INSERT_KEYS = `
with stale as materialized (${staleRows("$5", "$6")}
), key_rows as (
  insert into event_keys (key, commit_id) select k, $1 from unnest($3::uuid[]) k order by k
), commit_row as (
  insert into event_commits (id, received_at, n) values ($1, $2::timestamptz, $4)
)
select * from stale`;

/** Where events of the group wait to be charged. */
const QUEUE_STREAMS = `
with in_advance as materialized (
  select a.organization_id, $1::bigint as commit_id, a.stream_id, $2::timestamptz as received_at
  from unnest($3::uuid[], $4::bigint[]) as a(organization_id, stream_id)
), ${ENQUEUED("$5")}
select count(*) from job`;

const COPY_EVENTS =
  "copy events (commit_id, received_at, id, stream_id, timestamp, created_at, transaction_id, precise_total_amount_cents, properties) from stdin";

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A text as a COPY field. */
function field(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (special) => ESCAPES[special] as string) : text;
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));
const DAY_SECONDS = 86_400;

/** Microseconds since 1970 (digits) → an ISO text; `days` remembers the dates of the group. */
function isoOf(micros: string, days: Map<number, string>): string {
  const seconds = micros.length > 6 ? Number(micros.slice(0, -6)) : 0;
  const fraction = micros.length > 6 ? micros.slice(-6) : micros.padStart(6, "0");
  const day = Math.floor(seconds / DAY_SECONDS);
  let date = days.get(day);
  if (date === undefined) {
    date = Temporal.Instant.fromEpochMilliseconds(day * DAY_SECONDS * 1000)
      .toString()
      .slice(0, 11);
    days.set(day, date);
  }
  const rest = seconds - day * DAY_SECONDS;
  const minutes = Math.floor(rest / 60);
  const hour = TWO_DIGITS[Math.floor(minutes / 60)];
  return `${date}${hour}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[rest % 60]}.${fraction}Z`;
}

interface Commit {
  readonly id: string;
  readonly received_at: string;
}

/** The group as lines of COPY's text format, in the order of COPY_EVENTS. */
function linesOf({ id, received_at }: Commit, group: readonly GroupPart[]): string {
  const days = new Map<number, string>();
  const start = `${id}\t${received_at}\t`;
  let lines = "";
  for (const { events, keys, streamIds, createdMicros } of group) {
    const created = isoOf(createdMicros, days);
    for (let index = 0; index < events.length; index++) {
      const { timestampMicros, transactionId, preciseTotalAmountCents, properties } = events[index] as ReadEvent;
      lines += `${start}${keys[index]}\t${streamIds[index]}\t${isoOf(timestampMicros, days)}\t${created}\t${field(transactionId)}\t${preciseTotalAmountCents ?? "\\N"}\t${field(properties)}\n`;
    }
  }
  return lines;
}

/** Stores the whole group, or nothing: 23505 where an event was stored before, StaleCatalog where one is to be evaluated again. */
export async function copyNew(client: pg.PoolClient, group: readonly GroupPart[]): Promise<void> {
  try {
    const [, begun] = (await client.query(BEGIN)) as unknown as [unknown, pg.QueryResult<Commit>];
    const commit = begun.rows[0] as Commit;
    const keys = group.map((part) => part.keys.join(",")).join(",");
    const size = group.reduce((sum, part) => sum + part.keys.length, 0);
    const values = [commit.id, commit.received_at, `{${keys}}`, size, ...versionParameters(group)];
    const { rows: stale } = await client.query<StaleRow>({ name: "insert_event_keys", text: INSERT_KEYS, values });
    if (stale.length > 0) throw new StaleCatalog(stale);
    const copy = client.query(copyFrom(COPY_EVENTS));
    copy.end(linesOf(commit, group));
    await finished(copy);
    const queued = enqueuedParameters(group);
    if (queued !== null)
      await client.query({
        name: "queue_streams",
        text: QUEUE_STREAMS,
        values: [commit.id, commit.received_at, ...queued],
      });
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}
