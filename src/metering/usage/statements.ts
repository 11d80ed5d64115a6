/**
 * The SQL of exact reads. Each is one statement, so that it sees one snapshot: an event is in it once, in a cell, in the
 * ragged edge of a window, or in the tail, whatever the folder does meanwhile.
 *
 * Parameters of both: $1 organizations, $2 external subscription ids, $3 codes, $4 measures, $5 fields, $6 window starts,
 * $7 window ends, one entry per request; the answer refers to a request by its position n (from 1).
 */

const REQUESTS = `
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
    with ordinality as q(organization_id, external_subscription_id, code, measure, field_name, from_at, to_at, n)
  join streams s on s.organization_id = q.organization_id and s.external_subscription_id = q.external_subscription_id and s.code = q.code`;

const DAY_UP = (column: string) =>
  `date_bin('1 day', ${column} + interval '1 day' - interval '1 microsecond', timestamptz 'epoch')`;
const DAY_DOWN = (column: string) => `date_bin('1 day', ${column}, timestamptz 'epoch')`;
const QUARTER_UP = (column: string) =>
  `date_bin('15 minutes', ${column} + interval '15 minutes' - interval '1 microsecond', timestamptz 'epoch')`;
const QUARTER_DOWN = (column: string) => `date_bin('15 minutes', ${column}, timestamptz 'epoch')`;

/**
 * inner_from..inner_to is what whole cells cover; where there is none (a raw stream, a window within one bucket) both are
 * to_at, so that the first raw edge is the whole window. day_from..day_to is covered by day cells, the rest of the inside by quarters.
 */
const WINDOWS = `
request as materialized (
  select q.n, s.id as stream_id, q.field_name, q.from_at, q.to_at, f.spec_id, coalesce(f.grain, 0) as grain, s.settled_events, s.voided_events > 0 as has_voids
  ${REQUESTS}
  left join lateral (
    select f.spec_id, f.grain from stream_folds f join fold_specs p on p.id = f.spec_id
    where f.stream_id = s.id and f.grain > 0 and p.organization_id = q.organization_id and p.code = q.code and p.measure = q.measure and p.keys = '{}' and (q.field_name is null or p.field_name = q.field_name)
    order by f.spec_id limit 1
  ) f on true
), rounded as materialized (
  select r.*,
    case grain when 2 then ${QUARTER_UP("from_at")} when 1 then ${DAY_UP("from_at")} else to_at end as up,
    case grain when 2 then ${QUARTER_DOWN("to_at")} when 1 then ${DAY_DOWN("to_at")} else to_at end as down,
    ${DAY_UP("from_at")} as day_up, ${DAY_DOWN("to_at")} as day_down
  from request r
), span as materialized (
  select n, stream_id, field_name, from_at, to_at, spec_id, grain, settled_events, has_voids,
    case when up < down then up else to_at end as inner_from,
    case when up < down then down else to_at end as inner_to,
    case when day_up < day_down then day_up else to_at end as day_from,
    case when day_up < day_down then day_down else to_at end as day_to
  from rounded
)`;

/**
 * One stream's events of one commit row t. `offset 0` keeps the planner from turning the join around and looking through
 * the stream's past for events of the tail.
 */
const TAIL_EVENTS = (stream: string) => `
  select e.id, e.timestamp, e.ordinal, e.properties, e.precise_total_amount_cents from events e
  where e.commit_id = t.id and e.received_at = t.received_at and - e.stream_id = - ${stream}.stream_id offset 0`;

/** What was voided counts nowhere; looked up only in streams that have a void. */
const NOT_VOIDED = (stream: string) =>
  `(not ${stream}.has_voids or (select v.event_id from event_voids v where v.event_id = e.id) is null)`;

const EDGES = `
  select s.n, s.field_name, e.timestamp, e.ordinal, e.properties, e.precise_total_amount_cents from span s
  join events e on e.stream_id = s.stream_id and e.timestamp >= s.from_at and e.timestamp < s.inner_from
  where ${NOT_VOIDED("s")}
  union all
  select s.n, s.field_name, e.timestamp, e.ordinal, e.properties, e.precise_total_amount_cents from span s
  join events e on e.stream_id = s.stream_id and e.timestamp >= s.inner_to and e.timestamp < s.to_at
  where s.inner_to < s.to_at and ${NOT_VOIDED("s")}
  union all
  select s.n, s.field_name, e.timestamp, e.ordinal, e.properties, e.precise_total_amount_cents from span s
  join event_commits t on s.grain > 0 and s.inner_from < s.inner_to
  cross join lateral (${TAIL_EVENTS("s")}) e
  where e.timestamp >= s.inner_from and e.timestamp < s.inner_to and ${NOT_VOIDED("s")}`;

const CELLS = (columns: string) => `
  select s.n, ${columns} from span s
  join usage_cells c on c.stream_id = s.stream_id and c.spec_id = s.spec_id and c.grain = 1 and c.bucket >= s.day_from and c.bucket < s.day_to
  where s.grain > 0
  union all
  select s.n, ${columns} from span s
  join usage_cells c on c.stream_id = s.stream_id and c.spec_id = s.spec_id and c.grain = 2
    and c.bucket >= s.inner_from and c.bucket < least(s.day_from, s.inner_to)
  where s.grain = 2
  union all
  select s.n, ${columns} from span s
  join usage_cells c on c.stream_id = s.stream_id and c.spec_id = s.spec_id and c.grain = 2
    and c.bucket >= s.day_to and c.bucket < s.inner_to
  where s.grain = 2 and s.day_to < s.inner_to`;

