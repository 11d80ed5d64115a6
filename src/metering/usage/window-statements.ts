/**
 * The SQL of reads by kept windows: what is split by filters and groups, what reaches back into a history, what ends at an event.
 * One statement, one snapshot: the totals of a kept window, with the tail added and taken off what came after `until`; or, where
 * none is kept, the log of the window. A window is found under any spec whose keys contain those that are asked for.
 *
 * Parameters, one entry per window: $1 organizations, $2 external subscription ids, $3 codes, $4 measures, $5 fields, $6 keys (an array's
 * text), $7 and $8 the window, $9 until and $10 the ordinal before which an event at that instant counts, $11 starts of local days (an
 * array's text), $12 whether only a window that ends at `until` answers, $13 a key and $14 the texts (an array's text) of
 * which one is in every event that matters, $15 since when distinct values are looked at one by one (null: only the last operation of each).
 * $16: a log of more events than this is worth keeping as a window.
 */
const REQUESTS = `
asked as materialized (
  select q.n::int, q.organization_id, q.code, q.measure, s.id as stream_id, s.settled_events, s.voided_events > 0 as has_voids,
    q.field_name, q.keys::text[] as keys, q.window_from, q.window_to, q.until, q.until_ordinal, q.days::timestamptz[] as days, q.is_exact,
    q.filter_key, q.filter_texts::text[] as filter_texts, coalesce(q.since, q.until) as since, q.since is not null as wants_all,
    q.until < q.window_to or q.until_ordinal > 0 as is_cut
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[],
    $10::bigint[], $11::text[], $12::boolean[], $13::text[], $14::text[], $15::timestamptz[]) with ordinality as q(organization_id,
    external_subscription_id, code, measure, field_name, keys, window_from, window_to, until, until_ordinal, days, is_exact, filter_key, filter_texts, since, n)
  join streams s on s.organization_id = q.organization_id and s.external_subscription_id = q.external_subscription_id and s.code = q.code
), request as materialized (
  select a.*, w.id as window_id,
    case when w.keys <> a.keys then array(select array_position(w.keys, k.key) from unnest(a.keys) with ordinality as k(key, i) order by k.i) end as positions,
    array_position(w.keys, a.filter_key) as filter_position
  from asked a
  left join lateral (
    select w.id, p.keys from fold_specs p
    join usage_windows w on w.stream_id = a.stream_id and w.spec_id = p.id and w.window_from = a.window_from and w.window_to = a.window_to
    where not (a.is_exact and a.is_cut) and w.built
      and p.organization_id = a.organization_id and p.code = a.code and p.measure = a.measure and p.field_name is not distinct from a.field_name
      and p.keys @> a.keys and (a.filter_key is null or a.filter_key = any(p.keys))
    order by cardinality(p.keys) limit 1
  ) w on true
)`;

/** Whether it is worth to keep the window of a request. */
const WANTED = "r.window_id is null and r.settled_events > $16::bigint";

/** The texts of a kept row under the keys that are asked for. */
const KEPT_TEXTS =
  "case when r.positions is null then t.texts else array(select t.texts[k.at] from unnest(r.positions) with ordinality as k(at, i) order by k.i) end";

const IS_KEPT_WANTED = "(r.filter_key is null or t.texts[r.filter_position] = any(r.filter_texts))";
const KEPT = `from request r join window_totals t on t.window_id = r.window_id where ${IS_KEPT_WANTED}`;

/** Looked up only in streams that have a void, and then for each event: a subquery that could be a join would read all voids. */
const NOT_VOIDED = "(not r.has_voids or (select v.event_id from event_voids v where v.event_id = e.id) is null)";

const IS_WANTED_EVENT = `(r.filter_key is null or e.properties ->> r.filter_key = any(r.filter_texts))
  and ${NOT_VOIDED}`;
const BEFORE_END = "(e.timestamp, e.ordinal) < (r.until, r.until_ordinal)";
const TAIL_EVENTS = `
request r
join event_commits t on r.window_id is not null
cross join lateral (
  select e.* from events e where e.commit_id = t.id and e.received_at = t.received_at and - e.stream_id = - r.stream_id offset 0
) e`;

/** The texts of an event, as one text: arrays are sorted by the database's language, which takes ten times as long. */
const EVENT_TEXTS = `array(select e.properties ->> k.key from unnest(r.keys) with ordinality as k(key, i) order by k.i)::text collate "C" as texts`;

/** What each event is worth where numbers are added up. */
const NUMBER = `
cross join lateral (
  select ${EVENT_TEXTS}, event_number(e.properties, r.field_name) as number
  offset 0
) v`;
const NUMBERS = (sign: 1 | -1, part = "0") => `
select r.n, ${part}, v.texts, ${sign}, ${sign} * (v.number is not null)::int, ${sign} * v.number, v.number,
  case when v.number is not null then ${sign} * e.precise_total_amount_cents end,
  case when r.measure = 'weighted' then ${sign} * v.number * extract(epoch from e.timestamp) end,
  case when r.measure = 'weighted' and v.number is not null then e.timestamp end`;

