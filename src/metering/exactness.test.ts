/** Usage from cells, edges and tail equals a naive recount of what was sent, at any moment of folding. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { AggregationType } from "../catalog/index.ts";
import { dec } from "../kernel/decimal.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import type { MeteredProperty } from "./fold/folder.ts";
import type { CarriedLevel, EventBucket, GroupUsage, SeriesNeed, SeriesRequest, UsageRequest } from "./model.ts";
import { MeteringBench, prepareLog, type SentEvent } from "./testing.ts";
import { readUsage } from "./usage/read.ts";
import { readSeries } from "./usage/series.ts";
import { recount, recountSeries } from "./usage/testing.ts";

let testDatabase: TestDatabase;
let database: Database;
before(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, poolSize: 8 });
  await prepareLog(database);
});
after(async () => {
  await database.close();
  await testDatabase.drop();
});

const BASE = Date.UTC(2024, 2, 8, 20);
const DAYS = 5;
/** Five days around a change of the clocks in New York, to the microsecond, many of them on bucket edges. */
const moment = fc.oneof(
  fc.integer({ min: 0, max: DAYS * 96 }).map((quarter) => BigInt(BASE + quarter * 900_000) * 1000n),
  fc.bigInt({ min: BigInt(BASE) * 1000n, max: BigInt(BASE + DAYS * 86_400_000) * 1000n }),
);
const START = BigInt(BASE) * 1000n;
const END = BigInt(BASE + DAYS * 86_400_000) * 1000n;

const CODE = "tokens";
const FIELD = "v";
const value = fc.oneof(
  fc.integer({ min: -20, max: 50 }),
  fc.integer({ min: -500, max: 500 }).map((cents) => (cents / 100).toFixed(2)),
  fc.constantFrom("abc", "1e3", "", null, true, " 4", "+4", ".5", 0.1),
);
const ODD = "NULL,{\"a}\\'";
const REGIONS = ["eu", "us", "", null, 5, true, "NULL", ODD, undefined] as const;
const sent: fc.Arbitrary<SentEvent> = fc
  .record({
    stream: fc.integer({ min: 0, max: 1 }),
    transaction: fc.integer({ min: 0, max: 150 }),
    micros: moment,
    v: value,
    operation: fc.constantFrom(undefined, undefined, "add", "remove", "remove", "other"),
    region: fc.constantFrom(...REGIONS),
    cloud: fc.constantFrom("aws", "gcp", undefined),
    amount: fc.option(fc.integer({ min: -300, max: 300 }).map((cents) => (cents / 100).toFixed(2))),
  })
  .map(({ stream, transaction, micros, v, operation, region, cloud, amount }) => ({
    subscription: `s${stream}`,
    transaction: `t${transaction}`,
    micros,
    amount_cents: amount,
    properties: {
      [FIELD]: v,
      ...(operation && { operation_type: operation }),
      ...(region !== undefined && { region }),
      ...(cloud && { cloud }),
    },
  }));

const NO_FILTER: readonly EventBucket[] = [{ conditions: {}, group_by: [] }];
/** Filters, keys and groups as they may be changed between two reads. */
const FILTERS: readonly (readonly EventBucket[])[] = [
  NO_FILTER,
  NO_FILTER,
  [{ conditions: {}, group_by: ["region"] }],
  [{ conditions: {}, group_by: ["region", "cloud"] }],
  [
    { conditions: { region: ["eu", "5", ODD] }, group_by: [] },
    { conditions: {}, group_by: ["cloud"] },
  ],
  [
    { conditions: { cloud: ["aws"], region: ["eu", "true"] }, group_by: [] },
    { conditions: { cloud: ["aws", "gcp"] }, group_by: ["region"] },
    { conditions: { region: ["eu", ""] }, group_by: [] },
  ],
];
const ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"] as const;
const AGGREGATIONS: readonly AggregationType[] = [
  "count_agg",
  "sum_agg",
  "max_agg",
  "latest_agg",
  "unique_count_agg",
  "weighted_sum_agg",
];

interface Look {
  readonly from: bigint;
  readonly to: bigint;
  readonly filters: number;
  readonly timezone: string;
  readonly history: bigint | null;
  /** Which event of the log is the last that counts, as a share of all; null: all. */
  readonly up_to: number | null;
}
const look: fc.Arbitrary<Look> = fc
  .record({
    a: moment,
    b: moment,
    filters: fc.nat(FILTERS.length - 1),
    timezone: fc.constantFrom(...ZONES),
    history: fc.option(moment, { freq: 2 }),
    up_to: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { freq: 1 }),
  })
  .map(({ a, b, ...rest }) => ({ from: a < b ? a : b, to: a < b ? b : a + 1n, ...rest }));

