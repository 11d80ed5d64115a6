/** Single events' values, for the charge models that price events one by one (2.7 of the metering spec). */
import type pg from "pg";
import { localDayNumber } from "../../kernel/calendar.ts";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import { textArray } from "../../storage/arrays.ts";
import type { Database } from "../../storage/database.ts";
import type { EventBucket, SeriesNeed, SeriesRequest, SeriesValue, UsageRequest } from "../model.ts";
import { keysOf, nameOfGroup, placesOf, type Texts } from "../rules/event-groups.ts";
import { type Operation, proratedUniqueSeries } from "../rules/unique-values.ts";
import { historyStart, lastInstant, windowStart, windowsOf } from "../rules/windows.ts";
import { LOG_ALL_VALUES, LOG_OPERATIONS, LOG_VALUES } from "./log-statements.ts";

/** Sizes in which an open-ended series is read: each costs ten times the one before, so little is read twice. */
const SERIES_STEPS = [1_000, 10_000, 100_000, null] as const;

/**
 * The single values of each request's bucket and group in order of time, then ingestion: 1 per event for counts and distinct
 * values, the number for the others. `need` bounds how many are read. Prorated ones come in pairs with their share of the period:
 * of a sum behind a first one for what came before the window, of distinct values ±1 where one became active or ended.
 * Series of one and the same UsageRequest (the same object) share one look through its events.
 */
export async function readSeries(
  { indexPool: pool }: Pick<Database, "indexPool">,
  requests: readonly SeriesRequest[],
): Promise<SeriesValue[][]> {
  const series: SeriesValue[][] = requests.map(() => []);
  const kinds = Map.groupBy(requests.keys(), (index) => kindOf((requests[index] as SeriesRequest).request));
  await Promise.all(
    [...kinds].map(async ([kind, indexes]) => {
      const some = indexes.map((index) => requests[index] as SeriesRequest);
      const values = await READ[kind](pool, some);
      for (const [position, index] of indexes.entries()) series[index] = values[position] as SeriesValue[];
    }),
  );
  return series;
}

type Kind = "plain" | "prorated_sum" | "prorated_unique";

function kindOf({ proration, aggregation_type }: UsageRequest): Kind {
  if (proration === null) return "plain";
  return aggregation_type === "unique_count_agg" ? "prorated_unique" : "prorated_sum";
}

const READ: Readonly<Record<Kind, (pool: pg.Pool, requests: readonly SeriesRequest[]) => Promise<SeriesValue[][]>>> = {
  plain: readPlainSeries,
  prorated_sum: readProratedSums,
  prorated_unique: readProratedUnique,
};

async function readPlainSeries(pool: pg.Pool, requests: readonly SeriesRequest[]): Promise<SeriesValue[][]> {
  const series: Dec[][] = requests.map(() => []);
  let open = [...requests.keys()];
  for (const step of SERIES_STEPS) {
    if (open.length === 0) break;
    const limit = step === null || open.some((index) => requests[index]?.need === "all") ? null : step;
    const values = await readValues(
      pool,
      open.map((index) => requests[index] as SeriesRequest),
      limit,
    );
    const stillOpen: number[] = [];
    for (const [position, index] of open.entries()) {
      const { own, read } = values[position] as Values;
      const { need } = requests[index] as SeriesRequest;
      const numbers = own.map(({ number }) => number);
      series[index] = boundSeries(numbers, need);
      if (limit !== null && read >= limit && !isEnough(numbers, need)) stillOpen.push(index);
    }
    open = stillOpen;
  }
  return series.map((values) => values.map((full) => ({ full, prorated: null })));
}

function isEnough(values: readonly Dec[], need: SeriesNeed): boolean {
  if (need === "all") return false;
  if ("first" in need) return values.length >= need.first;
  let total = ZERO;
  for (const value of values) total = total.plus(value);
  return total.gt(need.until_sum_exceeds);
}