/** Counts, sums, maxima, amounts and moments by tuple of texts, to be added up; part 0 is everything, part i the i-th local day alone. */
export const READ_TOTALS = `
with ${REQUESTS}, piece(n, part, texts, events, numeric_events, sum, max, amount_cents, moment, last_timestamp) as (
  ${NUMBERS(1)}
  from request r join events e on e.stream_id = r.stream_id and e.timestamp >= r.window_from and ${BEFORE_END} ${NUMBER}
  where r.window_id is null and ${IS_WANTED_EVENT}
  union all
  ${NUMBERS(1)} from ${TAIL_EVENTS} ${NUMBER}
  where e.timestamp >= r.window_from and ${BEFORE_END} and ${IS_WANTED_EVENT}
  union all
  ${NUMBERS(-1)}
  from request r join events e on e.stream_id = r.stream_id and (e.timestamp, e.ordinal) >= (r.until, r.until_ordinal) and e.timestamp < r.window_to ${NUMBER}
  where r.window_id is not null and r.is_cut and ${IS_WANTED_EVENT} and (select t.id from event_commits t where t.id = e.commit_id) is null
  union all
  ${NUMBERS(1, "width_bucket(e.timestamp, r.days)")}
  from request r join events e on e.stream_id = r.stream_id and e.timestamp >= r.days[1] and ${BEFORE_END} ${NUMBER}
  where r.days is not null and ${IS_WANTED_EVENT}
)
select n, part, texts::text[] as texts, sum(events)::float8 as events, sum(numeric_events)::float8 as numeric_events, sum(sum) as sum, max(max) as max,
  sum(amount_cents) as amount_cents, sum(moment) as moment, max(last_timestamp) as last_timestamp, null::boolean as is_wanted, null::bigint as stream_id
from piece group by n, part, texts
union all
select r.n, 0, ${KEPT_TEXTS}, t.events::float8, t.numeric_events::float8, t.sum, t.max, t.amount_cents, t.moment, t.last_timestamp, null, null ${KEPT}
union all
select r.n, 0, null, 0, 0, null, null, null, null, null, ${WANTED}, r.stream_id from request r`;

const LAST = "select r.n, v.texts, e.timestamp, e.ordinal, v.number";

/** The last number by time, then ingestion, by tuple of texts. */
export const READ_LAST_TOTALS = `
with ${REQUESTS}, piece(n, texts, last_timestamp, last_ordinal, last_value) as (
  ${LAST} from request r join events e on e.stream_id = r.stream_id and e.timestamp >= r.window_from and ${BEFORE_END} ${NUMBER}
  where r.window_id is null and v.number is not null and ${IS_WANTED_EVENT}
  union all
  ${LAST} from ${TAIL_EVENTS} ${NUMBER}
  where e.timestamp >= r.window_from and ${BEFORE_END} and v.number is not null and ${IS_WANTED_EVENT}
), ranked as (
  select p.*, row_number() over own as place, count(*) over (partition by n, texts) as total
  from piece p window own as (partition by n, texts order by last_timestamp desc, last_ordinal desc)
)
select n, 0 as part, texts::text[] as texts, total::float8 as events, total::float8 as numeric_events, last_timestamp, last_ordinal, last_value,
  null::boolean as is_wanted, null::bigint as stream_id
from ranked where place = 1
union all
select r.n, 0, ${KEPT_TEXTS}, t.events::float8, t.numeric_events::float8, t.last_timestamp, t.last_ordinal, t.last_value, null, null ${KEPT}
union all
select r.n, 0, null, 0, 0, null, null, null, ${WANTED}, r.stream_id from request r`;

/** The value that a distinct count compares, and whether the event removes it; unknown operations add (2.3 of the metering spec). */
const OPERATION = `
cross join lateral (
  select md5(e.properties ->> r.field_name)::uuid as value, (e.properties ->> 'operation_type') is not distinct from 'remove' as is_removal,
    ${EVENT_TEXTS}
  offset 0
) v`;
/** How a touched value's rows are found and shown: carried along, as nothing here can be joined by an index. */
const VIA =
  "r.n, r.window_id, r.positions, r.filter_key, r.filter_position, r.filter_texts, r.window_to, r.until, r.until_ordinal";

/**
 * Distinct values. Of a kept window: its counters (value null), without the values that are looked at one by one; and the operations on those:
 * what the tail touches, what an open window saw since `since`, and what several tuples have. Of the log: all operations, or each value's last by tuple.
 */
