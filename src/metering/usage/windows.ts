/** Usage from kept windows, and from the log where none is kept: filters, groups, histories, levels, what ends at an event. */
import type pg from "pg";
import { plainArray, textArray } from "../../storage/arrays.ts";
import type { GroupUsage, UsageRequest } from "../model.ts";
import { addUp, type TupleSums } from "../rules/add-up.ts";
import { keysOf, type Place, placesOf, sharedCondition, type Texts } from "../rules/event-groups.ts";
import { type Counted, countActive, type Operation, proratedUnique } from "../rules/unique-values.ts";
import { type KeptWindow, windowStart, windowsOf } from "../rules/windows.ts";
import { READ_LAST_TOTALS, READ_TOTALS, READ_VALUES, WANT_SPECS, WANT_WINDOWS } from "./window-statements.ts";

type Measure = "numbers" | "weighted" | "last" | "unique";

const MEASURE_OF: Readonly<Record<UsageRequest["aggregation_type"], Measure>> = {
  count_agg: "numbers",
  sum_agg: "numbers",
  max_agg: "numbers",
  latest_agg: "last",
  unique_count_agg: "unique",
  weighted_sum_agg: "weighted",
  custom_agg: "numbers",
};

/** Numbers and their moments are read alike. */
type Way = "totals" | "last" | "values";
const WAY_OF: Readonly<Record<Measure, Way>> = {
  numbers: "totals",
  weighted: "totals",
  last: "last",
  unique: "values",
};
const STATEMENTS: Readonly<Record<Way, string>> = {
  totals: READ_TOTALS,
  last: READ_LAST_TOTALS,
  values: READ_VALUES,
};

interface Row {
  readonly n: number;
  readonly part: number;
  /** Null in the one row of each request that says whether its window is worth keeping. */
  readonly texts: Texts | null;
  readonly is_wanted: boolean | null;
  readonly stream_id: bigint | null;
}

interface ValueRow extends Row {
  readonly texts: Texts;
  /** Null in a row of counters. */
  readonly value: string | null;
  readonly timestamp: Temporal.Instant;
  readonly ordinal: bigint;
  readonly is_removal: boolean;
  readonly events: number;
  readonly active_values: number;
}

/** A request with what its rows are judged by. */
interface Ready {
  readonly index: number;
  readonly request: UsageRequest;
  readonly keys: readonly string[];
  readonly placeOf: (texts: Texts) => Place | null;
}

interface Entry {
  readonly ready: Ready;
  readonly window: KeptWindow;
}

const textOf = (at: Temporal.Instant | null) => at?.toString() ?? "infinity";

function parametersOf(entries: readonly Entry[], worthKeeping: number): unknown[] {
  const conditions = entries.map(({ ready }) => sharedCondition(ready.request.buckets));
  return [
    entries.map(({ ready }) => ready.request.organization_id),
    entries.map(({ ready }) => ready.request.external_subscription_id),
    entries.map(({ ready }) => ready.request.code),
    entries.map(({ ready }) => MEASURE_OF[ready.request.aggregation_type]),
    entries.map(({ ready }) => ready.request.field_name),
    entries.map(({ ready }) => textArray(ready.keys)),
    entries.map(({ window }) => window.from.toString()),
    entries.map(({ window }) => textOf(window.to)),
    entries.map(({ window }) => window.until.toString()),
    entries.map(({ window }) => window.until_ordinal),
    entries.map(({ window }) => (window.days === null ? null : plainArray(window.days.map(String)))),
    // Of a maximum, a last number or a metered window's values nothing can be taken off again.
    entries.map(
      ({ ready, window }) =>
        WAY_OF[MEASURE_OF[ready.request.aggregation_type]] === "last" ||
        ready.request.aggregation_type === "max_agg" ||
        (ready.request.aggregation_type === "unique_count_agg" && window.to !== null),
    ),
    conditions.map((condition) => condition?.key ?? null),
    conditions.map((condition) => (condition === null ? null : textArray(condition.texts))),
    entries.map(({ ready: { request } }) => (isProratedUnique(request) ? windowStart(request).toString() : null)),
    worthKeeping,
  ];
}

const isProratedUnique = ({ aggregation_type, proration }: UsageRequest) =>
  aggregation_type === "unique_count_agg" && proration !== null;

