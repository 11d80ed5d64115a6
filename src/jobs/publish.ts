/**
 * What happened, written in the transaction in which it happened. Later rooms react with jobs: an earlier room
 * publishes a kind and never knows who listens (src/rooms.ts lists the reactions).
 */
import { sql } from "kysely";
import type { App } from "../app.ts";
import type { DbOrTx } from "../storage/database.ts";
import type { Job } from "./job.ts";
import { enqueue, type Owner } from "./queue.ts";

export interface DomainEvent {
  /** E.g. "subscription.started". */
  readonly kind: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** What a reaction's job is given. */
export interface ReactionPayload {
  readonly organization_id: string;
  readonly subject_id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export type Reactions = ReadonlyMap<string, readonly Job<ReactionPayload>[]>;

export async function publish(
  { reactions }: Pick<App, "reactions">,
  tx: DbOrTx,
  owner: Owner,
  events: readonly DomainEvent[],
  now: Temporal.Instant,
): Promise<void> {
  if (events.length === 0) return;
  await sql`
    insert into domain_events (organization_id, kind, subject_type, subject_id, payload, created_at)
    select ${owner.id}::uuid, e.kind, e.subject_type, e.subject_id, e.payload, ${now.toString()}::timestamptz
    from unnest(
      ${events.map((event) => event.kind)}::text[],
      ${events.map((event) => event.subject_type)}::text[],
      ${events.map((event) => event.subject_id)}::uuid[],
      ${events.map((event) => JSON.stringify(event.payload ?? {}))}::jsonb[]
    ) with ordinality as e(kind, subject_type, subject_id, payload, n)
    order by e.n`.execute(tx);
  for (const { kind, subject_id, payload = {} } of events) {
    for (const reaction of reactions.get(kind) ?? []) {
      await enqueue(tx, owner, reaction, { organization_id: owner.id, subject_id, payload });
    }
  }
}