type Step =
  | { readonly kind: "send"; readonly events: readonly SentEvent[] }
  | { readonly kind: "fold" }
  | { readonly kind: "void"; readonly subscription: string; readonly index: number }
  | { readonly kind: "read"; readonly look: Look }
  /** Everything that was read before: most of it is kept by now. */
  | { readonly kind: "read again" };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(sent, { minLength: 1, maxLength: 40 }).map((events) => ({ kind: "send" as const, events })),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "fold" as const }) },
  { weight: 2, arbitrary: look.map((one) => ({ kind: "read" as const, look: one })) },
  { weight: 1, arbitrary: fc.constant({ kind: "read again" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("void" as const),
      subscription: fc.constantFrom("s0", "s1"),
      index: fc.nat(60),
    }),
  },
);

const METERED: Omit<MeteredProperty, "organization_id">[] = [
  { code: CODE, measure: "numbers", field_name: FIELD },
  { code: CODE, measure: "last", field_name: FIELD },
  { code: CODE, measure: "unique", field_name: FIELD },
];
const folding = {
  batchEvents: 60,
  thresholds: { rawEventsMax: 3, dayGrainEventsMax: 12 },
  findMetered: async (_client: unknown, codes: readonly { organization_id: string }[]) =>
    codes.flatMap(({ organization_id }) => METERED.map((one) => ({ organization_id, ...one }))),
};

const instant = (micros: bigint) => Temporal.Instant.fromEpochNanoseconds(micros * 1000n);

/** Every way in which one window can be asked for. */
function requestsOf(organization_id: string, subscription: string, one: Look): UsageRequest[] {
  const buckets = FILTERS[one.filters] as readonly EventBucket[];
  const metered = AGGREGATIONS.map(
    (aggregation_type): UsageRequest => ({
      organization_id,
      external_subscription_id: subscription,
      code: CODE,
      aggregation_type,
      field_name: aggregation_type === "count_agg" ? null : FIELD,
      from: instant(one.from),
      to: instant(one.to),
      buckets,
      history: null,
      proration: null,
      weighted: aggregation_type === "weighted_sum_agg" ? { period_seconds: 5 * 86_400, history_before: null } : null,
      custom: null,
      up_to: null,
    }),
  );
  const history = { from: one.history === null ? null : instant(one.history) };
  const proration = { timezone: one.timezone, period_days: 31, billed_days: 4 };
  const recurring = metered.flatMap((request): UsageRequest[] => {
    const levels: CarriedLevel[] = [
      { bucket: 0, group: { region: "eu", cloud: null }, level: dec("2.5") },
      { bucket: 0, group: {}, level: dec(-3) },
    ];
    if (request.aggregation_type === "weighted_sum_agg") {
      const seconds = { period_seconds: 31 * 86_400 };
      const before = Temporal.Instant.fromEpochMilliseconds(request.from.epochMilliseconds - 1_000);
      return [
        { ...request, weighted: { ...seconds, levels } },
        { ...request, history, weighted: { ...seconds, history_before: before } },
      ];
    }
    if (request.aggregation_type !== "sum_agg" && request.aggregation_type !== "unique_count_agg") return [];
    return [
      { ...request, history },
      { ...request, history, proration },
    ];
  });
  return [...metered, ...recurring];
}

function shown(usage: readonly (readonly GroupUsage[])[]) {
  return usage.map((groups) =>
    groups.map((one) => ({
      ...one,
      units: one.units.toFixed(),
      full_units: one.full_units?.toFixed() ?? null,
      total_aggregated_units: one.total_aggregated_units?.toFixed() ?? null,
      amount_cents: one.amount_cents.toFixed(),
      last_event_at: one.last_event_at?.toString() ?? null,
    })),
  );
}

const described = ({ aggregation_type, buckets, history, proration, up_to, from, to }: UsageRequest) =>
  JSON.stringify({ aggregation_type, buckets, history, proration, up_to, from, to });