function boundSeries(values: readonly Dec[], need: SeriesNeed): Dec[] {
  if (need === "all") return [...values];
  if ("first" in need) return values.slice(0, need.first);
  const bounded: Dec[] = [];
  let total = ZERO;
  for (const value of values) {
    bounded.push(value);
    total = total.plus(value);
    if (total.gt(need.until_sum_exceeds)) break;
  }
  return bounded;
}

/** One look through a request's events, for one series or for several. */
interface Scan {
  readonly request: UsageRequest;
  readonly from: Temporal.Instant;
  readonly keys: readonly string[];
  /** Positions of the series. */
  readonly members: readonly number[];
}

const bucketOf = ({ request, bucket }: SeriesRequest) => request.buckets[bucket] as EventBucket;

/** A running total and what is prorated reach back into the history (2.7). */
const startOf = ({ request, need }: SeriesRequest) =>
  request.proration !== null || need !== "all" ? historyStart(request) : windowStart(request);

function scansOf(requests: readonly SeriesRequest[]): Scan[] {
  const scans: Scan[] = [];
  for (const [request, positions] of Map.groupBy(requests.keys(), (index) => requests[index]?.request)) {
    if (request === undefined) continue;
    const starts = Map.groupBy(positions, (index) => startOf(requests[index] as SeriesRequest).epochNanoseconds);
    for (const members of starts.values()) {
      const [first] = members as [number];
      const { bucket } = requests[first] as SeriesRequest;
      // Of a single bucket's events only those of earlier ones matter beside its own.
      const keys = keysOf(members.length === 1 ? request.buckets.slice(0, bucket + 1) : request.buckets);
      scans.push({ request, from: startOf(requests[first] as SeriesRequest), keys, members });
    }
  }
  return scans;
}

function parametersOf(scans: readonly Scan[]): unknown[] {
  const ends = scans.map(({ request }) => windowsOf({ ...request, weighted: null })[0]);
  return [
    scans.map(({ request }) => request.organization_id),
    scans.map(({ request }) => request.external_subscription_id),
    scans.map(({ request }) => request.code),
    scans.map(({ request }) => request.field_name),
    scans.map(({ keys }) => textArray(keys)),
    scans.map(({ from }) => from.toString()),
    scans.map(({ from }, index) => (ends[index]?.until ?? from).toString()),
    scans.map((_, index) => ends[index]?.until_ordinal ?? 0n),
  ];
}

interface ValueRow {
  readonly n: number;
  readonly texts: Texts;
  readonly number: Dec;
  readonly timestamp: Temporal.Instant;
}

interface Values {
  /** Those of the asked bucket and group. */
  readonly own: readonly ValueRow[];
  /** How many were read to find them: as many as the limit, and there may be more. */
  readonly read: number;
}

/** Aggregations whose series is 1 for every event. */
const EACH: ReadonlySet<string> = new Set(["count_agg", "unique_count_agg"]);

async function readValues(pool: pg.Pool, requests: readonly SeriesRequest[], limit: number | null): Promise<Values[]> {
  const scans = scansOf(requests);
  const values: Values[] = requests.map(() => ({ own: [], read: 0 }));
  const [single, shared] = [
    scans.filter(({ members }) => members.length === 1),
    scans.filter(({ members }) => members.length > 1),
  ];
  await Promise.all([
    readScans(pool, single, requests, limit, values),
    readScans(pool, shared, requests, limit, values),
  ]);
  return values;
}

async function readScans(
  pool: pg.Pool,
  scans: readonly Scan[],
  requests: readonly SeriesRequest[],
  limit: number | null,
  values: Values[],
): Promise<void> {
  if (scans.length === 0) return;
  const isShared = (scans[0]?.members.length ?? 0) > 1;
  const firsts = scans.map(({ members }) => requests[members[0] as number] as SeriesRequest);
  const parameters = [
    ...parametersOf(scans),
    limit,
    scans.map(({ request }) => !EACH.has(request.aggregation_type)),
    ...(isShared
      ? []
      : [
          firsts.map((one) => JSON.stringify(bucketOf(one).conditions)),
          firsts.map((one) => JSON.stringify(groupOf(bucketOf(one), one))),
        ]),
  ];
  const statement = isShared
    ? { name: "log_all_values", text: LOG_ALL_VALUES }
    : { name: "log_values", text: LOG_VALUES };
  const { rows } = await pool.query<ValueRow>({ ...statement, values: parameters });
  const byScan = Map.groupBy(rows, ({ n }) => n);
  for (const [index, scan] of scans.entries()) shareOut(scan, byScan.get(index + 1) ?? [], requests, values);
}

