/**
 * The SQL of reads event by event: bounded by stream and window through the index. One statement each, so one snapshot.
 *
 * Parameters of all: $1 organizations, $2 external subscription ids, $3 codes, $4 fields, $5 keys (an array's text per window),
 * $6 and $7 window starts and ends, $8 the ordinal at the end before which an event still counts; one entry per window.
 */
const WINDOWS = `
request as materialized (
  select q.n::int, s.id as stream_id, s.voided_events > 0 as has_voids, q.field_name, q.keys::text[] as keys, q.from_at, q.to_at, q.to_ordinal
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::bigint[])
    with ordinality as q(organization_id, external_subscription_id, code, field_name, keys, from_at, to_at, to_ordinal, n)
  join streams s on s.organization_id = q.organization_id and s.external_subscription_id = q.external_subscription_id and s.code = q.code
)`;

const EVENTS = `
join events e on e.stream_id = r.stream_id and e.timestamp >= r.from_at and (e.timestamp, e.ordinal) < (r.to_at, r.to_ordinal)
  and (not r.has_voids or (select v.event_id from event_voids v where v.event_id = e.id) is null)`;

const TEXTS = "array(select e.properties ->> k.key from unnest(r.keys) with ordinality as k(key, i) order by k.i)";

/** All operations on distinct values, in order; events without the property count for nothing (2.3 of the metering spec). */
export const LOG_OPERATIONS = `
with ${WINDOWS}
select r.n, ${TEXTS} as texts, md5(e.properties ->> r.field_name)::uuid as value, e.timestamp, e.ordinal,
  (e.properties ->> 'operation_type') is not distinct from 'remove' as is_removal
from request r ${EVENTS}
where e.properties ->> r.field_name is not null
order by r.n, e.timestamp, e.ordinal`;

/** Whole events in order: what a script folds. */
export const LOG_EVENTS = `
with ${WINDOWS}
select r.n, ${TEXTS} as texts, e.timestamp, e.transaction_id, e.precise_total_amount_cents, e.properties from request r ${EVENTS}
order by r.n, e.timestamp, e.ordinal`;

/** The value of an event as `number`: the property's number, or 1 where each event counts ($10: whether numbers are asked for). */
const VALUE = `
cross join lateral (
  select case when r.is_numeric then event_number(e.properties, r.field_name) when r.field_name is null or e.properties ->> r.field_name is not null then 1 end as number
) x`;
const WANTED = (parameters: string, columns: string) => `
wanted as materialized (
  select r.*, m.* from request r join unnest($10::boolean[]${parameters}) with ordinality as m(is_numeric${columns}, m) on m.m = r.n
)`;

/**
 * Single values in order (2.7), those alone that meet $11 (a bucket's conditions, as a JSON object of arrays) and $12 (a group, as a
 * JSON object) of their window; the first $9 of each (all: null). Their texts tell whether an earlier bucket takes them.
 */
export const LOG_VALUES = `
with ${WINDOWS}, ${WANTED(", $11::jsonb[], $12::jsonb[]", ", conditions, own_group")}
select w.n, v.texts, v.number, v.timestamp from wanted w
cross join lateral (
  select ${TEXTS} as texts, e.timestamp, e.ordinal, x.number
  from (select w.*) r ${EVENTS} ${VALUE}
  where x.number is not null
    and not exists (select from jsonb_each(r.conditions) c where not coalesce(c.value ? (e.properties ->> c.key), false))
    and not exists (select from jsonb_each_text(r.own_group) g where g.value is distinct from nullif(e.properties ->> g.key, ''))
  order by e.timestamp, e.ordinal
  limit $9::bigint
) v
order by w.n, v.timestamp, v.ordinal`;

/** Single values of all buckets and groups, in order; the first $9 of each tuple of texts (all: null). */
export const LOG_ALL_VALUES = `
with ${WINDOWS}, ${WANTED("", "")}, value as (
  select r.n, v.texts, x.number, e.timestamp, e.ordinal,
    case when $9::bigint is not null then row_number() over (partition by r.n, v.texts order by e.timestamp, e.ordinal) end as place
  from wanted r ${EVENTS} ${VALUE}
  cross join lateral (select ${TEXTS}::text collate "C" as texts offset 0) v
  where x.number is not null
)
select n, texts::text[] as texts, number, timestamp from value where place is null or place <= $9::bigint order by n, timestamp, ordinal`;
