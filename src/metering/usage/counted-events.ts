/** The single events that one figure of usage was counted from: for explaining it. */

import type { AggregationType } from "../../catalog/index.ts";
import { offsetOf, type Page } from "../../kernel/pages.ts";
import type { Database } from "../../storage/database.ts";
import type { EventBucket, Group, UsageRequest } from "../model.ts";
import { keyOf } from "../rules/key.ts";
import { historyStart, windowStart } from "../rules/windows.ts";

export interface CountedRequest {
  readonly request: UsageRequest;
  /** Index of the request's bucket. */
  readonly bucket: number;
  readonly group: Group;
  /** Machine time: how many came in after it? */
  readonly received_after: Temporal.Instant | null;
}

export interface CountedEvent {
  readonly id: string;
  readonly transaction_id: string;
  readonly timestamp: Temporal.Instant;
  readonly received_at: Temporal.Instant;
  readonly properties: unknown;
  /** The property's text; null where the event has none, or none is looked at. */
  readonly value: string | null;
  /** Whether the aggregation counts it: it has a number, or a value. */
  readonly counts: boolean;
  /** Before the window: what a recurring metric carries into it. */
  readonly is_carried: boolean;
}

export interface CountedEvents {
  /** All events of the bucket and group, carried ones and those that do not count included. */
  readonly total: number;
  readonly counted: number;
  /** Of the counted ones, those before the window. */
  readonly carried: number;
  /** Of the counted ones, the first and the last. */
  readonly first_at: Temporal.Instant | null;
  readonly last_at: Temporal.Instant | null;
  /** Of all, those that came in later than was asked about; null where nothing was. */
  readonly late: number | null;
  /** One page of all, in order of time, then ingestion. */
  readonly events: readonly CountedEvent[];
}

type Counting = "each" | "number" | "value";

const COUNTING: Readonly<Record<AggregationType, Counting>> = {
  count_agg: "each",
  custom_agg: "each",
  sum_agg: "number",
  max_agg: "number",
  latest_agg: "number",
  weighted_sum_agg: "number",
  unique_count_agg: "value",
};

/**
 * $1 organization, $2 external subscription id, $3 code, $4 field, $5 and $6 start and end, $7 the ordinal at the end before which an
 * event still counts, $8 the window's start, $9 how events count, $10 the bucket's conditions, $11 those of the buckets that take
 * events before it, $12 the group.
 */
const EVENTS = `
with event as (
  select e.id, e.transaction_id, e.timestamp, e.ordinal, e.received_at, e.properties, e.properties ->> $4 as value,
    e.timestamp < $8::timestamptz as is_carried,
    case $9 when 'number' then event_number(e.properties, $4) is not null when 'value' then e.properties ->> $4 is not null else true end as counts
  from streams s
  join events e on e.stream_id = s.id and e.timestamp >= $5::timestamptz and (e.timestamp, e.ordinal) < ($6::timestamptz, $7::bigint)
  where s.organization_id = $1::uuid and s.external_subscription_id = $2 and s.code = $3
    and (s.voided_events = 0 or not exists (select from event_voids v where v.event_id = e.id))
    and not exists (select from jsonb_each($10::jsonb) c where not coalesce(c.value ? (e.properties ->> c.key), false))
    and not exists (
      select from jsonb_array_elements($11::jsonb) b
      where not exists (select from jsonb_each(b.value) c where not coalesce(c.value ? (e.properties ->> c.key), false))
    )
    and not exists (select from jsonb_each_text($12::jsonb) g where g.value is distinct from nullif(e.properties ->> g.key, ''))
)`;

const SUMMARY = `${EVENTS}
select count(*)::float8 as total, count(*) filter (where counts)::float8 as counted, count(*) filter (where counts and is_carried)::float8 as carried,
  min(timestamp) filter (where counts) as first_at, max(timestamp) filter (where counts) as last_at,
  case when $13::timestamptz is not null then count(*) filter (where received_at > $13)::float8 end as late
from event`;

const PAGE = `${EVENTS}
select id, transaction_id, timestamp, received_at, properties, value, counts, is_carried
from event order by timestamp, ordinal limit $13 offset $14`;

/** What was counted into the group, summed up, and one page of it. Bounded by stream and window through the index. */
export async function readCountedEvents(
  { indexPool: pool }: Pick<Database, "indexPool">,
  counted: CountedRequest,
  page: Page,
): Promise<CountedEvents> {
  const values = parametersOf(counted);
  const [summary, events] = await Promise.all([
    pool.query<Omit<CountedEvents, "events">>(SUMMARY, [...values, counted.received_after?.toString() ?? null]),
    pool.query<CountedEvent>(PAGE, [...values, page.perPage, offsetOf(page)]),
  ]);
  const [sums] = summary.rows;
  if (sums === undefined) throw new Error("an aggregate has one row");
  return { ...sums, events: events.rows };
}

function parametersOf({ request, bucket, group }: CountedRequest): unknown[] {
  const { up_to, to, weighted } = request;
  const isBounded = up_to !== null && Temporal.Instant.compare(up_to.timestamp, to) < 0;
  // The level that a weighted sum begins with is a figure of its own.
  const from = weighted === null ? historyStart(request) : windowStart(request);
  const own = request.buckets[bucket] as EventBucket;
  return [
    request.organization_id,
    request.external_subscription_id,
    request.code,
    request.field_name,
    from.toString(),
    (isBounded ? up_to.timestamp : to).toString(),
    isBounded ? up_to.ordinal + 1n : 0n,
    windowStart(request).toString(),
    COUNTING[request.aggregation_type],
    JSON.stringify(own.conditions),
    JSON.stringify(request.buckets.slice(0, bucket).map(({ conditions }) => conditions)),
    JSON.stringify(Object.fromEntries(own.group_by.map((key) => [key, group[key] || null]))),
  ];
}

/** Where an event stands among those of its stream: what was counted up to it can be asked by that. Null where there is no such event. */
export async function findEventPlace(
  { indexPool: pool }: Pick<Database, "indexPool">,
  organizationId: string,
  externalSubscriptionId: string,
  transactionId: string,
): Promise<NonNullable<UsageRequest["up_to"]> | null> {
  const { rows } = await pool.query<NonNullable<UsageRequest["up_to"]>>(
    "select e.timestamp, e.ordinal from event_keys k join events e on e.commit_id = k.commit_id and e.id = k.key where k.key = $1::uuid",
    [keyOf(organizationId, externalSubscriptionId, transactionId)],
  );
  return rows[0] ?? null;
}
