/** From sums over tuples of property texts to the usage of buckets and groups (2.2, 2.5 and 2.6 of the metering spec). Pure. */
import { ceil, type Dec, dec, max, ZERO } from "../../kernel/decimal.ts";
import type { Group, GroupUsage, UsageRequest } from "../model.ts";
import { compareGroups, emptyGroup, nameOfGroup, type Place, type Texts } from "./event-groups.ts";
import { type KeptWindow, lastInstant, windowStart } from "./windows.ts";

/** What a window holds of the events whose properties have these texts. */
export interface TupleSums {
  /** 0: all of the window; i: its i-th local day alone. */
  readonly part: number;
  readonly texts: Texts;
  readonly events: number;
  /** Those that carry a number. */
  readonly numeric_events: number;
  readonly sum?: Dec | null;
  readonly max?: Dec | null;
  /** Σ number × seconds since 1970. */
  readonly moment?: Dec | null;
  readonly amount_cents?: Dec | null;
  /** The last number by time, then ingestion. */
  readonly last_value?: Dec | null;
  readonly last_timestamp?: Temporal.Instant | null;
  readonly last_ordinal?: bigint | null;
}

/** Everything that is added up of a group, whatever its aggregation. */
interface Total {
  /** Events that the aggregation looks at: without any there is no group. */
  selected: number;
  events: number;
  numeric_events: number;
  sum: Dec;
  /** Σ of what came before the window. */
  carried: Dec;
  /** Σ sum × days that it counts for. */
  unit_days: Dec;
  max: Dec | null;
  moment: Dec;
  amount_cents: Dec;
  last_value: Dec | null;
  last_timestamp: Temporal.Instant | null;
  last_ordinal: bigint;
}

interface Entry {
  readonly group: Group;
  readonly total: Total;
}

const newTotal = (): Total => ({
  selected: 0,
  events: 0,
  numeric_events: 0,
  sum: ZERO,
  carried: ZERO,
  unit_days: ZERO,
  max: null,
  moment: ZERO,
  amount_cents: ZERO,
  last_value: null,
  last_timestamp: null,
  last_ordinal: 0n,
});

function isLater(sums: TupleSums, total: Total): boolean {
  if (sums.last_timestamp == null) return false;
  if (total.last_timestamp === null) return true;
  const order = Temporal.Instant.compare(sums.last_timestamp, total.last_timestamp);
  return order > 0 || (order === 0 && (sums.last_ordinal ?? 0n) > total.last_ordinal);
}

/** Most totals have one part: then nothing needs to be added. */
const plus = (total: Dec, more: Dec): Dec => (total === ZERO ? more : total.plus(more));

/** Of a prorated sum everything counts as carried, `billed_days`; then the days' own numbers for what they differ by (2.5). */
function addDays(total: Total, sum: Dec, part: number, { days }: KeptWindow, billed: number): void {
  const counted = part === 0 ? billed : (days?.length ?? 0) - part + 1 - billed;
  total.unit_days = total.unit_days.plus(sum.times(counted));
}

function add(total: Total, sums: TupleSums, window: KeptWindow, request: UsageRequest): void {
  const sum = sums.sum ?? ZERO;
  if (window.days !== null) addDays(total, sum, sums.part, window, request.proration?.billed_days ?? 0);
  if (sums.part > 0) return;
  total.selected += request.aggregation_type === "count_agg" ? sums.events : sums.numeric_events;
  if (window.is_carried) {
    total.carried = total.carried.plus(sum);
    return;
  }
  total.events += sums.events;
  total.numeric_events += sums.numeric_events;
  total.sum = plus(total.sum, sum);
  if (sums.max != null) total.max = total.max === null ? sums.max : max(total.max, sums.max);
  if (sums.moment != null) total.moment = plus(total.moment, sums.moment);
  if (sums.amount_cents != null) total.amount_cents = plus(total.amount_cents, sums.amount_cents);
  if (!isLater(sums, total)) return;
  total.last_value = sums.last_value ?? null;
  total.last_timestamp = sums.last_timestamp ?? null;
  total.last_ordinal = sums.last_ordinal ?? 0n;
}

const NOTHING = {
  full_units: null,
  total_aggregated_units: null,
  amount_cents: ZERO,
  custom_amount: null,
  last_event_at: null,
} as const;

const PRORATED_PLACES = 5;
const WEIGHTED_PLACES = 20;

