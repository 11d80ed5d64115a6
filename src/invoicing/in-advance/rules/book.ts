/**
 * The levels of a batch's events, carried forward one event after another in order of ingestion. An event dated before others
 * takes its place among them: what is dated after it does not count for its price (2.1 (4) of the metering spec). Pure.
 */
import { isBefore, later } from "../../../kernel/calendar.ts";
import { type Dec, dec, ZERO } from "../../../kernel/decimal.ts";
import { hashOfValue, isRemoval, numberIn, textIn } from "../../../metering/index.ts";
import {
  areUsedAlike,
  type EventSeries,
  type UsedAllowances,
  unusedAllowances,
  useAllowances,
} from "../../../rating/index.ts";
import { bucketOf, type Charging, type Level, type ValueState } from "../model.ts";
import { allowancesOf, countsValues, isScripted } from "./counted.ts";
import type { Change, Marks } from "./high-water.ts";

/** Sums that events come to. */
export interface Sums {
  readonly units: Dec;
  readonly events: number;
  /** Minor units; of a script major ones. */
  readonly amount: Dec;
}

export interface TimedValue {
  readonly at: Temporal.Instant;
  readonly value: Dec;
}

/** What was read of the past before a batch: of each charging what it needs. */
export interface Past {
  /** By `level_key`, by value (`valueKey`) and by `mark_key`. */
  readonly levels: ReadonlyMap<string, Level>;
  readonly values: ReadonlyMap<string, ValueState>;
  readonly marks: ReadonlyMap<string, Marks>;
  /** Of an event that is dated before the level's last: what is dated after it. */
  readonly later: ReadonlyMap<Charging, Sums>;
  /** Levels whose allowances have to be gone through again, by `level_key`: the values up to the last that used them. */
  readonly timelines: ReadonlyMap<string, readonly TimedValue[]>;
  /** Of an event on a distinct value with a later operation: the last one before it. */
  readonly operations: ReadonlyMap<Charging, ValueState>;
  /** Of an event on distinct values that is dated before the level's last: all values as they were then. */
  readonly valuesThen: ReadonlyMap<Charging, ReadonlyMap<string, ValueState>>;
  /** What scripts made of each event. */
  readonly scripts: ReadonlyMap<Charging, { readonly before: Sums; readonly after: Sums }>;
}

/** What a batch has moved already. */
interface Move extends Sums {
  readonly at: Temporal.Instant;
  /** Of a distinct value. */
  readonly value: string | null;
  readonly active: boolean;
}

export interface Book {
  readonly past: Past;
  readonly levels: Map<string, Level>;
  readonly values: Map<string, ValueState>;
  readonly marks: Map<string, Marks>;
  readonly timelines: Map<string, TimedValue[]>;
  readonly moves: Map<string, Move[]>;
}

/** How the usage stands up to an event, with it and without. */
export interface Position {
  readonly before: Sums;
  readonly after: Sums;
  readonly series: EventSeries | null;
  readonly change: Change;
}

export const EMPTY_LEVEL: Level = {
  units: ZERO,
  events: 0,
  amount_cents: ZERO,
  last_at: null,
  allowances: null,
  script: null,
};

const NO_SUMS: Sums = { units: ZERO, events: 0, amount: ZERO };
const ONE = dec(1);

export function openBook(past: Past): Book {
  return {
    past,
    levels: new Map(past.levels),
    values: new Map(past.values),
    marks: new Map(past.marks),
    timelines: new Map([...past.timelines].map(([key, values]) => [key, [...values]])),
    moves: new Map(),
  };
}

/** The event's distinct value, as books name it. */
export function distinctValue({ charge, event }: Charging): string {
  return hashOfValue(textIn(event.properties, charge.billable_metric.field_name ?? "") ?? "");
}

export const valueKey = (charging: Charging, value: string): string => `${charging.level_key}/${value}`;

/** Enters the event. */
export function enter(book: Book, charging: Charging): Position {
  if (isScripted(charging.charge)) return enterScripted(book, charging);
  return countsValues(charging.charge) ? enterValue(book, charging) : enterNumber(book, charging);
}

