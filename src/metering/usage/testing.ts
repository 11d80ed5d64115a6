/** A naive recount of usage, straight from section 2 of the metering spec: what the reads are held against in tests. */
import { ceil, type Dec, dec, ZERO } from "../../kernel/decimal.ts";
import type { EventBucket, Group, GroupUsage, SeriesValue, UsageRequest } from "../model.ts";

/** An event that was accepted; the list's order is that of acceptance. */
export interface Accepted {
  /** Microseconds since 1970. */
  readonly micros: bigint;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly amount_cents?: string | null;
}

interface Ordered extends Accepted {
  readonly index: number;
}

const micros = (at: Temporal.Instant) => at.epochNanoseconds / 1000n;
const floorMillis = (at: bigint) => at - (at % 1000n);
const instantOf = (at: bigint) => Temporal.Instant.fromEpochNanoseconds(at * 1000n);

export function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function numberOf(value: unknown): Dec | null {
  if (typeof value !== "number" && typeof value !== "string") return null;
  return /^-?\d+(\.\d+)?$/.test(String(value)) ? dec(String(value)) : null;
}

function meets({ conditions }: EventBucket, { properties }: Accepted): boolean {
  return Object.entries(conditions).every(([key, wanted]) => {
    const text = textOf(properties[key]);
    return text !== null && wanted.includes(text);
  });
}

function groupOf({ group_by }: EventBucket, { properties }: Accepted): Group {
  return Object.fromEntries(group_by.map((key) => [key, textOf(properties[key]) || null]));
}

const nameOf = (group: Group) => JSON.stringify(group);

/** Whether the aggregation looks at the event at all (2.1 (6), 2.3). */
function isSelected({ aggregation_type, field_name }: UsageRequest, { properties }: Accepted): boolean {
  if (aggregation_type === "count_agg" || aggregation_type === "custom_agg") return true;
  const value = properties[field_name ?? ""];
  return aggregation_type === "unique_count_agg" ? textOf(value) !== null : numberOf(value) !== null;
}

function inOrder(events: readonly Accepted[]): Ordered[] {
  return events
    .map((event, index) => ({ ...event, index }))
    .sort((a, b) => (a.micros < b.micros ? -1 : a.micros > b.micros ? 1 : a.index - b.index));
}

/** Selected events by bucket and group name, from the beginning of the history to the end of the window. */
function bucketed(request: UsageRequest, events: readonly Accepted[]): Map<string, { group: Group; own: Ordered[] }>[] {
  const { buckets, history, to, up_to, weighted } = request;
  const reachesBack = history !== null || (weighted !== null && "history_before" in weighted);
  const since = floorMillis(micros(request.from));
  const begins = history?.from ? floorMillis(micros(history.from)) : reachesBack ? 0n : since;
  const from = begins < since ? begins : since;
  const found: Map<string, { group: Group; own: Ordered[] }>[] = buckets.map(() => new Map());
  for (const event of inOrder(events)) {
    if (event.micros < from || event.micros >= micros(to) || !isSelected(request, event)) continue;
    if (up_to !== null) {
      const last = micros(up_to.timestamp);
      if (event.micros > last || (event.micros === last && BigInt(event.index) > up_to.ordinal)) continue;
    }
    const index = buckets.findIndex((bucket) => meets(bucket, event));
    const bucket = buckets[index];
    if (bucket === undefined) continue;
    const group = groupOf(bucket, event);
    const entry = found[index]?.get(nameOf(group)) ?? { group, own: [] };
    entry.own.push(event);
    found[index]?.set(nameOf(group), entry);
  }
  return found;
}

const dateIn = (timezone: string, at: bigint) => instantOf(at).toZonedDateTimeISO(timezone).toPlainDate();
const daysFrom = (a: Temporal.PlainDate, b: Temporal.PlainDate) => b.since(a, { largestUnit: "days" }).days;

function numberIn({ field_name }: UsageRequest, { properties }: Accepted): Dec {
  return numberOf(properties[field_name ?? ""]) ?? ZERO;
}

