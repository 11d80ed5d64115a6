/** Reading the log: one event by its transaction id, and lists of an organization's events. */
import { type RawBuilder, sql } from "kysely";
import type { Page } from "../kernel/pages.ts";
import { offsetOf } from "../kernel/pages.ts";
import type { Db } from "../storage/database.ts";
import type { CorrectedEvent } from "./present.ts";
import { keyRangeOf } from "./rules/key.ts";

/** What was corrected of an event e: its void, what took its place, and what it took the place of. */
const CORRECTIONS = sql`
  left join event_voids v on v.event_id = e.id
  left join lateral (select b.transaction_id from events b join event_keys k on k.key = v.replacement_id and b.commit_id = k.commit_id and b.id = k.key) by_event on true
  left join event_voids a on a.replacement_id = e.id
  left join lateral (select o.transaction_id from events o where o.stream_id = a.stream_id and o.timestamp = a.timestamp and o.ordinal = a.ordinal) of_event on true`;

const EVENT_COLUMNS = sql`e.id, e.transaction_id, s.code, s.external_subscription_id, e.timestamp, e.created_at, e.precise_total_amount_cents, e.properties,
  v.voided_at, v.reason as void_reason, v.api_key_id as void_api_key_id, by_event.transaction_id as amended_by, of_event.transaction_id as amends`;

/** The first event with this transaction id, whatever its subscription: found by the first half of its key. */
export async function findEvent(db: Db, organizationId: string, transactionId: string): Promise<CorrectedEvent | null> {
  const { from, to } = keyRangeOf(organizationId, transactionId);
  const { rows } = await sql<CorrectedEvent>`
    select ${EVENT_COLUMNS}
    from event_keys k
    join events e on e.commit_id = k.commit_id and e.id = k.key
    join streams s on s.id = e.stream_id
    ${CORRECTIONS}
    where k.key between ${from}::uuid and ${to}::uuid and s.organization_id = ${organizationId}::uuid and e.transaction_id = ${transactionId}
    order by e.ordinal limit 1`.execute(db);
  return rows[0] ?? null;
}

/** The event of that id. */
export async function findEventById(db: Db, organizationId: string, id: string): Promise<CorrectedEvent | null> {
  const { rows } = await sql<CorrectedEvent>`
    select ${EVENT_COLUMNS}
    from event_keys k
    join events e on e.commit_id = k.commit_id and e.id = k.key
    join streams s on s.id = e.stream_id
    ${CORRECTIONS}
    where k.key = ${id}::uuid and s.organization_id = ${organizationId}::uuid`.execute(db);
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
): Promise<CorrectedEvent[]> {
  const newest = offsetOf(page) + page.perPage;
  const { rows } = await sql<CorrectedEvent>`
    with stream as materialized (${streamsOf(organizationId, filter)}),
    ranked as materialized (
      select s.*, l.timestamp as newest from stream s
      cross join lateral (select e.timestamp from events e where e.stream_id = s.id and ${within(filter)} order by e.timestamp desc limit 1) l
      order by l.timestamp desc limit ${newest}
    ),
    page as materialized (
      select e.*, s.code, s.external_subscription_id from ranked s
      cross join lateral (
        select e.* from events e where e.stream_id = s.id and ${within(filter)}
        order by e.timestamp desc fetch first ${sql.lit(newest)} rows with ties
      ) e
      order by e.timestamp desc, e.transaction_id, e.ordinal
      limit ${page.perPage} offset ${offsetOf(page)}
    )
    select ${EVENT_COLUMNS}
    from page e cross join lateral (select e.code, e.external_subscription_id) s
    ${CORRECTIONS}
    order by e.timestamp desc, e.transaction_id, e.ordinal`.execute(db);
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