export const READ_VALUES = `
with ${REQUESTS}, raw as (
  select r.n, v.texts, v.value, e.timestamp, e.ordinal, v.is_removal, r.wants_all
  from request r join events e on e.stream_id = r.stream_id and e.timestamp >= r.window_from and ${BEFORE_END} ${OPERATION}
  where r.window_id is null and v.value is not null and ${IS_WANTED_EVENT}
), tail as materialized (
  select ${VIA}, v.texts, v.value, e.timestamp, e.ordinal, v.is_removal, ${BEFORE_END} as counts from ${TAIL_EVENTS} ${OPERATION}
  where e.timestamp >= r.window_from and e.timestamp < r.window_to and v.value is not null
    and ${NOT_VOIDED}
), moved as materialized (
  select ${VIA}, o.value_hash as value, o.tuple_hash, ${BEFORE_END} as counts
  from request r join events e on e.stream_id = r.stream_id and e.timestamp >= r.since and e.timestamp < r.window_to ${OPERATION}
  join unique_operations o on o.window_id = r.window_id and o.value_hash = v.value and o.timestamp = e.timestamp and o.ordinal = e.ordinal
  where r.window_id is not null and v.value is not null
), touched as materialized (
  select ${VIA}, r.value from tail r union select ${VIA}, r.value from moved r
  union select ${VIA}, k.value_hash from request r join unique_values k on k.window_id = r.window_id and k.shared
), piece(n, texts, value, timestamp, ordinal, is_removal, events, active_values, is_wanted, stream_id) as (
  select r.n, null::text[], null::uuid, null::timestamptz, null::bigint, null::boolean, 0::bigint, 0::bigint, ${WANTED}, r.stream_id from request r
  union all
  select n, texts::text[], value, timestamp, ordinal, is_removal, 1, 0, null, null from raw where wants_all
  union all
  (select distinct on (n, texts, value) n, texts::text[], value, timestamp, ordinal, is_removal, 1, 0, null::boolean, null::bigint from raw where not wants_all
   order by n, texts, value, timestamp desc, ordinal desc)
  union all
  select n, texts::text[], value, timestamp, ordinal, is_removal, 1, 0, null, null from tail where counts
  union all
  select r.n, ${KEPT_TEXTS}, null, null, null, null, t.events, t.active_values, null, null ${KEPT}
  union all
  select r.n, ${KEPT_TEXTS}, null, null, null, null, 0, -1, null, null
  from touched r
  join unique_values k on k.window_id = r.window_id and k.value_hash = r.value and k.active and not k.shared
  join window_totals t on t.window_id = r.window_id and t.tuple_hash = k.tuple_hash
  where ${IS_KEPT_WANTED}
  union all
  select r.n, ${KEPT_TEXTS}, null, null, null, null, -1, 0, null, null
  from moved r join window_totals t on t.window_id = r.window_id and t.tuple_hash = r.tuple_hash
  where not r.counts and ${IS_KEPT_WANTED}
  union all
  select r.n, ${KEPT_TEXTS}, r.value, o.timestamp, o.ordinal, o.is_removal, 0, 0, null, null
  from touched r
  cross join lateral (
    select k.tuple_hash, k.last_timestamp as timestamp, k.last_ordinal as ordinal, not k.active as is_removal
    from unique_values k where r.window_to < 'infinity' and k.window_id = r.window_id and k.value_hash = r.value
    union all
    select k.tuple_hash, k.timestamp, k.ordinal, k.is_removal
    from unique_operations k where k.window_id = r.window_id and k.value_hash = r.value and (k.timestamp, k.ordinal) < (r.until, r.until_ordinal)
  ) o
  join window_totals t on t.window_id = r.window_id and t.tuple_hash = o.tuple_hash
  where ${IS_KEPT_WANTED}
)
select n, 0 as part, texts, value, timestamp, ordinal, is_removal, events::float8 as events, active_values::float8 as active_values, is_wanted, stream_id from piece`;

/** Specs that reads ask for, where there are none yet; then their windows. Parameters of both: $1 streams, $2 measures, $3 fields, $4 keys. */
export const WANT_SPECS = `
insert into fold_specs (organization_id, code, measure, field_name, keys)
select distinct s.organization_id, s.code, w.measure, w.field_name, w.keys::text[]
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as w(stream_id, measure, field_name, keys)
join streams s on s.id = w.stream_id
on conflict do nothing`;

/** $5 and $6 the windows. */
export const WANT_WINDOWS = `
insert into usage_windows (stream_id, spec_id, window_from, window_to)
select w.stream_id, p.id, w.window_from, w.window_to
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
  as w(stream_id, measure, field_name, keys, window_from, window_to)
join streams s on s.id = w.stream_id
join fold_specs p on p.organization_id = s.organization_id and p.code = s.code and p.measure = w.measure
  and p.field_name is not distinct from w.field_name and p.keys = w.keys::text[]
on conflict do nothing`;
