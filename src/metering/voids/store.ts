/** The SQL of corrections: the event in question, its void, and which transaction ids are taken. */
import { sql } from "kysely";
import type { DbOrTx, Tx } from "../../storage/database.ts";
import { orDuplicate } from "../../storage/database.ts";
import { lockOf } from "../in-advance/queue.ts";
import type { StoredEvent } from "../present.ts";
import { keyRangeOf } from "../rules/key.ts";

/** An event of the log with its place in its stream. */
export interface LoggedEvent extends StoredEvent {
  readonly stream_id: bigint;
  readonly ordinal: bigint;
  /** Machine time. */
  readonly received_at: Temporal.Instant;
  /** With which transaction id its amendments began; its own where it amends nothing. */
  readonly root_transaction_id: string;
}

/** So many events without a subscription may share a transaction id before one of them cannot be named. */
const NAMESAKES_MAX = 100;

/** Events with this transaction id, those that still count first. `externalSubscriptionId` null: of any subscription. */
export async function findNamesakes(
  db: DbOrTx,
  organizationId: string,
  transactionId: string,
  externalSubscriptionId: string | null,
): Promise<LoggedEvent[]> {
  const { from, to } = keyRangeOf(organizationId, transactionId);
  const { rows } = await sql<LoggedEvent>`
    select e.id, e.transaction_id, s.code, s.external_subscription_id, e.timestamp, e.created_at, e.precise_total_amount_cents, e.properties,
      e.stream_id, e.ordinal, e.received_at, coalesce(a.root_transaction_id, e.transaction_id) as root_transaction_id, v.voided_at
    from event_keys k
    join events e on e.commit_id = k.commit_id and e.id = k.key
    join streams s on s.id = e.stream_id
    left join event_voids v on v.event_id = e.id
    left join event_voids a on a.replacement_id = e.id
    where k.key between ${from}::uuid and ${to}::uuid and s.organization_id = ${organizationId}::uuid and e.transaction_id = ${transactionId}
      and (${externalSubscriptionId}::text is null or s.external_subscription_id = ${externalSubscriptionId})
    order by v.event_id is not null, e.ordinal
    limit ${NAMESAKES_MAX}`.execute(db);
  return rows;
}

/**
 * Counts a void into its stream, whose row stays locked: neither the folder nor another correction comes between, nor who charges
 * its events in advance.
 */
export async function claimStream(tx: Tx, streamId: bigint): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockOf(sql`${streamId}::bigint`)})`.execute(tx);
  await sql`update streams set voided_events = voided_events + 1 where id = ${streamId}`.execute(tx);
}

export interface NewVoid {
  readonly reason: string | null;
  readonly api_key_id: string;
  readonly replacement_id: string | null;
}

/** "duplicate" where the event was voided before. */
export async function insertVoid(
  tx: Tx,
  organizationId: string,
  event: LoggedEvent,
  { reason, api_key_id, replacement_id }: NewVoid,
  now: Temporal.Instant,
): Promise<"voided" | "duplicate"> {
  return orDuplicate("event_voids_pkey", async (): Promise<"voided"> => {
    await tx
      .insertInto("event_voids")
      .values({
        event_id: event.id,
        organization_id: organizationId,
        stream_id: event.stream_id,
        timestamp: event.timestamp,
        ordinal: event.ordinal,
        root_transaction_id: event.root_transaction_id,
        voided_at: now,
        ...{ reason, api_key_id, replacement_id },
      })
      .execute();
    return "voided";
  });
}

/** Which of the keys are taken. */
export async function takenKeys(db: DbOrTx, keys: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ key: string }>`select key from event_keys where key = any(${keys}::uuid[])`.execute(db);
  return new Set(rows.map(({ key }) => key));
}
