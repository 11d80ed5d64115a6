/**
 * The SQL of folding into kept windows, in the folder's transaction, after it has locked the streams that the windows are of.
 * $1 to $3 are the batch's commits and the times between which they were received, $4 streams or windows.
 */
import { type Events, IN_BATCH, SETTLED } from "./statements.ts";

const WINDOWS = (which: string) => `
wanted as materialized (
  select w.id as window_id, w.stream_id, w.window_from, w.window_to, w.window_to = 'infinity' as is_open, p.measure, p.field_name, p.keys,
    (select s.voided_events > 0 from streams s where s.id = w.stream_id) as has_voids
  from usage_windows w cross join lateral (select * from fold_specs p where p.id = w.spec_id offset 0) p where ${which}
)`;

const EVENTS = (events: Events) => `
from wanted w join events e on ${events("w")} and e.timestamp >= w.window_from and e.timestamp < w.window_to`;

/** As one text: arrays are sorted by the database's language, which takes ten times as long. */
const TEXTS =
  'array(select e.properties ->> k.key from unnest(w.keys) with ordinality as k(key, i) order by k.i)::text collate "C" as texts';
const HASH = "md5(texts)::uuid";
const NUMBERED = (events: Events) => `${EVENTS(events)}
cross join lateral (select ${TEXTS}, event_number(e.properties, w.field_name) as number offset 0) v`;

/** Numbers, and numbers with their times. */
const foldTotals = (events: Events, which: string) => `
with ${WINDOWS(`${which} and p.measure in ('numbers', 'weighted')`)}, fresh as materialized (
  select w.window_id, v.texts, count(*) as events, count(v.number) as numeric_events, sum(v.number) as sum, max(v.number) as max,
    sum(e.precise_total_amount_cents) filter (where v.number is not null) as amount_cents,
    sum(case when w.measure = 'weighted' then v.number * extract(epoch from e.timestamp) end) as moment,
    max(case when w.measure = 'weighted' and v.number is not null then e.timestamp end) as last_timestamp
  ${NUMBERED(events)}
  group by w.window_id, v.texts
)
insert into window_totals as t (window_id, tuple_hash, texts, events, numeric_events, sum, max, amount_cents, moment, last_timestamp)
select window_id, ${HASH}, texts::text[], events, numeric_events, sum, max, amount_cents, moment, last_timestamp from fresh order by 1, 2
on conflict (window_id, tuple_hash) do update set
  events = t.events + excluded.events,
  numeric_events = t.numeric_events + excluded.numeric_events,
  sum = coalesce(t.sum + excluded.sum, t.sum, excluded.sum),
  max = greatest(t.max, excluded.max),
  amount_cents = coalesce(t.amount_cents + excluded.amount_cents, t.amount_cents, excluded.amount_cents),
  moment = coalesce(t.moment + excluded.moment, t.moment, excluded.moment),
  last_timestamp = greatest(t.last_timestamp, excluded.last_timestamp)`;

/** The last number of each tuple. */
const foldLastTotals = (events: Events, which: string) => `
with ${WINDOWS(`${which} and p.measure = 'last'`)}, fresh as materialized (
  select distinct on (w.window_id, v.texts) w.window_id, v.texts, count(*) over (partition by w.window_id, v.texts) as n, e.timestamp, e.ordinal, v.number
  ${NUMBERED(events)} where v.number is not null
  order by w.window_id, v.texts, e.timestamp desc, e.ordinal desc
)
insert into window_totals as t (window_id, tuple_hash, texts, events, numeric_events, last_timestamp, last_ordinal, last_value)
select window_id, ${HASH}, texts::text[], n, n, timestamp, ordinal, number from fresh order by 1, 2
on conflict (window_id, tuple_hash) do update set
  events = t.events + excluded.events,
  numeric_events = t.numeric_events + excluded.numeric_events,
  (last_timestamp, last_ordinal, last_value) = (
    select l.* from (values (t.last_timestamp, t.last_ordinal, t.last_value), (excluded.last_timestamp, excluded.last_ordinal, excluded.last_value)) l(at, o, v)
    order by l.at desc, l.o desc limit 1)`;

/**
 * Distinct values: each value's last operation by tuple, the counters of values that one tuple alone has, and (open windows) the
 * operations themselves. A value that comes to another tuple leaves the counter of its first one and is told apart from then on.
 */