/** A row for each request, whatever it has: `is_wanted` where the stream is long enough to be folded under this measure, and is not. */
const WANTED = "s.grain = 0 and s.settled_events > $8::bigint";

/** Counts, sums, maxima and the amounts that came with the numbers. */
export const READ_NUMBERS = `
with ${WINDOWS}, piece(n, events, numeric_events, sum, max, amount_cents, stream_id, is_wanted) as (
  select s.n, 0::bigint, 0::bigint, null::numeric, null::numeric, null::numeric, s.stream_id, ${WANTED} from span s
  union all
  ${CELLS("c.events, c.numeric_events, c.sum, c.max, c.amount_cents, null::bigint, null::boolean")}
  union all
  select r.n, 1, (v.number is not null)::int, v.number, v.number, case when v.number is not null then r.precise_total_amount_cents end, null, null
  from (${EDGES}) r cross join lateral (select event_number(r.properties, r.field_name) as number) v
)
select n::int, sum(events)::bigint as events, sum(numeric_events)::bigint as numeric_events, sum(sum) as sum, max(max) as max,
  sum(amount_cents) as amount_cents, max(stream_id) as stream_id, bool_or(is_wanted) as is_wanted
from piece group by n`;

/** The last number by time, then ingestion. */
export const READ_LAST = `
with ${WINDOWS}, piece(n, numeric_events, timestamp, ordinal, number, stream_id, is_wanted) as (
  select s.n, 0::bigint, null::timestamptz, null::bigint, null::numeric, s.stream_id, ${WANTED} from span s
  union all
  ${CELLS("c.numeric_events, c.last_timestamp, c.last_ordinal, c.last_value, null::bigint, null::boolean")}
  union all
  select r.n, 1, r.timestamp, r.ordinal, v.number, null, null
  from (${EDGES}) r cross join lateral (select event_number(r.properties, r.field_name) as number) v
  where v.number is not null
)
select n::int, sum(numeric_events)::bigint as numeric_events,
  (array_agg(number order by timestamp desc, ordinal desc) filter (where number is not null))[1] as last,
  max(stream_id) as stream_id, bool_or(is_wanted) as is_wanted
from piece group by n`;

/**
 * Distinct values that are active at the window's end (2.3 of the metering spec): the counter of a kept window, corrected by
 * what the tail does to single values; or a recount of the log where none is kept.
 */
export const READ_UNIQUE = `
with request as materialized (
  select q.n, s.id as stream_id, q.field_name, q.from_at, q.to_at, s.settled_events, s.voided_events > 0 as has_voids, w.id as window_id, t.active_values
  ${REQUESTS}
  left join fold_specs p on p.organization_id = q.organization_id and p.code = q.code and p.measure = 'unique' and p.field_name = q.field_name and p.keys = '{}'
  left join usage_windows w on w.stream_id = s.id and w.spec_id = p.id and w.window_from = q.from_at and w.window_to = q.to_at and w.built
  left join window_totals t on t.window_id = w.id
), raw as (
  select r.n, r.window_id, r.field_name, e.timestamp, e.ordinal, e.properties from request r
  join events e on e.stream_id = r.stream_id and e.timestamp >= r.from_at and e.timestamp < r.to_at
  where r.window_id is null and ${NOT_VOIDED("r")}
  union all
  select r.n, r.window_id, r.field_name, e.timestamp, e.ordinal, e.properties from request r
  join event_commits t on r.window_id is not null
  cross join lateral (${TAIL_EVENTS("r")}) e
  where e.timestamp >= r.from_at and e.timestamp < r.to_at and ${NOT_VOIDED("r")}
), op as (
  select distinct on (r.n, v.value) r.n, r.window_id, v.value, r.timestamp, r.ordinal, (r.properties ->> 'operation_type') is distinct from 'remove' as active
  from raw r cross join lateral (select r.properties ->> r.field_name as value) v
  where v.value is not null
  order by r.n, v.value, r.timestamp desc, r.ordinal desc
), piece(n, delta, stream_id, is_wanted) as (
  select r.n, coalesce(r.active_values, 0), r.stream_id, r.window_id is null and r.settled_events > $8::bigint from request r
  union all
  select o.n, case
    when k.window_id is null then o.active::int
    when (o.timestamp, o.ordinal) > (k.last_timestamp, k.last_ordinal) then o.active::int - k.active::int
    else 0 end, null, null
  from op o left join unique_values k on k.window_id = o.window_id and k.value_hash = md5(o.value)::uuid
)
select n::int, sum(delta)::bigint as active_values, max(stream_id) as stream_id, bool_or(is_wanted) as is_wanted
from piece group by n`;

/** Asks the folder for what a read had to do the long way. */
export const WANT_FOLDS = `
insert into stream_folds (stream_id, spec_id, grain)
select w.stream_id, p.id, 0
from unnest($1::bigint[], $2::text[], $3::text[]) as w(stream_id, measure, field_name)
join streams s on s.id = w.stream_id
join fold_specs p on p.organization_id = s.organization_id and p.code = s.code and p.measure = w.measure and p.field_name is not distinct from w.field_name and p.keys = '{}'
on conflict do nothing`;
