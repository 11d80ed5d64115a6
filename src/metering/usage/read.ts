/** Usage of many buckets at once: one statement per kind of aggregation, whatever the number of subscriptions. */
import type pg from "pg";
import { floorToMillisecond } from "../../kernel/calendar.ts";
import { type Dec, dec, max, ZERO } from "../../kernel/decimal.ts";
import type { Database } from "../../storage/database.ts";
import { THRESHOLDS } from "../fold/folder.ts";
import type { SeriesRequest, Usage, UsageRequest } from "../model.ts";
import {
  READ_LAST,
  READ_NUMBERS,
  READ_SERIES,
  READ_UNIQUE,
  WANT_FOLDS,
  WANT_SPECS,
  WANT_WINDOWS,
} from "./statements.ts";

type Measure = "numbers" | "last" | "unique";

const MEASURE_OF: Readonly<Record<UsageRequest["aggregation_type"], Measure>> = {
  count_agg: "numbers",
  sum_agg: "numbers",
  max_agg: "numbers",
  latest_agg: "last",
  unique_count_agg: "unique",
};

/** A read that had to look at more raw events than this asks the folder to spare the next one. */
const WORTH_FOLDING_EVENTS = 4 * THRESHOLDS.rawEventsMax;

interface Row {
  readonly n: number;
  readonly stream_id: bigint;
  readonly is_wanted: boolean;
}

interface NumbersRow extends Row {
  readonly events: bigint;
  readonly numeric_events: bigint;
  readonly sum: Dec | null;
  readonly max: Dec | null;
}

interface LastRow extends Row {
  readonly numeric_events: bigint;
  readonly last: Dec | null;
}

interface UniqueRow extends Row {
  readonly active_values: bigint;
}

const NOTHING: Usage = { units: ZERO, events_count: 0 };

function parametersOf(requests: readonly UsageRequest[], measureOf: (request: UsageRequest) => string): unknown[] {
  return [
    requests.map((request) => request.organization_id),
    requests.map((request) => request.external_subscription_id),
    requests.map((request) => request.code),
    requests.map(measureOf),
    requests.map((request) => request.field_name),
    // 2.1 of the metering spec: the lower bound is floored to the millisecond.
    requests.map((request) => floorToMillisecond(request.from).toString()),
    requests.map((request) => request.to.toString()),
  ];
}

async function readKind<R extends Row>(
  pool: pg.Pool,
  name: string,
  text: string,
  requests: readonly UsageRequest[],
  usageOf: (row: R, request: UsageRequest) => Usage,
): Promise<{ usages: Usage[]; wanted: { row: R; request: UsageRequest }[] }> {
  const values = [...parametersOf(requests, (request) => MEASURE_OF[request.aggregation_type]), WORTH_FOLDING_EVENTS];
  const { rows } = await pool.query<R>({ name, text, values });
  const usages: Usage[] = requests.map(() => NOTHING);
  const wanted: { row: R; request: UsageRequest }[] = [];
  for (const row of rows) {
    const request = requests[row.n - 1] as UsageRequest;
    usages[row.n - 1] = usageOf(row, request);
    if (row.is_wanted) wanted.push({ row, request });
  }
  return { usages, wanted };
}

function numbersUsage(
  { events, numeric_events, sum, max: maximum }: NumbersRow,
  { aggregation_type }: UsageRequest,
): Usage {
  if (aggregation_type === "count_agg") return { units: dec(events), events_count: Number(events) };
  return { units: (aggregation_type === "sum_agg" ? sum : maximum) ?? ZERO, events_count: Number(numeric_events) };
}

/** Exact usage of each request, in the order of the requests (2.1 to 2.3 of the metering spec). */
export async function readUsage(
  { indexPool: pool }: Pick<Database, "indexPool">,
  requests: readonly UsageRequest[],
): Promise<Usage[]> {
  const usages: Usage[] = requests.map(() => NOTHING);
  const kinds = Map.groupBy(requests.keys(), (index) => MEASURE_OF[(requests[index] as UsageRequest).aggregation_type]);
  await Promise.all(
    [...kinds].map(async ([measure, indexes]) => {
      const some = indexes.map((index) => requests[index] as UsageRequest);
      const found = await readMeasure(pool, measure, some);
      for (const [position, index] of indexes.entries()) usages[index] = found[position] as Usage;
    }),
  );
  return usages;
}

