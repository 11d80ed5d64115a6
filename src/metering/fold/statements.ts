/**
 * The SQL of folding. Every statement here runs in the folder's transaction, after it has locked the commit rows of its
 * batch and the streams in it; what other commit rows are visible is the tail that it leaves alone.
 */

/** The oldest commit rows that no other folder holds. */
export const TAKE_COMMITS = `
select id, received_at, n from event_commits order by id limit 5000 for update skip locked`;

/**
 * Counts the batch into its streams, and locks them in order of id: whoever folds them next waits here and then sees
 * what this transaction left. Answers the streams to fold: those with more events than are worth reading raw, or folded already.
 * What is counted goes on with what is locked: with statistics that do not know this batch yet, a join of the two would compare
 * each with each.
 */
export const SETTLE_STREAMS = `
with counted as materialized (
  select u.stream_id, sum(u.n) as n
  from event_commits t cross join unnest(t.stream_ids, t.stream_events) as u(stream_id, n)
  where t.id = any($1::bigint[])
  group by u.stream_id
), locked as materialized (
  select s.id, c.n from streams s join counted c on c.stream_id = s.id order by s.id for update of s
), settled as (
  update streams s set settled_events = s.settled_events + l.n
  from locked l where s.id = l.id
  returning s.id, s.organization_id, s.code, s.settled_events, s.folded
)
select * from settled where settled_events > $2::bigint or folded`;

export const MARK_FOLDED = "update streams set folded = true where id = any($1::bigint[]) and not folded";

/** Makes the specs that live charges need and that are not there yet. */
export const ENSURE_SPECS = `
insert into fold_specs (organization_id, code, measure, field_name)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
on conflict do nothing`;

/** Every (stream, spec) of the given streams, with the grain it is folded at: null where it is not yet. */
export const LIST_FOLDS = `
select s.id as stream_id, p.id as spec_id, p.measure, p.field_name, f.grain, s.settled_events
from unnest($1::bigint[]) as wanted(id)
join streams s on s.id = wanted.id
join fold_specs p on p.organization_id = s.organization_id and p.code = s.code and p.measure in ('numbers', 'last') and p.keys = '{}'
left join stream_folds f on f.stream_id = s.id and f.spec_id = p.id`;

/** What was voided counts nowhere; `of`: what has the stream. Looked for in streams that have any, under their lock. */
const isNotVoided = (of: string) =>
  `(not ${of}.has_voids or (select v.event_id from event_voids v where v.event_id = e.id) is null)`;

/** Which events (e) of a stream are folded, as a condition; `of` has stream_id and has_voids. */
export type Events = (of: string) => string;

/** Those of the commit rows that this transaction holds: reached by commit, never through the stream's past (see the index events_commit). */
export const IN_BATCH: Events = (of) =>
  `- e.stream_id = - ${of}.stream_id and e.commit_id = any($1::bigint[]) and e.received_at between $2 and $3 and ${isNotVoided(of)}`;

/**
 * All that have left the tail, this batch included. One statement sees one snapshot, in which a commit row stands if and only if
 * its events do. $2 and $3 are not looked at, but keep the parameters alike.
 */
export const SETTLED: Events = (of) =>
  `e.stream_id = ${of}.stream_id and not exists (select from event_commits t where t.id = e.commit_id and t.id <> all($1::bigint[]))
    and $2::timestamptz is not null and $3::timestamptz is not null and ${isNotVoided(of)}`;

const PAIRS = `
pair as materialized (
  select p.*, (select s.voided_events > 0 from streams s where s.id = p.stream_id) as has_voids
  from unnest($4::bigint[], $5::bigint[], $6::text[], $7::int[], $8::timestamptz[], $9::timestamptz[])
    as p(stream_id, spec_id, field_name, grain, from_at, to_at)
)`;

function foldNumbers(events: Events): string {
  return `
with ${PAIRS}, fine as materialized (
  select p.stream_id, p.spec_id, p.grain,
    date_bin(case p.grain when 2 then interval '15 minutes' else interval '1 day' end, e.timestamp, timestamptz 'epoch') as bucket,
    count(*) as events, count(v.number) as numeric_events, sum(v.number) as sum, max(v.number) as max,
    sum(e.precise_total_amount_cents) filter (where v.number is not null) as amount_cents
  from pair p join events e on ${events("p")} and e.timestamp >= p.from_at and e.timestamp < p.to_at
  cross join lateral (select event_number(e.properties, p.field_name) as number) v
  group by 1, 2, 3, 4
), cell as (
  select stream_id, spec_id, 2 as grain, bucket, events, numeric_events, sum, max, amount_cents from fine where grain = 2
  union all
  select stream_id, spec_id, 1, date_bin('1 day', bucket, timestamptz 'epoch'), sum(events), sum(numeric_events), sum(sum), max(max), sum(amount_cents)
  from fine group by 1, 2, 4
)
insert into usage_cells as c (stream_id, spec_id, grain, bucket, events, numeric_events, sum, max, amount_cents)
select stream_id, spec_id, grain, bucket, events, numeric_events, sum, max, amount_cents from cell order by 1, 2, 3, 4
on conflict (stream_id, spec_id, grain, bucket) do update set
  events = c.events + excluded.events,
  numeric_events = c.numeric_events + excluded.numeric_events,
  sum = coalesce(c.sum + excluded.sum, c.sum, excluded.sum),
  max = greatest(c.max, excluded.max),
  amount_cents = coalesce(c.amount_cents + excluded.amount_cents, c.amount_cents, excluded.amount_cents)`;
}