/** Seconds since 1970, to the microsecond. */
const secondsOf = (at: Temporal.Instant): Dec => dec(at.epochNanoseconds / 1000n).times("0.000001");

/** Where a weighted window ends: its last instant, rounded up to the next whole second. */
function weightedEnd(request: UsageRequest): Dec {
  return ceil(secondsOf(lastInstant(request)));
}

function weightedUsage(request: UsageRequest, group: Group, total: Total): GroupUsage {
  const seconds = dec(request.weighted?.period_seconds ?? 0);
  const end = weightedEnd(request);
  const start = secondsOf(windowStart(request));
  const carried = total.carried.times(max(end.minus(start), ZERO));
  const level = total.carried.plus(total.sum);
  return {
    ...NOTHING,
    group,
    units: ceil(carried.plus(total.sum.times(end)).minus(total.moment).div(seconds), WEIGHTED_PLACES),
    total_aggregated_units: level,
    events_count: total.numeric_events,
    last_event_at: total.last_timestamp,
  };
}

function usageOf(request: UsageRequest, { group, total }: Entry): GroupUsage {
  const { proration } = request;
  switch (request.aggregation_type) {
    case "count_agg":
      return { ...NOTHING, group, units: dec(total.events), events_count: total.events };
    case "sum_agg": {
      const amount = { amount_cents: total.amount_cents, events_count: total.numeric_events };
      if (proration === null) return { ...NOTHING, ...amount, group, units: total.sum };
      const units = ceil(total.unit_days.div(proration.period_days), PRORATED_PLACES);
      return { ...NOTHING, ...amount, group, units, full_units: total.sum };
    }
    case "max_agg":
      return { ...NOTHING, group, units: total.max ?? ZERO, events_count: total.numeric_events };
    case "latest_agg":
      return { ...NOTHING, group, units: max(total.last_value ?? ZERO, ZERO), events_count: total.numeric_events };
    case "weighted_sum_agg":
      return weightedUsage(request, group, total);
    default:
      throw new Error(`${request.aggregation_type} is not added up`);
  }
}

/** Per bucket its groups, in order of their texts; a bucket without any event has one group, of nulls. */
export function inOrder<T extends { readonly group: Group }>(
  { buckets }: UsageRequest,
  found: Iterable<readonly [bucket: number, one: T]>,
  nothing: (group: Group) => T,
): T[][] {
  const lists: T[][] = buckets.map(() => []);
  for (const [bucket, one] of found) lists[bucket]?.push(one);
  return lists.map((list, index) => {
    const bucket = buckets[index];
    if (bucket === undefined) return list;
    if (list.length === 0) return [nothing(emptyGroup(bucket))];
    return list.sort((a, b) => compareGroups(bucket.group_by, a.group, b.group));
  });
}

/** The usage of a request from the sums of its windows' tuples; `placeOf` tells where texts belong. */
export function addUp(
  request: UsageRequest,
  rows: Iterable<{ readonly window: KeptWindow; readonly sums: TupleSums }>,
  placeOf: (texts: Texts) => Place | null,
): GroupUsage[][] {
  const entries = new Map<string, Entry & { readonly bucket: number }>();
  const entryOf = (bucket: number, group: Group, name: string) => {
    let entry = entries.get(name);
    if (entry === undefined) {
      entry = { bucket, group, total: newTotal() };
      entries.set(name, entry);
    }
    return entry;
  };
  const { weighted } = request;
  if (weighted !== null && "levels" in weighted) {
    for (const { bucket, group, level } of weighted.levels) {
      const one = request.buckets[bucket];
      if (one === undefined) continue;
      const known = Object.fromEntries(one.group_by.map((key) => [key, group[key] || null]));
      const { total } = entryOf(bucket, known, nameOfGroup(bucket, one, group));
      // A level that was stored makes a group, with or without events.
      total.selected = Number.POSITIVE_INFINITY;
      total.carried = total.carried.plus(level);
    }
  }
  for (const { window, sums } of rows) {
    const place = placeOf(sums.texts);
    if (place !== null) add(entryOf(place.bucket, place.group, place.name).total, sums, window, request);
  }
  const found = [...entries.values()]
    .filter(({ total }) => total.selected > 0)
    .map((entry) => [entry.bucket, usageOf(request, entry)] as const);
  return inOrder(request, found, (group) => usageOf(request, { group, total: newTotal() }));
}
