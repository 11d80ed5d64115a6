/**
 * Events that wait to be charged in advance: taken stream by stream in order of ingestion, under a lock of the stream, and
 * gone from the queue in the transaction that charges them.
 */
import { type RawBuilder, sql } from "kysely";
import { realOrganizationsWith } from "../../identity/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import { plainArray } from "../../storage/arrays.ts";
import type { DbOrTx, Tx } from "../../storage/database.ts";

/** An event as it waits, or waited. */
export interface QueuedEvent {
  readonly id: string;
  readonly stream_id: bigint;
  readonly commit_id: bigint;
  readonly ordinal: bigint;
  readonly external_subscription_id: string | null;
  readonly code: string;
  readonly timestamp: Temporal.Instant;
  readonly transaction_id: string;
  /** Minor units. */
  readonly precise_total_amount_cents: Dec | null;
  readonly properties: Readonly<Record<string, unknown>>;
  /** How often events of the stream were voided: what was counted of it before a void is to be counted anew. */
  readonly stream_voids: bigint;
}

export interface QueueRow {
  readonly commit_id: bigint;
  readonly stream_id: bigint;
  readonly received_at: Temporal.Instant;
  readonly after_ordinal: bigint;
}

export interface ClaimedEvents {
  /** In order of commits: all of them are done with the events, unless those were cut off at the limit. */
  readonly rows: readonly QueueRow[];
  /** In order of ingestion, without voided ones. */
  readonly events: readonly QueuedEvent[];
  /** Where the limit cut: events of this commit after this ordinal are left. */
  readonly cut: { readonly commit_id: bigint; readonly after_ordinal: bigint } | null;
}

/** How far one stream is looked for among the others. */
const STREAM_ROWS = 100_000;

/** Held by whoever charges a stream's events, and by who voids one of them. */
export const lockOf = (stream: RawBuilder<unknown>) => sql`hashtextextended('in_advance:' || ${stream}::text, 0)`;

/** Streams of the longest-waiting rows that are not set aside at `now`. */
const waitingStreams = (organizationId: string, now: Temporal.Instant, rows: number) => sql`
  with waiting as materialized (
    select q.stream_id from in_advance_queue q
    where q.organization_id = ${organizationId} and not exists (
      select from in_advance_queue a
      where a.organization_id = ${organizationId} and a.retry_at > ${now.toString()}::timestamptz and a.stream_id = q.stream_id)
    order by q.commit_id limit ${rows}
  ), stream as materialized (select distinct stream_id from waiting)`;

/** Of the longest-waiting rows, at most so many, the streams. */
export async function streamsWaiting(
  db: DbOrTx,
  organizationId: string,
  now: Temporal.Instant,
  rows: number,
): Promise<bigint[]> {
  const found = await sql<{ stream_id: bigint }>`
    ${waitingStreams(organizationId, now, rows)} select stream_id from stream order by 1`.execute(db);
  return found.rows.map(({ stream_id }) => stream_id);
}

export interface ClaimOptions {
  /** Events, at most about so many. */
  readonly limit: number;
  /** Of this stream alone. */
  readonly streamId?: bigint;
}

/**
 * Takes the longest-waiting events for this transaction, of streams that no other transaction holds and that are not set aside
 * at `now`. Who finds a stream held leaves it to its holder, who looks again when it is done.
 */
export async function claimQueuedEvents(
  tx: Tx,
  organizationId: string,
  now: Temporal.Instant,
  { limit, streamId }: ClaimOptions,
): Promise<ClaimedEvents> {
  const ofStream = streamId === undefined ? sql`true` : sql`stream_id = ${streamId.toString()}::bigint`;
  const { rows: locked } = await sql<{ stream_id: bigint }>`
    ${waitingStreams(organizationId, now, streamId === undefined ? limit : STREAM_ROWS)}
    select stream_id from stream where ${ofStream} and pg_try_advisory_xact_lock(${lockOf(sql`stream_id`)})`.execute(
    tx,
  );
  if (locked.length === 0) return { rows: [], events: [], cut: null };
  const streams = sql`any(${plainArray(locked.map(({ stream_id }) => stream_id))}::bigint[])`;
  // A statement of its own: it sees what was committed until the locks were got.
  const { rows } = await sql<QueueRow>`
    select q.commit_id, q.stream_id, q.received_at, q.after_ordinal from in_advance_queue q
    where q.organization_id = ${organizationId} and q.stream_id = ${streams}
    order by q.commit_id, q.stream_id limit ${limit}`.execute(tx);
  return { rows, ...(await eventsOf(tx, rows, limit)) };
}

/** A stream by its name, held until the transaction ends; one that nothing was received for yet has no id and no past. */
export async function holdStream(
  tx: Tx,
  organizationId: string,
  externalSubscriptionId: string,
  code: string,
): Promise<Pick<QueuedEvent, "stream_id" | "stream_voids">> {
  const { rows } = await sql<Pick<QueuedEvent, "stream_id" | "stream_voids">>`
    select s.id as stream_id, s.voided_events as stream_voids, pg_advisory_xact_lock(${lockOf(sql`s.id`)}) from streams s
    where s.organization_id = ${organizationId} and s.external_subscription_id = ${externalSubscriptionId} and s.code = ${code}`.execute(
    tx,
  );
  const [found] = rows;
  return { stream_id: found?.stream_id ?? 0n, stream_voids: found?.stream_voids ?? 0n };
}