function foldLast(events: Events): string {
  return `
with ${PAIRS}, numbered as materialized (
  select p.stream_id, p.spec_id, p.grain, e.timestamp, e.ordinal, v.number,
    date_bin('15 minutes', e.timestamp, timestamptz 'epoch') as quarter, date_bin('1 day', e.timestamp, timestamptz 'epoch') as day
  from pair p join events e on ${events("p")} and e.timestamp >= p.from_at and e.timestamp < p.to_at
  cross join lateral (select event_number(e.properties, p.field_name) as number) v
  where v.number is not null
), bucketed as (
  select stream_id, spec_id, 2 as grain, quarter as bucket, timestamp, ordinal, number from numbered where grain = 2
  union all
  select stream_id, spec_id, 1, day, timestamp, ordinal, number from numbered
), last as (
  select distinct on (stream_id, spec_id, grain, bucket) *, count(*) over (partition by stream_id, spec_id, grain, bucket) as n
  from bucketed order by stream_id, spec_id, grain, bucket, timestamp desc, ordinal desc
)
insert into usage_cells as c (stream_id, spec_id, grain, bucket, events, numeric_events, last_timestamp, last_ordinal, last_value)
select stream_id, spec_id, grain, bucket, n, n, timestamp, ordinal, number from last
on conflict (stream_id, spec_id, grain, bucket) do update set
  events = c.events + excluded.events,
  numeric_events = c.numeric_events + excluded.numeric_events,
  (last_timestamp, last_ordinal, last_value) = (
    select l.* from (values (c.last_timestamp, c.last_ordinal, c.last_value), (excluded.last_timestamp, excluded.last_ordinal, excluded.last_value)) l(t, o, v)
    order by l.t desc, l.o desc limit 1)`;
}

/**
 * Around what reads a batch and joins it with what it is folded into: statistics that do not know the batch yet take it for a row, and
 * would have each of its events compared with each stream.
 */
export const READ_BATCH_ONCE = "set local enable_nestloop = off";
export const READ_AS_PLANNED = "set local enable_nestloop = on";

/** $1–$3 the batch, $4–$7 the (stream, spec, field, grain) to fold it under, $8 and $9 the times of the events to fold. */
export const FOLD_BATCH = { numbers: foldNumbers(IN_BATCH), last: foldLast(IN_BATCH) } as const;

/** The same from the whole log of each stream. */
export const FOLD_HISTORY = { numbers: foldNumbers(SETTLED), last: foldLast(SETTLED) } as const;

export const FORGET_CELLS = `
delete from usage_cells c using unnest($1::bigint[], $2::bigint[]) as p(stream_id, spec_id)
where c.stream_id = p.stream_id and c.spec_id = p.spec_id`;

export const REMEMBER_FOLDS = `
insert into stream_folds (stream_id, spec_id, grain)
select * from unnest($1::bigint[], $2::bigint[], $3::smallint[])
on conflict (stream_id, spec_id) do update set grain = excluded.grain`;

export const DROP_COMMITS = "delete from event_commits where id = any($1::bigint[])";

/** Folds and windows that reads asked for and the folder has not come to. */
export const LIST_WANTED = `
select stream_id from stream_folds where grain = 0
union
select stream_id from usage_windows where not built
limit 100`;

export const LOCK_STREAMS = `
select id, organization_id, code, settled_events from streams where id = any($1::bigint[]) order by id for update`;

/** What is kept of the days ($2) of streams ($1) by time: to be counted again from the log. */
export const FORGET_DAYS = `
delete from usage_cells c using unnest($1::bigint[], $2::timestamptz[]) as m(stream_id, day)
where c.stream_id = m.stream_id and c.bucket >= m.day and c.bucket < m.day + interval '1 day'`;

/** The folds of streams ($1) with the days ($2) of each that are to be folded again. */
export const LIST_DAYS = `
select f.stream_id, f.spec_id, p.measure, p.field_name, f.grain::int as grain, m.day, m.day + interval '1 day' as day_end
from (select distinct * from unnest($1::bigint[], $2::timestamptz[]) as m(stream_id, day)) m
join stream_folds f on f.stream_id = m.stream_id and f.grain > 0
join fold_specs p on p.id = f.spec_id`;
