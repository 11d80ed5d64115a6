/**
 * A group commit of many events in which nothing is expected to be there already: the log goes in by COPY, which writes
 * whole pages where an INSERT writes rows, and costs half as much.
 */
import { finished } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { plainArray } from "../../storage/arrays.ts";
import { byStream, COPIED_COLUMNS, type Commit, copyRows, keyArray } from "./copy-format.ts";
import type { GroupPart } from "./insert.ts";
import { ENQUEUED, enqueuedParameters } from "./queued.ts";
import { StaleCatalog, type StaleRow, staleRows, versionParameters } from "./versions.ts";

/** Keys first: where one is there already, nothing else was done in vain. Sorted, so that two writers wait for each other, never both. */
const INSERT_KEYS = `
with stamp as materialized (
  select nextval('event_commit_ids') as id, clock_timestamp() as received_at
), stale as materialized (${staleRows("$4", "$5")}
), key_rows as (
  insert into event_keys (key, commit_id) select k, s.id from unnest($1::uuid[]) k, stamp s order by k
), commit_row as (
  insert into event_commits (id, received_at, n, stream_ids, stream_events)
  select id, received_at, cardinality($1::uuid[]), $2::bigint[], $3::integer[] from stamp
)
select s.id::text, (extract(epoch from s.received_at) * 1000000)::bigint::text as received_micros, t.organization_id, t.version
from stamp s left join stale t on true`;

/** Where events of the group wait to be charged. */
const QUEUE_STREAMS = `
with in_advance as materialized (
  select a.organization_id, c.id as commit_id, a.stream_id, c.received_at
  from event_commits c, unnest($2::uuid[], $3::bigint[]) as a(organization_id, stream_id)
  where c.id = $1::bigint
), ${ENQUEUED("$4")}
select count(*) from job`;

const COPY_EVENTS = `copy events (${COPIED_COLUMNS}) from stdin (format binary)`;

/** Of the new commit; beside it, if any, what was evaluated with an older catalog. */
type BegunRow = Commit & (StaleRow | { readonly organization_id: null });

const isStale = (row: BegunRow): row is Commit & StaleRow => row.organization_id !== null;

/** Stores the whole group, or nothing: 23505 where an event was stored before, StaleCatalog where one is to be evaluated again. */
export async function copyNew(client: pg.PoolClient, group: readonly GroupPart[]): Promise<void> {
  try {
    // Events in advance are charged in the order of the log: as they came.
    const isByTime = group.every(({ inAdvance }) => inAdvance === undefined);
    const streams = byStream(group, isByTime);
    const values = [
      keyArray(group),
      plainArray(streams.map(({ id }) => id)),
      plainArray(streams.map(({ places }) => places.length)),
      ...versionParameters(group),
    ];
    await client.query("begin");
    const { rows } = await client.query<BegunRow>({ name: "insert_event_keys", text: INSERT_KEYS, values });
    const stale = rows.filter(isStale);
    if (stale.length > 0) throw new StaleCatalog(stale);
    const commit = rows[0] as BegunRow;
    const copy = client.query(copyFrom(COPY_EVENTS));
    copy.end(copyRows(commit, group, streams));
    await finished(copy);
    const queued = enqueuedParameters(group);
    if (queued !== null)
      await client.query({
        name: "queue_streams",
        text: QUEUE_STREAMS,
        values: [commit.id, ...queued],
      });
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}