async function compare(bench: MeteringBench, one: Look): Promise<void> {
  const cases = (
    await Promise.all(
      ["s0", "s1"].map(async (subscription) => {
        const accepted = bench.acceptedOf(subscription);
        const upTo = one.up_to === null ? null : Math.floor(one.up_to * accepted.length);
        const last = upTo === null ? null : (accepted[upTo] ?? null);
        const ordinal = last === null ? 0n : await ordinalOf(bench, subscription, last as SentEvent);
        return requestsOf(bench.organizationId, subscription, one).map((request) => {
          if (last === null || request.aggregation_type === "weighted_sum_agg")
            return { subscription, request, recounted: request };
          const timestamp = instant(last.micros);
          return {
            subscription,
            request: { ...request, up_to: { timestamp, ordinal } },
            recounted: { ...request, up_to: { timestamp, ordinal: BigInt(upTo ?? 0) } },
          };
        });
      }),
    )
  ).flat();
  const usages = await readUsage(
    database,
    cases.map(({ request }) => request),
    EVERYTHING_IS_WORTH_KEEPING,
  );
  for (const [index, { subscription, request, recounted }] of cases.entries()) {
    const expected = recount(recounted, bench.acceptedOf(subscription));
    assert.deepEqual(shown(usages[index] ?? []), shown(expected), described(request));
  }
  await compareSeries(bench, cases);
}

async function compareSeries(
  bench: MeteringBench,
  cases: readonly { subscription: string; request: UsageRequest; recounted: UsageRequest }[],
): Promise<void> {
  const needs: readonly SeriesNeed[] = ["all", { first: 2 }, { until_sum_exceeds: dec(10) }];
  const wanted = cases
    .filter(({ request }) => request.aggregation_type !== "weighted_sum_agg")
    .flatMap((one, index) => {
      const usage = recount(one.recounted, bench.acceptedOf(one.subscription));
      const groups = usage.flatMap((found, bucket) => found.map(({ group }) => ({ bucket, group })));
      // Of some requests one series is asked for, of the others several.
      const asked = index % 2 === 0 ? groups.slice(-1) : groups.slice(0, 3);
      return needs
        .filter((need) => need === "all" || one.request.proration === null)
        .flatMap((need) => asked.map((group) => ({ ...one, ...group, need })));
    });
  const series = await readSeries(
    database,
    wanted.map(({ request, bucket, group, need }): SeriesRequest => ({ request, bucket, group, need })),
  );
  for (const [index, { subscription, recounted, bucket, group, need }] of wanted.entries()) {
    const whole = recountSeries(recounted, bucket, group, bench.acceptedOf(subscription), need !== "all");
    const read = (series[index] ?? []).map(({ full, prorated }) => [full.toFixed(), prorated?.toFixed() ?? null]);
    let total = dec(0);
    const end =
      need === "all"
        ? whole.length
        : "first" in need
          ? need.first
          : whole.findIndex(({ full }) => {
              total = total.plus(full);
              return total.gt(need.until_sum_exceeds);
            }) + 1 || whole.length;
    const expected = whole.slice(0, end).map(({ full, prorated }) => [full.toFixed(), prorated?.toFixed() ?? null]);
    assert.deepEqual(read, expected, `${described(recounted)} ${JSON.stringify(need)}`);
  }
}

async function ordinalOf(bench: MeteringBench, subscription: string, event: SentEvent): Promise<bigint> {
  const { rows } = await database.pool.query<{ ordinal: bigint }>(
    `select e.ordinal from events e join streams s on s.id = e.stream_id
     where s.organization_id = $1 and s.external_subscription_id = $2 and e.transaction_id = $3`,
    [bench.organizationId, subscription, event.transaction],
  );
  return rows[0]?.ordinal ?? 0n;
}

/** Short streams would never ask for a window: here every one that was read is kept from then on. */
const EVERYTHING_IS_WORTH_KEEPING = -1;

const WHOLE: Look = { from: START, to: END, filters: 0, timezone: "UTC", history: null, up_to: null };

async function play(steps: readonly Step[]): Promise<void> {
  const bench = new MeteringBench(database, CODE);
  await bench.open();
  const looks: Look[] = [];
  for (const action of steps) {
    if (action.kind === "fold") await bench.fold(folding);
    else if (action.kind === "send") await bench.send(action.events);
    else if (action.kind === "void") await bench.void(action.subscription, action.index);
    else if (action.kind === "read") {
      looks.push(action.look);
      await compare(bench, action.look);
    } else for (const one of looks) await compare(bench, one);
  }
  for (const filters of FILTERS.keys()) await compare(bench, { ...WHOLE, filters });
  await bench.fold(folding);
  for (const one of looks) await compare(bench, one);
}

test("usage equals a recount, for any order, repetition, lateness and moment of folding", {
  timeout: 240_000,
}, async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), play), {
    numRuns: Number(process.env.WEIR_RUNS ?? 60),
  });
});