/** The events of rows whose streams are locked. */
async function eventsOf(
  tx: Tx,
  rows: readonly QueueRow[],
  limit: number,
): Promise<Pick<ClaimedEvents, "events" | "cut">> {
  const { rows: found } = await sql<QueuedEvent & { readonly is_voided: boolean }>`
    select e.id, e.stream_id, e.commit_id, e.ordinal, s.external_subscription_id, s.code, e.timestamp, e.transaction_id,
      e.precise_total_amount_cents, e.properties, s.voided_events as stream_voids,
      s.voided_events > 0 and exists (select from event_voids v where v.event_id = e.id) as is_voided
    from unnest(
      ${plainArray(rows.map(({ commit_id }) => commit_id))}::bigint[],
      ${plainArray(rows.map(({ stream_id }) => stream_id))}::bigint[],
      ${plainArray(rows.map(({ received_at }) => received_at.toString()))}::timestamptz[],
      ${plainArray(rows.map(({ after_ordinal }) => after_ordinal))}::bigint[]
    ) as q(commit_id, stream_id, received_at, after_ordinal)
    join events e on e.commit_id = q.commit_id and (- e.stream_id) = (- q.stream_id) and e.received_at = q.received_at
      and e.ordinal > q.after_ordinal
    join streams s on s.id = e.stream_id
    order by e.commit_id, e.ordinal limit ${limit}`.execute(tx);
  const last = found.at(-1);
  const isCut = found.length === limit && last !== undefined;
  return {
    events: found.filter(({ is_voided }) => !is_voided),
    cut: isCut ? { commit_id: last.commit_id, after_ordinal: last.ordinal } : null,
  };
}

/** Takes out of the queue what was claimed. */
export async function settleQueuedEvents(tx: Tx, organizationId: string, claimed: ClaimedEvents): Promise<void> {
  const { rows, cut } = claimed;
  const done = cut === null ? rows : rows.filter(({ commit_id }) => commit_id < cut.commit_id);
  const begun = cut === null ? [] : rows.filter(({ commit_id }) => commit_id === cut.commit_id);
  const keys = (some: readonly QueueRow[]) => sql`unnest(
    ${plainArray(some.map(({ commit_id }) => commit_id))}::bigint[],
    ${plainArray(some.map(({ stream_id }) => stream_id))}::bigint[]
  ) as d(commit_id, stream_id)`;
  if (done.length > 0) {
    await sql`
      delete from in_advance_queue q using ${keys(done)}
      where q.organization_id = ${organizationId} and q.commit_id = d.commit_id and q.stream_id = d.stream_id`.execute(
      tx,
    );
  }
  if (begun.length > 0 && cut !== null) {
    await sql`
      update in_advance_queue q set after_ordinal = ${cut.after_ordinal}::bigint, error = null, retry_at = null
      from ${keys(begun)}
      where q.organization_id = ${organizationId} and q.commit_id = d.commit_id and q.stream_id = d.stream_id`.execute(
      tx,
    );
  }
}

/** Hours until the next attempt after the first failure, the second, …; the last one for all further ones. */
const RETRY_AFTER_HOURS = [1, 2, 4, 8, 24] as const;
const ERROR_LENGTH_MAX = 2_000;

/** Lets a stream wait, with all that follows in it: events are charged in their order. */
export async function setStreamAside(
  db: DbOrTx,
  organizationId: string,
  streamId: bigint,
  error: string,
  now: Temporal.Instant,
): Promise<void> {
  await sql`
    update in_advance_queue q set
      error = ${error.replaceAll("\u0000", "").slice(0, ERROR_LENGTH_MAX)}, attempts = q.attempts + 1,
      retry_at = ${now.toString()}::timestamptz
        + make_interval(hours => (${[...RETRY_AFTER_HOURS]}::int[])[least(q.attempts + 1, ${RETRY_AFTER_HOURS.length}::int)])
    where q.organization_id = ${organizationId} and q.stream_id = ${streamId.toString()}::bigint
      and q.commit_id = (select min(f.commit_id) from in_advance_queue f where f.stream_id = q.stream_id)`.execute(db);
}

/** The first moment in (after, until] at which a stream that was set aside may be tried again. */
export async function nextQueueRetryAt(
  db: DbOrTx,
  organizationId: string,
  after: Temporal.Instant,
  until: Temporal.Instant,
): Promise<Temporal.Instant | null> {
  const { rows } = await sql<{ retry_at: Temporal.Instant | null }>`
    select min(retry_at) as retry_at from in_advance_queue
    where organization_id = ${organizationId} and retry_at > ${after.toString()}::timestamptz and retry_at <= ${until.toString()}::timestamptz`.execute(
    db,
  );
  return rows[0]?.retry_at ?? null;
}

/** Real organizations with events that wait since before `since`, and may be tried at `now`: a process died with their job. */
export function organizationsWithQueuedEvents(
  db: DbOrTx,
  since: Temporal.Instant,
  now: Temporal.Instant,
): Promise<string[]> {
  return realOrganizationsWith(
    db,
    sql`select from in_advance_queue q
    where q.organization_id = o.id and q.received_at < ${since.toString()}::timestamptz
      and (q.retry_at is null or q.retry_at <= ${now.toString()}::timestamptz)`,
  );
}