const foldValues = (events: Events, which: string) => `
with ${WINDOWS(`${which} and p.measure = 'unique'`)}, op as materialized (
  select w.window_id, w.is_open, v.texts, md5(v.texts)::uuid as tuple_hash, v.value_hash, e.timestamp, e.ordinal, v.active
  ${EVENTS(events)}
  cross join lateral (
    select ${TEXTS}, md5(e.properties ->> w.field_name)::uuid as value_hash, (e.properties ->> 'operation_type') is distinct from 'remove' as active
    offset 0
  ) v
  where v.value_hash is not null
), operations as (
  insert into unique_operations (window_id, value_hash, timestamp, ordinal, tuple_hash, is_removal)
  select window_id, value_hash, timestamp, ordinal, tuple_hash, not active from op where is_open order by 1, 2, 3, 4
), fresh as materialized (
  select distinct on (window_id, value_hash, tuple_hash) window_id, value_hash, tuple_hash, timestamp as last_timestamp, ordinal as last_ordinal, active
  from op order by window_id, value_hash, tuple_hash, timestamp desc, ordinal desc
), known as materialized (
  select k.* from (select distinct window_id, value_hash from fresh) f
  cross join lateral (select * from unique_values k where k.window_id = f.window_id and k.value_hash = f.value_hash offset 0) k
), after as materialized (
  select *, count(*) over (partition by window_id, value_hash) > 1 as shared from (
    select distinct on (window_id, value_hash, tuple_hash) window_id, value_hash, tuple_hash, last_timestamp, last_ordinal, active
    from (select window_id, value_hash, tuple_hash, last_timestamp, last_ordinal, active from known union all select * from fresh) u
    order by window_id, value_hash, tuple_hash, last_timestamp desc, last_ordinal desc
  ) l
), kept as (
  insert into unique_values (window_id, value_hash, tuple_hash, last_timestamp, last_ordinal, active, shared)
  select window_id, value_hash, tuple_hash, last_timestamp, last_ordinal, active, shared from after
  except all select window_id, value_hash, tuple_hash, last_timestamp, last_ordinal, active, shared from known
  order by 1, 2, 3
  on conflict (window_id, value_hash, tuple_hash) do update set
    last_timestamp = excluded.last_timestamp, last_ordinal = excluded.last_ordinal, active = excluded.active, shared = excluded.shared
), moved as (
  select window_id, tuple_hash, max(texts) as texts, sum(events) as events, sum(delta) as delta from (
    select window_id, tuple_hash, null::text as texts, 0 as events, (active and not shared)::int as delta from after
    union all select window_id, tuple_hash, null, 0, - (active and not shared)::int from known
    union all select window_id, tuple_hash, texts, 1, 0 from op
  ) d group by window_id, tuple_hash
)
insert into window_totals as t (window_id, tuple_hash, texts, events, active_values)
-- A tuple without texts here has its row already.
select window_id, tuple_hash, coalesce(texts, '{}')::text[], events, delta from moved where events <> 0 or delta <> 0 order by 1, 2
on conflict (window_id, tuple_hash) do update set events = t.events + excluded.events, active_values = t.active_values + excluded.active_values`;

const BUILT = "w.built and w.stream_id = any($4::bigint[])";
const UNBUILT = "not w.built and w.id = any($4::bigint[])";

/** $4 streams of the batch: its events into their built windows. */
export const FOLD_WINDOWS_BATCH = [foldTotals, foldLastTotals, foldValues].map((fold) => fold(IN_BATCH, BUILT));

/** $4 windows not built yet, of streams that this transaction has locked: their log so far. */
export const FOLD_WINDOWS_HISTORY = [foldTotals, foldLastTotals, foldValues].map((fold) => fold(SETTLED, UNBUILT));

export const MARK_BUILT = "update usage_windows set built = true where id = any($1::bigint[])";

/** Streams with a built window: only these are looked at once more. */
export const STREAMS_WITH_WINDOWS =
  "select distinct stream_id from usage_windows where built and stream_id = any($1::bigint[])";

export const LIST_UNBUILT = "select id from usage_windows where not built and stream_id = any($1::bigint[])";

/** Windows that hold an instant of a stream ($1 streams, $2 instants) are to be counted again from the log. */
export const UNBUILD_WINDOWS = `
update usage_windows w set built = false from unnest($1::bigint[], $2::timestamptz[]) as m(stream_id, at)
where w.stream_id = m.stream_id and m.at >= w.window_from and m.at < w.window_to and w.built
returning w.id`;

export const FORGET_WINDOWS = [
  "delete from window_totals where window_id = any($1::bigint[])",
  "delete from unique_values where window_id = any($1::bigint[])",
  "delete from unique_operations where window_id = any($1::bigint[])",
] as const;