async function readMeasure(pool: pg.Pool, measure: Measure, requests: readonly UsageRequest[]): Promise<Usage[]> {
  if (measure === "unique") {
    const { usages, wanted } = await readKind<UniqueRow>(
      pool,
      "read_unique",
      READ_UNIQUE,
      requests,
      ({ active_values }) => ({
        units: dec(active_values),
        events_count: Number(active_values),
      }),
    );
    await wantWindows(pool, wanted);
    return usages;
  }
  const { usages, wanted } =
    measure === "numbers"
      ? await readKind<NumbersRow>(pool, "read_numbers", READ_NUMBERS, requests, numbersUsage)
      : // A last value below zero counts as nothing (2.2).
        await readKind<LastRow>(pool, "read_last", READ_LAST, requests, ({ numeric_events, last }) => ({
          units: max(last ?? ZERO, ZERO),
          events_count: Number(numeric_events),
        }));
  await wantFolds(pool, measure, wanted);
  return usages;
}

type Wanted = readonly { readonly row: Row; readonly request: UsageRequest }[];

const columnsOf = (wanted: Wanted, measure: Measure) => [
  wanted.map(({ row }) => row.stream_id),
  wanted.map(() => measure),
  wanted.map(({ request }) => request.field_name),
];

async function wantFolds(pool: pg.Pool, measure: Measure, wanted: Wanted): Promise<void> {
  if (wanted.length === 0) return;
  await pool.query(WANT_SPECS, columnsOf(wanted, measure));
  await pool.query(WANT_FOLDS, columnsOf(wanted, measure));
}

async function wantWindows(pool: pg.Pool, wanted: Wanted): Promise<void> {
  if (wanted.length === 0) return;
  await pool.query(WANT_SPECS, columnsOf(wanted, "unique"));
  await pool.query(WANT_WINDOWS, [
    wanted.map(({ row }) => row.stream_id),
    wanted.map(({ request }) => request.field_name),
    wanted.map(({ request }) => floorToMillisecond(request.from).toString()),
    wanted.map(({ request }) => request.to.toString()),
  ]);
}

/** Aggregations whose series is 1 for every event (2.7). */
const EACH: ReadonlySet<string> = new Set(["count_agg", "unique_count_agg"]);

/** Sizes in which an open-ended series is read: each costs ten times the one before, so little is read twice. */
const SERIES_STEPS = [1_000, 10_000, 100_000, null] as const;

/**
 * The single values of each request's window in order of time, then ingestion (2.7): 1 per event for a count, the number
 * for the others. `need` bounds how many are read.
 */
export async function readSeries(
  { indexPool: pool }: Pick<Database, "indexPool">,
  requests: readonly SeriesRequest[],
): Promise<Dec[][]> {
  const series: Dec[][] = requests.map(() => []);
  let open = [...requests.keys()];
  for (const step of SERIES_STEPS) {
    if (open.length === 0) break;
    const limit = step === null || open.some((index) => requests[index]?.need === "all") ? null : step;
    const values = await readSeriesUpTo(
      pool,
      open.map((index) => requests[index] as SeriesRequest),
      limit,
    );
    const stillOpen: number[] = [];
    for (const [position, index] of open.entries()) {
      const read = values[position] as Dec[];
      const { need } = requests[index] as SeriesRequest;
      series[index] = boundSeries(read, need);
      const isCut = limit !== null && read.length === limit;
      if (isCut && (series[index] as Dec[]).length === read.length && !isEnough(read, need)) stillOpen.push(index);
    }
    open = stillOpen;
  }
  return series;
}

function isEnough(values: readonly Dec[], need: SeriesRequest["need"]): boolean {
  if (need === "all") return false;
  if ("first" in need) return values.length >= need.first;
  let total = ZERO;
  for (const value of values) total = total.plus(value);
  return total.gt(need.until_sum_exceeds);
}

function boundSeries(values: readonly Dec[], need: SeriesRequest["need"]): Dec[] {
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

async function readSeriesUpTo(
  pool: pg.Pool,
  requests: readonly SeriesRequest[],
  limit: number | null,
): Promise<Dec[][]> {
  const values = [
    ...parametersOf(requests, ({ aggregation_type }) => (EACH.has(aggregation_type) ? "each" : "numbers")),
    limit,
  ];
  const { rows } = await pool.query<{ n: number; number: Dec }>({ name: "read_series", text: READ_SERIES, values });
  const series: Dec[][] = requests.map(() => []);
  for (const { n, number } of rows) series[n - 1]?.push(number);
  return series;
}
