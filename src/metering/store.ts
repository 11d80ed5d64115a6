/** Reading the log: one event by its transaction id, and lists of an organization's events. */
import { type RawBuilder, sql } from "kysely";
import type { Page } from "../kernel/pages.ts";
import { offsetOf } from "../kernel/pages.ts";
import type { Db } from "../storage/database.ts";
import type { StoredEvent } from "./present.ts";
import { keyRangeOf } from "./rules/key.ts";

const EVENT_COLUMNS = sql`e.id, e.transaction_id, s.code, s.external_subscription_id, e.timestamp, e.created_at, e.precise_total_amount_cents, e.properties`;

/** The first event with this transaction id, whatever its subscription: found by the first half of its key. */
export async function findEvent(db: Db, organizationId: string, transactionId: string): Promise<StoredEvent | null> {
  const { from, to } = keyRangeOf(organizationId, transactionId);
  const { rows } = await sql<StoredEvent>`
    select ${EVENT_COLUMNS}
    from event_keys k
    join events e on e.commit_id = k.commit_id and e.id = k.key
    join streams s on s.id = e.stream_id
    where k.key between ${from}::uuid and ${to}::uuid and s.organization_id = ${organizationId}::uuid and e.transaction_id = ${transactionId}
    order by e.ordinal limit 1`.execute(db);
  return rows[0] ?? null;
}

export interface EventFilter {
  readonly code: string | null;
  readonly externalSubscriptionId: string | null;
  /** Half-open. */
  readonly from: Temporal.Instant | null;
  readonly to: Temporal.Instant | null;
}

function streamsOf(organizationId: string, { code, externalSubscriptionId }: EventFilter): RawBuilder<unknown> {
  return sql`select s.id, s.code, s.external_subscription_id, s.settled_events from streams s
    where s.organization_id = ${organizationId}::uuid
      and (${code}::text is null or s.code = ${code})
      and (${externalSubscriptionId}::text is null or s.external_subscription_id = ${externalSubscriptionId})`;
}

const within = ({ from, to }: EventFilter) => sql`
  e.timestamp >= coalesce(${from?.toString() ?? null}::timestamptz, '-infinity') and e.timestamp < coalesce(${to?.toString() ?? null}::timestamptz, 'infinity')`;

/**
 * Newest first, then by transaction id. Cost follows the page, not the history: of all streams only the `n` whose newest
 * event is newest can hold one of the newest n events, and of each of these only its newest n.
 */
export async function listEvents(
  db: Db,
  organizationId: string,
  filter: EventFilter,
  page: Page,
): Promise<StoredEvent[]> {
  const newest = offsetOf(page) + page.perPage;
  const { rows } = await sql<StoredEvent>`
    with stream as materialized (${streamsOf(organizationId, filter)}),
    ranked as materialized (
      select s.*, l.timestamp as newest from stream s
      cross join lateral (select e.timestamp from events e where e.stream_id = s.id and ${within(filter)} order by e.timestamp desc limit 1) l
      order by l.timestamp desc limit ${newest}
    )
    select ${EVENT_COLUMNS}
    from ranked s
    cross join lateral (
      select e.* from events e where e.stream_id = s.id and ${within(filter)}
      order by e.timestamp desc fetch first ${sql.lit(newest)} rows with ties
    ) e
    order by e.timestamp desc, e.transaction_id, e.ordinal
    limit ${page.perPage} offset ${offsetOf(page)}`.execute(db);
  return rows;
}

/** How many events the filter names: without a time range from the streams' own counts and the tail, else from the index. */
export async function countEvents(db: Db, organizationId: string, filter: EventFilter): Promise<number> {
  const hasRange = filter.from !== null || filter.to !== null;
  const { rows } = await (hasRange
    ? sql<{ n: number }>`
        with stream as materialized (${streamsOf(organizationId, filter)})
        select count(*)::float8 as n from stream s join events e on e.stream_id = s.id where ${within(filter)}`
    : sql<{ n: number }>`
        with stream as materialized (${streamsOf(organizationId, filter)})
        select (select coalesce(sum(settled_events), 0) from stream)::float8 + (
          select count(*) from event_commits t
          join events e on e.commit_id = t.id and e.received_at = t.received_at
          join stream s on s.id = e.stream_id
        )::float8 as n`
  ).execute(db);
  return rows[0]?.n ?? 0;
}