function shareOut(
  { request, keys, members }: Scan,
  rows: readonly ValueRow[],
  requests: readonly SeriesRequest[],
  values: Values[],
): void {
  const last = (requests[members[0] as number] as SeriesRequest).bucket + 1;
  const placeOf = placesOf(members.length === 1 ? request.buckets.slice(0, last) : request.buckets, keys);
  const byPlace = Map.groupBy(rows, ({ texts }) => placeOf(texts)?.name);
  for (const member of members) {
    const one = requests[member] as SeriesRequest;
    const own = byPlace.get(nameOfGroup(one.bucket, bucketOf(one), one.group)) ?? [];
    values[member] = { own, read: members.length === 1 ? rows.length : own.length };
  }
}

const groupOf = ({ group_by }: EventBucket, { group }: SeriesRequest) =>
  Object.fromEntries(group_by.map((key) => [key, group[key] || null]));

/** Each value with its share of the period, behind the sum of what came before the window (2.5). */
async function readProratedSums(pool: pg.Pool, requests: readonly SeriesRequest[]): Promise<SeriesValue[][]> {
  const values = await readValues(pool, requests, null);
  return requests.map(({ request }, index) => {
    const from = windowStart(request);
    const { timezone, period_days, billed_days } = request.proration as NonNullable<UsageRequest["proration"]>;
    const last = localDayNumber(lastInstant(request), timezone);
    let before = ZERO;
    const pairs: SeriesValue[] = [];
    for (const { number, timestamp } of (values[index] as Values).own) {
      if (Temporal.Instant.compare(timestamp, from) < 0) before = before.plus(number);
      else pairs.push(share(number, last - localDayNumber(timestamp, timezone) + 1, period_days));
    }
    return before.eq(0) ? pairs : [share(before, billed_days, period_days), ...pairs];
  });
}

const share = (full: Dec, days: number, period: number): SeriesValue => ({
  full,
  prorated: full.times(days).div(period),
});

interface OperationRow {
  readonly n: number;
  readonly texts: Texts;
  readonly value: string;
  readonly timestamp: Temporal.Instant;
  readonly ordinal: bigint;
  readonly is_removal: boolean;
}

async function readProratedUnique(pool: pg.Pool, requests: readonly SeriesRequest[]): Promise<SeriesValue[][]> {
  const scans = scansOf(requests).map((scan) => ({ ...scan, keys: keysOf(scan.request.buckets) }));
  const { rows } = await pool.query<OperationRow>({
    name: "log_operations",
    text: LOG_OPERATIONS,
    values: parametersOf(scans),
  });
  const byScan = Map.groupBy(rows, ({ n }) => n);
  const series: SeriesValue[][] = requests.map(() => []);
  for (const [index, { request, keys, members }] of scans.entries()) {
    const placeOf = placesOf(request.buckets, keys);
    const operations = (byScan.get(index + 1) ?? []).flatMap((row): Operation[] => {
      const place = placeOf(row.texts);
      return place === null ? [] : [{ ...row, place, at: row.timestamp }];
    });
    const byPlace = Map.groupBy(operations, ({ place }) => place.name);
    for (const member of members) {
      const one = requests[member] as SeriesRequest;
      const own = byPlace.get(nameOfGroup(one.bucket, bucketOf(one), one.group)) ?? [];
      series[member] = proratedUniqueSeries(request, own);
    }
  }
  return series;
}
