/**
 * Reading what a batch's events depend on: a fixed number of statements for any number of events. What was never counted, or
 * under other filters, is counted from the log once; after that a level is carried along.
 */
import { ZERO } from "../../kernel/decimal.ts";
import { readSettledNumbers, readSettledOperations, readSettledSums } from "../../metering/index.ts";
import { areAllowancesOpen, unusedAllowances } from "../../rating/index.ts";
import type { Tx } from "../../storage/database.ts";
import { groupHash } from "../usage/weighted-levels.ts";
import { bucketOf, type Charging, type Level, type ValueState } from "./model.ts";
import { distinctValue, EMPTY_LEVEL, isLate, type Past, type Sums, type TimedValue, valueKey } from "./rules/book.ts";
import { allowancesOf, countsLevel, countsValues, hasHighWaterMark, isScripted } from "./rules/counted.ts";
import { bucketName, markName, scopeWindow, stateOf, sumsOf } from "./scope-window.ts";
import { ensureScopes, type OpenScope } from "./scopes.ts";
import { readScripts, type ScriptSteps } from "./scripts.ts";
import { loadLevels, loadMarks, loadValues } from "./store.ts";

export interface LoadedPast extends Past, ScriptSteps {
  /** By level key. */
  readonly scopes: ReadonlyMap<string, OpenScope>;
}

const firstOf = (chargings: readonly Charging[], keyOf: (one: Charging) => string): Charging[] => [
  ...new Map(chargings.toReversed().map((one) => [keyOf(one), one])).values(),
];

/** A map of what was found, in the order of what was asked. */
function mapped<K, V>(keys: readonly K[], found: readonly (V | null)[]): Map<K, V> {
  const map = new Map<K, V>();
  for (const [index, key] of keys.entries()) {
    const value = found[index] ?? null;
    if (value !== null) map.set(key, value);
  }
  return map;
}

export async function loadPast(tx: Tx, organizationId: string, chargings: readonly Charging[]): Promise<LoadedPast> {
  const marked = firstOf(
    chargings.filter(({ charge }) => hasHighWaterMark(charge)),
    ({ mark_key }) => mark_key,
  );
  const marks = mapped(
    marked.map(({ mark_key }) => mark_key),
    await loadMarks(tx, organizationId, marked.map(markName)),
  );
  const counted = chargings.filter(({ charge }) => countsLevel(charge));
  const scopes = await ensureScopes(tx, organizationId, counted);
  const { levels, values } = await loadCounted(tx, counted, scopes);
  const plain = counted.filter(({ charge }) => !isScripted(charge));
  const scripted = counted.filter(({ charge }) => isScripted(charge));
  return {
    ...{ marks, scopes, levels, values },
    later: await readLater(tx, plain, levels),
    timelines: await readTimelines(tx, plain, levels),
    ...(await readOvertaken(tx, plain, { levels, values })),
    ...(await readScripts(tx, scripted, levels)),
  };
}

async function loadCounted(tx: Tx, counted: readonly Charging[], scopes: ReadonlyMap<string, OpenScope>) {
  const nameOf = (charging: Charging) => ({
    scope_id: (scopes.get(charging.level_key) as OpenScope).id,
    ...bucketName(charging),
  });
  const ofLevels = firstOf(counted, ({ level_key }) => level_key);
  const levels: Map<string, Level> = mapped(
    ofLevels.map(({ level_key }) => level_key),
    await loadLevels(tx, ofLevels.map(nameOf)),
  );
  const keyOf = (charging: Charging) => valueKey(charging, distinctValue(charging));
  const ofValues = firstOf(
    counted.filter(({ charge }) => countsValues(charge)),
    keyOf,
  );
  const values: Map<string, ValueState> = mapped(
    ofValues.map(keyOf),
    await loadValues(
      tx,
      ofValues.map((charging) => ({ ...nameOf(charging), value: distinctValue(charging) })),
    ),
  );
  return { levels, values };
}

type Grouped = { readonly bucket: number; readonly group: Charging["group"] };

/** Whether what was read of a scope is of the event's own filter and group. */
function isOwn(charging: Charging): (one: Grouped) => boolean {
  const hash = groupHash(charging.group);
  return ({ bucket, group }) => bucket === charging.index && groupHash(group) === hash;
}

/** The finest step in which events are dated. */
const justAfter = (at: Temporal.Instant) => new Temporal.Instant(at.epochNanoseconds + 1000n);