/** The rows of 2.5's prorated unique count of one group: ±1 and the days that each counts for. */
function uniqueRows(request: UsageRequest, own: readonly Ordered[]): { step: number; days: number; event: Ordered }[] {
  const timezone = request.proration?.timezone ?? "UTC";
  const from = floorMillis(micros(request.from));
  const to = micros(request.to) - 1n;
  const rows: { step: number; days: number; event: Ordered }[] = [];
  const date = (at: bigint) => dateIn(timezone, at);
  for (const operations of Map.groupBy(own, ({ properties }) =>
    textOf(properties[request.field_name ?? ""]),
  ).values()) {
    const isRemoval = ({ properties }: Ordered) => properties.operation_type === "remove";
    const left = operations.filter(
      (one, index) =>
        !isRemoval(one) ||
        !operations.slice(index + 1).some((other) => !isRemoval(other) && date(other.micros).equals(date(one.micros))),
    );
    let active = false;
    const kept = left.filter((one) => {
      const changes = isRemoval(one) === active;
      if (changes) active = !active;
      return changes;
    });
    for (const [index, event] of kept.entries()) {
      const next = kept[index + 1]?.micros ?? to;
      // What had ended before the window is in none of it.
      if (isRemoval(event) ? event.micros < from : next < from) continue;
      const later = (a: bigint, b: bigint) => (a > b ? a : b);
      const days = isRemoval(event)
        ? 0
        : Math.max(0, daysFrom(date(later(event.micros, from)), date(later(next, from))) + 1);
      rows.push({ step: isRemoval(event) ? -1 : 1, days, event });
    }
  }
  return rows.sort((a, b) =>
    a.event.micros < b.event.micros ? -1 : a.event.micros > b.event.micros ? 1 : a.event.index - b.event.index,
  );
}

function usageOf(request: UsageRequest, group: Group, own: readonly Ordered[], level: Dec | null): GroupUsage {
  const { aggregation_type, proration, weighted } = request;
  const nothing = {
    group,
    full_units: null,
    total_aggregated_units: null,
    amount_cents: ZERO,
    custom_amount: null,
    last_event_at: null,
  };
  const values = own.map((event) => numberIn(request, event));
  const total = values.reduce((a, b) => a.plus(b), ZERO);
  const from = floorMillis(micros(request.from));
  switch (aggregation_type) {
    case "count_agg":
      return { ...nothing, units: dec(own.length), events_count: own.length };
    case "max_agg":
      return {
        ...nothing,
        units: values.length === 0 ? ZERO : values.reduce((a, b) => (a.gt(b) ? a : b)),
        events_count: own.length,
      };
    case "latest_agg": {
      const last = values.at(-1) ?? ZERO;
      return { ...nothing, units: last.lt(0) ? ZERO : last, events_count: own.length };
    }
    case "sum_agg": {
      const amount_cents = own.reduce((sum, event) => sum.plus(event.amount_cents ?? 0), ZERO);
      if (proration === null) return { ...nothing, units: total, amount_cents, events_count: own.length };
      const { timezone, period_days, billed_days } = proration;
      const last = dateIn(timezone, micros(request.to) - 1n);
      let unitDays = ZERO;
      for (const [index, event] of own.entries()) {
        const days = event.micros < from ? billed_days : daysFrom(dateIn(timezone, event.micros), last) + 1;
        unitDays = unitDays.plus((values[index] as Dec).times(days));
      }
      return {
        ...nothing,
        units: ceil(unitDays.div(period_days), 5),
        full_units: total,
        amount_cents,
        events_count: own.length,
      };
    }
    case "unique_count_agg": {
      if (proration !== null) {
        const rows = uniqueRows(request, own);
        const days = rows.reduce((sum, row) => sum + row.days, 0);
        const active = rows.reduce((sum, row) => sum + row.step, 0);
        return {
          ...nothing,
          units: ceil(dec(days).div(proration.period_days), 5),
          full_units: dec(active),
          events_count: active,
        };
      }
      const active = new Map<string | null, boolean>();
      for (const { properties } of own)
        active.set(textOf(properties[request.field_name ?? ""]), properties.operation_type !== "remove");
      const count = [...active.values()].filter(Boolean).length;
      return { ...nothing, units: dec(count), events_count: count };
    }
    case "weighted_sum_agg": {
      const before =
        weighted !== null && "history_before" in weighted && weighted.history_before !== null
          ? micros(weighted.history_before)
          : null;
      const carried = own.reduce(
        (sum, event, index) =>
          before !== null && event.micros < before && event.micros < from ? sum.plus(values[index] as Dec) : sum,
        level ?? ZERO,
      );
      const inside = own.filter((event) => event.micros >= from);
      const last = micros(request.to) - 1n;
      const end = ((last + 999_999n) / 1_000_000n) * 1_000_000n;
      let area = ZERO;
      let current = carried;
      let at = from;
      for (const event of inside) {
        area = area.plus(current.times(dec(event.micros - at)));
        current = current.plus(numberIn(request, event));
        at = event.micros;
      }
      area = area.plus(current.times(dec(end > at ? end - at : at - at)));
      const seconds = dec(weighted?.period_seconds ?? 1).times(1_000_000);
      return {
        ...nothing,
        units: ceil(area.div(seconds), 20),
        total_aggregated_units: current,
        events_count: inside.length,
        last_event_at: inside.length === 0 ? null : instantOf((inside.at(-1) as Ordered).micros),
      };
    }
    default:
      throw new Error(`${aggregation_type} is not recounted`);
  }
}

