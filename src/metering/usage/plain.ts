/** Usage of requests without conditions and groups, from cells, edges and tail: one statement per kind of aggregation. */
import type pg from "pg";
import { type Dec, dec, max, ZERO } from "../../kernel/decimal.ts";
import type { GroupUsage, UsageRequest } from "../model.ts";
import { windowStart } from "../rules/windows.ts";
import { READ_LAST, READ_NUMBERS, READ_UNIQUE, WANT_FOLDS } from "./statements.ts";
import { WANT_SPECS, WANT_WINDOWS } from "./window-statements.ts";

type Measure = "numbers" | "last" | "unique";

const MEASURE_OF: Readonly<Record<UsageRequest["aggregation_type"], Measure | null>> = {
  count_agg: "numbers",
  sum_agg: "numbers",
  max_agg: "numbers",
  latest_agg: "last",
  unique_count_agg: "unique",
  weighted_sum_agg: null,
  custom_agg: null,
};

/** Whether whole cells answer it: everything that was sent in a window, in one figure. */
export function isPlain({ aggregation_type, buckets, history, proration, up_to }: UsageRequest): boolean {
  const [bucket] = buckets;
  return (
    MEASURE_OF[aggregation_type] !== null &&
    history === null &&
    proration === null &&
    up_to === null &&
    buckets.length === 1 &&
    bucket?.group_by.length === 0 &&
    Object.keys(bucket.conditions).length === 0
  );
}

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
  readonly amount_cents: Dec | null;
}

interface LastRow extends Row {
  readonly numeric_events: bigint;
  readonly last: Dec | null;
}

interface UniqueRow extends Row {
  readonly active_values: bigint;
}

function usageOf(units: Dec, events: bigint, amount_cents: Dec = ZERO): GroupUsage {
  return {
    group: {},
    units,
    full_units: null,
    total_aggregated_units: null,
    events_count: Number(events),
    amount_cents,
    custom_amount: null,
    last_event_at: null,
  };
}

const NOTHING = usageOf(ZERO, 0n);

async function readKind<R extends Row>(
  pool: pg.Pool,
  name: string,
  text: string,
  requests: readonly UsageRequest[],
  worthKeeping: number,
  read: (row: R, request: UsageRequest) => GroupUsage,
): Promise<{ usages: GroupUsage[]; wanted: { row: R; request: UsageRequest }[] }> {
  const values = [
    requests.map((request) => request.organization_id),
    requests.map((request) => request.external_subscription_id),
    requests.map((request) => request.code),
    requests.map((request) => MEASURE_OF[request.aggregation_type]),
    requests.map((request) => request.field_name),
    requests.map((request) => windowStart(request).toString()),
    requests.map((request) => request.to.toString()),
    worthKeeping,
  ];
  const { rows } = await pool.query<R>({ name, text, values });
  const usages: GroupUsage[] = requests.map(() => NOTHING);
  const wanted: { row: R; request: UsageRequest }[] = [];
  for (const row of rows) {
    const request = requests[row.n - 1] as UsageRequest;
    usages[row.n - 1] = read(row, request);
    if (row.is_wanted) wanted.push({ row, request });
  }
  return { usages, wanted };
}

function numbersUsage(row: NumbersRow, { aggregation_type }: UsageRequest): GroupUsage {
  if (aggregation_type === "count_agg") return usageOf(dec(row.events), row.events);
  if (aggregation_type === "max_agg") return usageOf(row.max ?? ZERO, row.numeric_events);
  return usageOf(row.sum ?? ZERO, row.numeric_events, row.amount_cents ?? ZERO);
}

/** One figure per request, in the order of the requests. */
export async function readPlain(
  pool: pg.Pool,
  requests: readonly UsageRequest[],
  worthKeeping: number,
): Promise<GroupUsage[]> {
  const usages: GroupUsage[] = requests.map(() => NOTHING);
  const kinds = Map.groupBy(requests.keys(), (index) => MEASURE_OF[(requests[index] as UsageRequest).aggregation_type]);
  await Promise.all(
    [...kinds].map(async ([measure, indexes]) => {
      const some = indexes.map((index) => requests[index] as UsageRequest);
      const found = await readMeasure(pool, measure ?? "numbers", some, worthKeeping);
      for (const [position, index] of indexes.entries()) usages[index] = found[position] as GroupUsage;
    }),
  );
  return usages;
}

async function readMeasure(
  pool: pg.Pool,
  measure: Measure,
  requests: readonly UsageRequest[],
  worthKeeping: number,
): Promise<GroupUsage[]> {
  if (measure === "unique") {
    const { usages, wanted } = await readKind<UniqueRow>(
      pool,
      "read_unique",
      READ_UNIQUE,
      requests,
      worthKeeping,
      ({ active_values }) => usageOf(dec(active_values), active_values),
    );
    await wantWindows(pool, wanted);
    return usages;
  }
  const { usages, wanted } =
    measure === "numbers"
      ? await readKind<NumbersRow>(pool, "read_numbers", READ_NUMBERS, requests, worthKeeping, numbersUsage)
      : // A last value below zero counts as nothing (2.2).
        await readKind<LastRow>(pool, "read_last", READ_LAST, requests, worthKeeping, ({ numeric_events, last }) =>
          usageOf(max(last ?? ZERO, ZERO), numeric_events),
        );
  await wantFolds(pool, measure, wanted);
  return usages;
}

type Wanted = readonly { readonly row: Row; readonly request: UsageRequest }[];

const columnsOf = (wanted: Wanted, measure: Measure) => [
  wanted.map(({ row }) => row.stream_id),
  wanted.map(() => measure),
  wanted.map(({ request }) => request.field_name),
  wanted.map(() => "{}"),
];

async function wantFolds(pool: pg.Pool, measure: Measure, wanted: Wanted): Promise<void> {
  if (wanted.length === 0) return;
  const specs = columnsOf(wanted, measure);
  await pool.query(WANT_SPECS, specs);
  await pool.query(WANT_FOLDS, specs.slice(0, 3));
}

async function wantWindows(pool: pg.Pool, wanted: Wanted): Promise<void> {
  if (wanted.length === 0) return;
  const specs = columnsOf(wanted, "unique");
  await pool.query(WANT_SPECS, specs);
  await pool.query(WANT_WINDOWS, [
    ...specs,
    wanted.map(({ request }) => windowStart(request).toString()),
    wanted.map(({ request }) => request.to.toString()),
  ]);
}
