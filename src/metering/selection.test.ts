/** What an aggregation selects and makes of it: the tables of 2.1, 2.2, 2.3 and 2.7 of the metering spec. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AggregationType } from "../catalog/index.ts";
import { dec } from "../kernel/decimal.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import type { UsageRequest } from "./model.ts";
import { benchWith, FOLD_EVERYTHING, prepareLog, requestOf, type Sent } from "./testing.ts";
import { readUsage } from "./usage/read.ts";
import { readSeries } from "./usage/series.ts";

let testDatabase: TestDatabase;
let database: Database;
before(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, poolSize: 4 });
  await prepareLog(database);
});
after(async () => {
  await database.close();
  await testDatabase.drop();
});

const at = (second: number) => `2024-05-02T00:00:${String(second).padStart(2, "0")}Z`;
const MONTH_SECONDS = 31 * 86_400;
const KEEP_EVERYTHING = -1;
const AGGREGATIONS: readonly AggregationType[] = [
  "count_agg",
  "sum_agg",
  "max_agg",
  "latest_agg",
  "unique_count_agg",
  "weighted_sum_agg",
];

/** Units and events of each aggregation, the same before and after the events are folded. */
async function usages(events: readonly Sent[], some: Partial<UsageRequest> = {}): Promise<Record<string, string>> {
  const bench = await benchWith(database, events);
  const weighted = { period_seconds: MONTH_SECONDS, levels: [] };
  const requests = AGGREGATIONS.map((type) =>
    requestOf(bench, type, type === "weighted_sum_agg" ? { weighted, ...some } : some),
  );
  const shown = async () =>
    (await readUsage(database, requests, KEEP_EVERYTHING)).map(([groups], index) => {
      const [usage] = groups ?? [];
      return [AGGREGATIONS[index], `${usage?.units.toFixed()} of ${usage?.events_count}`];
    });
  const raw = await shown();
  await bench.fold(FOLD_EVERYTHING(bench, requests));
  assert.deepEqual(await shown(), raw);
  return Object.fromEntries(raw);
}

test("2.1 (6): only what is written as a plain number is one; whatever it is counts as an event", async () => {
  const numbers = [3, "3", -2.5, "-2.5", "007", "0.50", 0];
  const others = [null, "", "abc", "1e3", ".5", "5.", "+4", " 4", "4 ", "--1", "1,5", true, false, [1], { a: 1 }, "٣"];
  const events = [...numbers, ...others].map((v, index): Sent => [at(index), { v }]);
  const found = await usages([...events, [at(59), {}]]);
  assert.equal(found.count_agg, `${events.length + 1} of ${events.length + 1}`);
  // 3 + 3 − 2.5 − 2.5 + 7 + 0.5 + 0
  assert.equal(found.sum_agg, "8.5 of 7");
  assert.equal(found.max_agg, "7 of 7");
  assert.equal(found.latest_agg, "0 of 7");
  // Each text is a value; an absent one and a null are none: 3, 3 and -2.5, -2.5 are equal, 0 and 0.50 are not.
  assert.equal(found.unique_count_agg, "20 of 20");
});

test("2.2: without an event every aggregation is 0, but for a level that was carried over", async () => {
  assert.deepEqual(await usages([]), Object.fromEntries(AGGREGATIONS.map((type) => [type, "0 of 0"])));
  const levels = [{ bucket: 0, group: {}, level: dec(7) }];
  const carried = await usages([], { weighted: { period_seconds: MONTH_SECONDS, levels } });
  assert.equal(carried.weighted_sum_agg, "7 of 0");
});

test("2.2: sums and maxima may be negative, the latest may not; of equal moments the later event is the latest", async () => {
  const found = await usages([
    ["2024-05-03T00:00:00Z", { v: -4 }],
    ["2024-05-02T00:00:00Z", { v: -1 }],
    ["2024-05-03T00:00:00Z", { v: -2 }],
  ]);
  assert.deepEqual([found.sum_agg, found.max_agg, found.latest_agg], ["-7 of 3", "-1 of 3", "0 of 3"]);
  const latest = await usages([
    ["2024-05-03T00:00:00Z", { v: 4 }],
    ["2024-05-03T00:00:00Z", { v: 2 }],
    ["2024-05-02T00:00:00Z", { v: 9 }],
  ]);
  assert.equal(latest.latest_agg, "2 of 3");
});

test("2.3: the walk of one value, whatever its order of arrival", async () => {
  for (const [operations, units] of [
    [["add"], 1],
    [["add", "add"], 1],
    [["remove"], 0],
    [["add", "remove"], 0],
    [["remove", "add"], 1],
    [["add", "add", "remove"], 0],
    [["add", "remove", "remove"], 0],
    [["add", "remove", "add"], 1],
    [["other", "remove", "more"], 1],
  ] as const) {
    const events = operations.map((operation_type, index): Sent => [at(index), { v: "a", operation_type }]);
    for (const sent of [events, events.toReversed()]) {
      assert.equal((await usages(sent)).unique_count_agg, `${units} of ${units}`, operations.join(" "));
    }
  }
});

test("2.3: of operations on a value at one moment the one that came later decides, also where filters tell them apart", async () => {
  const operation = (region: string, operation_type?: string): Sent => [at(1), { v: "a", region, operation_type }];
  const buckets = [{ conditions: { region: ["eu", "us"] }, group_by: [] }];
  for (const [events, units] of [
    [[operation("eu"), operation("us", "remove")], 0],
    [[operation("us"), operation("eu", "remove")], 0],
    [[operation("eu", "remove"), operation("us")], 1],
    [[operation("us", "remove"), operation("eu")], 1],
  ] as const) {
    const found = await usages(events, { buckets });
    assert.equal(found.unique_count_agg, `${units} of ${units}`);
    assert.equal((await usages(events)).unique_count_agg, `${units} of ${units}`);
  }
});

test("2.2: a latest value below zero is none, also of a filter's events", async () => {
  const buckets = [{ conditions: { region: ["eu"] }, group_by: [] }];
  const found = await usages([[at(1), { v: -3, region: "eu" }]], { buckets });
  assert.deepEqual([found.latest_agg, found.max_agg], ["0 of 1", "-3 of 1"]);
});

test("2.7: the values of single events, by aggregation", async () => {
  const bench = await benchWith(database, [
    [at(3), { v: 4 }],
    [at(1), { v: 2 }],
    [at(2), { v: 9, operation_type: "remove" }],
    [at(4), { v: "x" }],
    [at(5), { v: 9 }],
  ]);
  const series = await readSeries(
    database,
    AGGREGATIONS.slice(0, 5).map((type) => ({
      ...{ request: requestOf(bench, type, {}), bucket: 0, group: {} },
      need: "all" as const,
    })),
  );
  assert.deepEqual(
    series.map((values) => values.map(({ full }) => full.toFixed()).join(" ")),
    ["1 1 1 1 1", "2 9 4 9", "2 9 4 9", "2 9 4 9", "1 1 1 1 1"],
  );
});