/** What is dated after those events that come late: as much as they are late. */
async function readLater(
  tx: Tx,
  counted: readonly Charging[],
  levels: ReadonlyMap<string, Level>,
): Promise<Map<Charging, Sums>> {
  // The price of a unit does not depend on how many there are.
  const late = counted.filter(
    (one) => one.charge.charge_model !== "standard" && isLate(one, levels.get(one.level_key) ?? EMPTY_LEVEL),
  );
  const found = await readSettledSums(
    tx,
    late.map((one) => scopeWindow(one, { from: justAfter(one.event.timestamp) })),
  );
  return new Map(
    late.map((one, index) => {
      const own = found[index]?.find(isOwn(one));
      return [one, own === undefined ? { units: ZERO, events: 0, amount: ZERO } : sumsOf(one, own)];
    }),
  );
}

/** Whether an event of the batch takes its place among those that used allowances, rather than after them. */
function reopensAllowances(ofLevel: readonly Charging[], level: Level): boolean {
  const [first] = ofLevel;
  if (first === undefined) return false;
  const { properties } = bucketOf(first);
  const { used, last_at } = level.allowances ?? { used: unusedAllowances(properties), last_at: null };
  const isOpen = areAllowancesOpen(properties, used);
  let latest = last_at;
  for (const { event } of ofLevel) {
    if (latest !== null && Temporal.Instant.compare(event.timestamp, latest) < 0) return true;
    if (isOpen) latest = event.timestamp;
  }
  return false;
}

/** The values that used allowances, where one of the batch belongs before some of them: no more than the allowances cover. */
async function readTimelines(
  tx: Tx,
  counted: readonly Charging[],
  levels: ReadonlyMap<string, Level>,
): Promise<Map<string, TimedValue[]>> {
  const allowed = counted.filter((one) => allowancesOf(one.charge, bucketOf(one)) !== null);
  const reopened = [...Map.groupBy(allowed, ({ level_key }) => level_key)].filter(([key, ofLevel]) =>
    reopensAllowances(ofLevel, levels.get(key) ?? EMPTY_LEVEL),
  );
  const read = reopened.flatMap(([key, [first]]) => {
    const last_at = levels.get(key)?.allowances?.last_at ?? null;
    return first === undefined || last_at === null ? [] : [{ key, first, to: justAfter(last_at) }];
  });
  const found = await readSettledNumbers(
    tx,
    read.map(({ first, to }) => scopeWindow(first, { to })),
  );
  const timelines = new Map<string, TimedValue[]>(reopened.map(([key]) => [key, []]));
  for (const [index, { key, first }] of read.entries()) {
    const own = (found[index] ?? []).filter(isOwn(first));
    timelines.set(
      key,
      own.map(({ timestamp, number }) => ({ at: timestamp, value: number })),
    );
  }
  return timelines;
}

interface Counted {
  readonly levels: ReadonlyMap<string, Level>;
  readonly values: ReadonlyMap<string, ValueState>;
}

/** Distinct values at the time of events that come late: of the event's own value, and of all where tiers depend on them. */
async function readOvertaken(tx: Tx, counted: readonly Charging[], { levels, values }: Counted) {
  const distinct = counted.filter(({ charge }) => countsValues(charge));
  const overtaken = distinct.filter((one) => {
    const known = values.get(valueKey(one, distinctValue(one)));
    return known !== undefined && Temporal.Instant.compare(one.event.timestamp, known.at) < 0;
  });
  const upTo = (some: readonly Charging[]) =>
    some.map((one) => scopeWindow(one, { to: justAfter(one.event.timestamp) }));
  const own = await readSettledOperations(tx, upTo(overtaken), overtaken.map(distinctValue));
  const late = lateOnes(
    distinct.filter(({ charge }) => charge.charge_model !== "standard"),
    levels,
  );
  const all = await readSettledOperations(tx, upTo(late));
  return {
    operations: mapped(
      overtaken,
      overtaken.map((one, index) => (own[index] ?? []).filter(isOwn(one)).map(stateOf)[0] ?? null),
    ),
    valuesThen: new Map(
      late.map((one, index) => {
        const ofGroup = (all[index] ?? []).filter(isOwn(one));
        return [one, new Map(ofGroup.map((operation) => [operation.value, stateOf(operation)]))];
      }),
    ),
  };
}

/** Events that are dated before one that was entered, or is to be entered before them. */
function lateOnes(chargings: readonly Charging[], levels: ReadonlyMap<string, Level>): Charging[] {
  const latest = new Map<string, Temporal.Instant | null>();
  return chargings.filter(({ level_key, event }) => {
    const last = latest.get(level_key) ?? levels.get(level_key)?.last_at ?? null;
    const isBehind = last !== null && Temporal.Instant.compare(event.timestamp, last) < 0;
    if (!isBehind) latest.set(level_key, event.timestamp);
    return isBehind;
  });
}