/** Per request and bucket its groups, in the order of the requests: one statement for sums, one for last numbers, one for distinct values. */
export async function readWindows(
  pool: pg.Pool,
  requests: readonly UsageRequest[],
  worthKeeping: number,
): Promise<GroupUsage[][][]> {
  const answers: GroupUsage[][][] = requests.map(() => []);
  const ready = requests.map((request, index): Ready => {
    const keys = keysOf(request.buckets);
    return { index, request, keys, placeOf: placesOf(request.buckets, keys) };
  });
  const ways = Map.groupBy(ready, ({ request }) => WAY_OF[MEASURE_OF[request.aggregation_type]]);
  await Promise.all(
    [...ways].map(async ([way, some]) => {
      const usages = await (way === "values" ? readValues : readSums)(pool, way, some, worthKeeping);
      for (const [position, { index }] of some.entries()) answers[index] = usages[position] as GroupUsage[][];
    }),
  );
  return answers;
}

async function readSums(
  pool: pg.Pool,
  way: Way,
  some: readonly Ready[],
  worthKeeping: number,
): Promise<GroupUsage[][][]> {
  const rows = await readRows<Row & TupleSums>(pool, way, some, worthKeeping);
  return some.map((one) => {
    const own = (rows.get(one) ?? []).map(({ row, window }) => ({ sums: row, window }));
    return addUp(one.request, own, one.placeOf);
  });
}

async function readValues(
  pool: pg.Pool,
  way: Way,
  some: readonly Ready[],
  worthKeeping: number,
): Promise<GroupUsage[][][]> {
  const rows = await readRows<ValueRow>(pool, way, some, worthKeeping);
  return some.map((one) => uniqueUsage(one, rows.get(one) ?? []));
}

/** The rows of every request's windows. */
async function readRows<R extends Row>(
  pool: pg.Pool,
  way: Way,
  some: readonly Ready[],
  worthKeeping: number,
): Promise<Map<Ready, { row: R; window: KeptWindow }[]>> {
  const entries = some.flatMap((ready) => windowsOf(ready.request).map((window): Entry => ({ ready, window })));
  const found = new Map<Ready, { row: R; window: KeptWindow }[]>();
  if (entries.length === 0) return found;
  const values = parametersOf(entries, worthKeeping);
  const { rows } = await pool.query<R>({ name: `read_window_${way}`, text: STATEMENTS[way], values });
  const wanted: (Entry & { stream_id: bigint })[] = [];
  for (const row of rows) {
    const entry = entries[row.n - 1] as Entry;
    if (row.texts === null) {
      if (row.is_wanted && row.stream_id !== null) wanted.push({ ...entry, stream_id: row.stream_id });
      continue;
    }
    const own = found.get(entry.ready);
    if (own === undefined) found.set(entry.ready, [{ row, window: entry.window }]);
    else own.push({ row, window: entry.window });
  }
  await wantWindows(pool, wanted);
  return found;
}

function uniqueUsage({ request, placeOf }: Ready, rows: readonly { row: ValueRow }[]): GroupUsage[][] {
  const operations: Operation[] = [];
  const counted: Counted[] = [];
  for (const { row } of rows) {
    const place = placeOf(row.texts);
    if (place === null) continue;
    const { value, timestamp, ordinal, is_removal, events, active_values } = row;
    if (value === null) counted.push({ place, events, active_values });
    else operations.push({ place, value, at: timestamp, ordinal, is_removal });
  }
  return isProratedUnique(request)
    ? proratedUnique(request, operations, counted)
    : countActive(request, operations, counted);
}

/** Asks the folder to keep windows that had to be read from the log. */
async function wantWindows(pool: pg.Pool, wanted: readonly (Entry & { readonly stream_id: bigint })[]): Promise<void> {
  if (wanted.length === 0) return;
  const specs = [
    wanted.map(({ stream_id }) => stream_id),
    wanted.map(({ ready }) => MEASURE_OF[ready.request.aggregation_type]),
    wanted.map(({ ready }) => ready.request.field_name),
    wanted.map(({ ready }) => textArray(ready.keys)),
  ];
  await pool.query(WANT_SPECS, specs);
  await pool.query(WANT_WINDOWS, [
    ...specs,
    wanted.map(({ window }) => window.from.toString()),
    wanted.map(({ window }) => textOf(window.to)),
  ]);
}