const plus = (a: Sums, b: Sums): Sums => ({
  units: a.units.plus(b.units),
  events: a.events + b.events,
  amount: a.amount.plus(b.amount),
});

const minus = (a: Sums, b: Sums): Sums => ({
  units: a.units.minus(b.units),
  events: a.events - b.events,
  amount: a.amount.minus(b.amount),
});

const sumsOf = ({ units, events, amount_cents }: Level): Sums => ({ units, events, amount: amount_cents });

/** Whether something that was entered is dated after the event. */
export function isLate({ event }: Charging, { last_at }: Level): boolean {
  return last_at !== null && isBefore(event.timestamp, last_at);
}

/** What of a level is dated after the event. */
function laterThan(book: Book, charging: Charging, level: Level): Sums {
  if (!isLate(charging, level)) return NO_SUMS;
  const moved = (book.moves.get(charging.level_key) ?? []).filter(({ at }) => isBefore(charging.event.timestamp, at));
  return moved.reduce<Sums>(plus, book.past.later.get(charging) ?? NO_SUMS);
}

function move(book: Book, { level_key, event }: Charging, level: Level, moved: Sums, value: Partial<Move> = {}): Level {
  const moves = book.moves.get(level_key);
  const entry: Move = { at: event.timestamp, value: null, active: false, ...moved, ...value };
  if (moves === undefined) book.moves.set(level_key, [entry]);
  else moves.push(entry);
  const { units, events, amount } = plus(sumsOf(level), moved);
  const last_at = level.last_at === null ? event.timestamp : later(level.last_at, event.timestamp);
  return { ...level, units, events, amount_cents: amount, last_at };
}

/** The number that the event brings; null where it brings none. */
export function numberOf({ charge, event }: Charging): Dec | null {
  const { aggregation_type, field_name } = charge.billable_metric;
  return aggregation_type === "count_agg" ? ONE : numberIn(event.properties, field_name ?? "");
}

/** A count or a sum. An event without a number is charged, but moves nothing. */
function enterNumber(book: Book, charging: Charging): Position {
  const level = book.levels.get(charging.level_key) ?? EMPTY_LEVEL;
  const value = numberOf(charging);
  const before = minus(sumsOf(level), laterThan(book, charging, level));
  if (value === null) return { before, after: before, series: null, change: { kind: "value", value: ZERO } };
  const moved: Sums = { units: value, events: 1, amount: charging.event.precise_total_amount_cents ?? ZERO };
  const after = plus(before, moved);
  const isCount = charging.charge.billable_metric.aggregation_type === "count_agg";
  const { series, allowances } = isCount
    ? { series: { units: after.events, events: after.events }, allowances: null }
    : use(book, charging, level, value);
  book.levels.set(charging.level_key, { ...move(book, charging, level, moved), allowances });
  return { before, after, series, change: { kind: "value", value } };
}

interface Use {
  readonly series: EventSeries | null;
  readonly allowances: Level["allowances"];
}

/** What the value takes of free events and a free amount. */
function use(book: Book, charging: Charging, level: Level, value: Dec): Use {
  const { charge, event, level_key } = charging;
  if (charge.charge_model !== "percentage") return { series: null, allowances: null };
  const { properties } = bucketOf(charging);
  const unused = unusedAllowances(properties);
  if (allowancesOf(charge, bucketOf(charging)) === null)
    return { series: { value, before: unused, after: unused }, allowances: null };
  const usedBy = (values: readonly TimedValue[]) =>
    values.reduce<UsedAllowances>((used, each) => useAllowances(properties, used, each.value), unused);
  const timeline = book.timelines.get(level_key);
  if (timeline === undefined) {
    const known = level.allowances ?? { used: unused, last_at: null };
    const after = useAllowances(properties, known.used, value);
    const last_at = areUsedAlike(known.used, after) ? known.last_at : event.timestamp;
    return { series: { value, before: known.used, after }, allowances: { used: after, last_at } };
  }
  const place = timeline.findLastIndex(({ at }) => !isBefore(event.timestamp, at)) + 1;
  const before = usedBy(timeline.slice(0, place));
  timeline.splice(place, 0, { at: event.timestamp, value });
  const series = { value, before, after: useAllowances(properties, before, value) };
  return { series, allowances: usedUp(timeline, unused, (used, each) => useAllowances(properties, used, each.value)) };
}