function compareTexts(keys: readonly string[], a: Group, b: Group): number {
  for (const key of keys) {
    const [left, right] = [a[key] ?? null, b[key] ?? null];
    if (left !== right) return left === null ? -1 : right === null ? 1 : left < right ? -1 : 1;
  }
  return 0;
}

/** What readUsage must answer for one request, given every accepted event of its stream. */
export function recount(request: UsageRequest, events: readonly Accepted[]): GroupUsage[][] {
  const { weighted } = request;
  const levels = weighted !== null && "levels" in weighted ? weighted.levels : [];
  const noHistory = weighted !== null && "history_before" in weighted && weighted.history_before === null;
  const since = floorMillis(micros(request.from));
  const isBetween = ({ micros: at }: Ordered) => {
    if (weighted === null || !("history_before" in weighted)) return false;
    const before = weighted.history_before === null ? null : micros(weighted.history_before);
    return at < since && (noHistory || (before !== null && at >= before));
  };
  return bucketed(request, events).map((groups, index) => {
    const bucket = request.buckets[index] as EventBucket;
    const own = new Map(
      [...groups].flatMap(([name, { group, own }]) => {
        const counted = own.filter((event) => !isBetween(event));
        return counted.length === 0 ? [] : [[name, { group, own: counted, level: ZERO }] as const];
      }),
    );
    for (const { bucket: at, group, level } of levels) {
      if (at !== index) continue;
      const known = Object.fromEntries(bucket.group_by.map((key) => [key, group[key] || null]));
      const entry = own.get(nameOf(known));
      own.set(nameOf(known), { group: known, own: entry?.own ?? [], level: (entry?.level ?? ZERO).plus(level) });
    }
    if (own.size === 0) {
      const group = Object.fromEntries(bucket.group_by.map((key) => [key, null]));
      return [usageOf(request, group, [], null)];
    }
    return [...own.values()]
      .sort((a, b) => compareTexts(bucket.group_by, a.group, b.group))
      .map(({ group, own, level }) => usageOf(request, group, own, level));
  });
}

/** What readSeries must answer, whole. */
export function recountSeries(
  request: UsageRequest,
  bucket: number,
  group: Group,
  events: readonly Accepted[],
  isRunning: boolean,
): SeriesValue[] {
  const known = Object.fromEntries((request.buckets[bucket]?.group_by ?? []).map((key) => [key, group[key] || null]));
  const own = bucketed(request, events)[bucket]?.get(nameOf(known))?.own ?? [];
  const from = floorMillis(micros(request.from));
  const { proration } = request;
  if (proration === null) {
    const inside = isRunning ? own : own.filter((event) => event.micros >= from);
    const isEach = request.aggregation_type === "count_agg" || request.aggregation_type === "unique_count_agg";
    return inside.map((event) => ({ full: isEach ? dec(1) : numberIn(request, event), prorated: null }));
  }
  const { timezone, period_days, billed_days } = proration;
  if (request.aggregation_type === "unique_count_agg")
    return uniqueRows(request, own).map(({ step, days }) => ({
      full: dec(step),
      prorated: dec(days).div(period_days),
    }));
  const last = dateIn(timezone, micros(request.to) - 1n);
  const before = own
    .filter((event) => event.micros < from)
    .reduce((sum, event) => sum.plus(numberIn(request, event)), ZERO);
  const pairs = own
    .filter((event) => event.micros >= from)
    .map((event) => {
      const full = numberIn(request, event);
      return { full, prorated: full.times(daysFrom(dateIn(timezone, event.micros), last) + 1).div(period_days) };
    });
  return before.eq(0) ? pairs : [{ full: before, prorated: before.times(billed_days).div(period_days) }, ...pairs];
}
