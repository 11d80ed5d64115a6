/** Usage from cells, edges and tail equals a naive recount of what was sent, at any moment of folding. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { dec } from "../kernel/decimal.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import type { FolderOptions, MeteredProperty } from "./fold/folder.ts";
import {
  CODE,
  END,
  FIELDS,
  FILTERS,
  instant,
  type Look,
  look,
  moment,
  requestsOf,
  START,
  sent,
  shown,
} from "./histories/testing.ts";
import type { SeriesNeed, SeriesRequest, UsageRequest } from "./model.ts";
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

type Metered = Omit<MeteredProperty, "organization_id">;
const all = (field_name: string): Metered[] =>
  (["numbers", "last", "unique"] as const).map((measure) => ({ code: CODE, measure, field_name }));
/** What the live charges read, as plans and metrics are changed. */
const PLANS: readonly (readonly Metered[])[] = [
  all("v"),
  all("w"),
  [...all("v"), ...all("w")],
  [{ code: CODE, measure: "numbers", field_name: null }],
  [
    { code: CODE, measure: "numbers", field_name: "w" },
    { code: CODE, measure: "unique", field_name: "v" },
  ],
  [],
];
const foldingBy = (plan: number): FolderOptions => ({
  batchEvents: 60,
  thresholds: { rawEventsMax: 3, dayGrainEventsMax: 12 },
  findMetered: async (_client, codes) =>
    codes.flatMap(({ organization_id }) => (PLANS[plan] ?? []).map((one) => ({ organization_id, ...one }))),
});

type Step =
  | { readonly kind: "send"; readonly events: readonly SentEvent[] }
  | { readonly kind: "fold" }
  | { readonly kind: "void"; readonly subscription: string; readonly index: number }
  | { readonly kind: "read"; readonly look: Look }
  /** The charges, or their metrics, are others from a moment on: an upgrade, a downgrade, a plan that was edited. */
  | { readonly kind: "change"; readonly plan: number; readonly at: bigint; readonly look: Look }
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
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      plan: fc.nat(PLANS.length - 1),
      at: moment,
      look,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("void" as const),
      subscription: fc.constantFrom("s0", "s1"),
      index: fc.nat(60),
    }),
  },
);

const described = ({ aggregation_type, field_name, buckets, history, proration, up_to, from, to }: UsageRequest) =>
  JSON.stringify({ aggregation_type, field_name, buckets, history, proration, up_to, from, to });

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

const WHOLE: Look = { field: "v", from: START, to: END, filters: 0, timezone: "UTC", history: null, up_to: null };

async function play(steps: readonly Step[]): Promise<void> {
  const bench = new MeteringBench(database, CODE);
  await bench.open();
  const looks: Look[] = [];
  let plan = 0;
  for (const action of steps) {
    if (action.kind === "fold") await bench.fold(foldingBy(plan));
    else if (action.kind === "send") await bench.send(action.events);
    else if (action.kind === "void") await bench.void(action.subscription, action.index);
    else if (action.kind === "read") {
      looks.push(action.look);
      await compare(bench, action.look);
    } else if (action.kind === "change") {
      plan = action.plan;
      // The old charges up to the moment, itself included; the new ones from it on.
      const { at, look: one } = action;
      looks.push({ ...one, from: START, to: at + 1n }, { ...one, from: at, to: at < END ? END : at + 1n });
      for (const side of looks.slice(-2)) await compare(bench, side);
    } else for (const one of looks) await compare(bench, one);
  }
  for (const filters of FILTERS.keys()) {
    const field = FIELDS[(filters + steps.length) % FIELDS.length] ?? "v";
    await compare(bench, { ...WHOLE, field, filters });
  }
  await bench.fold(foldingBy(plan));
  for (const one of looks) await compare(bench, one);
}

test("usage equals a recount, for any order, repetition, lateness, change of charges and moment of folding", {
  timeout: 240_000,
}, async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), play), {
    numRuns: Number(process.env.WEIR_RUNS ?? 60),
  });
});