/** All of a timeline, and the last of its values that used anything. */
function usedUp(
  timeline: readonly TimedValue[],
  unused: UsedAllowances,
  next: (used: UsedAllowances, each: TimedValue) => UsedAllowances,
): Level["allowances"] {
  let used = unused;
  let last_at: Temporal.Instant | null = null;
  for (const each of timeline) {
    const after = next(used, each);
    if (!areUsedAlike(used, after)) last_at = each.at;
    used = after;
  }
  return { used, last_at };
}

/** A distinct value that comes or leaves. */
function enterValue(book: Book, charging: Charging): Position {
  const { level_key, event } = charging;
  const level = book.levels.get(level_key) ?? EMPTY_LEVEL;
  const value = distinctValue(charging);
  const key = valueKey(charging, value);
  const known = book.values.get(key) ?? null;
  const removes = isRemoval(event.properties);
  const isOvertaken = known !== null && isBefore(event.timestamp, known.at);
  const previous = isOvertaken ? operationBefore(book, charging, value) : known;
  const wasActive = previous?.active ?? false;
  const step = dec((removes ? 0 : 1) - (wasActive ? 1 : 0));
  const moved: Sums = { units: isOvertaken ? ZERO : step, events: 1, amount: ZERO };
  const unitsBefore = unitsThen(book, charging, level);
  const events = level.events - laterThan(book, charging, level).events + 1;
  if (!isOvertaken) book.values.set(key, { at: event.timestamp, active: !removes });
  book.levels.set(level_key, move(book, charging, level, moved, { value, active: !removes }));
  const before = { units: unitsBefore, events: Number(unitsBefore.toFixed()), amount: ZERO };
  const units = unitsBefore.plus(step);
  return {
    before,
    after: { units, events: Number(units.toFixed()), amount: ZERO },
    series: { units: Number(units.toFixed()), events },
    change: removes ? { kind: "remove", is_active: wasActive } : { kind: "add", is_new: !wasActive },
  };
}

/** The last operation on a value up to an event that a later one has overtaken, of the batch itself or of what was charged before. */
function operationBefore({ past, moves }: Book, charging: Charging, value: string): ValueState | null {
  const { timestamp } = charging.event;
  const stored = past.values.get(valueKey(charging, value)) ?? null;
  const isOvertakenInBatch = stored !== null && !isBefore(timestamp, stored.at);
  const moved = (moves.get(charging.level_key) ?? []).filter((one) => one.value === value);
  return moved.reduce<ValueState | null>(
    (last, { at, active }) =>
      isBefore(timestamp, at) || (last !== null && isBefore(at, last.at)) ? last : { at, active },
    isOvertakenInBatch ? stored : (past.operations.get(charging) ?? null),
  );
}

/** How many values were active up to an event, without it. */
function unitsThen(book: Book, charging: Charging, level: Level): Dec {
  const then = book.past.valuesThen.get(charging);
  const moved = book.moves.get(charging.level_key) ?? [];
  if (!isLate(charging, level) || (then === undefined && moved.length === 0)) return level.units;
  const values = new Map(then);
  for (const { value, at, active } of moved) {
    if (value === null || isBefore(charging.event.timestamp, at)) continue;
    const known = values.get(value);
    if (known === undefined || !isBefore(at, known.at)) values.set(value, { at, active });
  }
  let units = 0;
  for (const { active } of values.values()) if (active) units += 1;
  return dec(units);
}

/** A script's units may move by anything: what they rise by is the event's value. */
function enterScripted(book: Book, charging: Charging): Position {
  const step = book.past.scripts.get(charging);
  if (step === undefined) throw new Error(`no script has seen event ${charging.event.transaction_id}`);
  const { before, after } = step;
  const value = after.units.minus(before.units);
  const level = { ...EMPTY_LEVEL, ...book.levels.get(charging.level_key) };
  const { series, allowances } = use(book, charging, level, value);
  book.levels.set(charging.level_key, { ...level, allowances });
  return { before, after, series, change: { kind: "value", value } };
}
