/** The worked examples of sections 2.2 to 2.7 and the golden scenarios of usage, read from the log and from cells. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AggregationType } from "../catalog/index.ts";
import { dec } from "../kernel/decimal.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import type { EventBucket, GroupUsage, UsageRequest } from "./model.ts";
import { benchWith, FOLD_EVERYTHING, type MeteringBench, prepareLog, requestOf, type Sent } from "./testing.ts";
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

const instant = Temporal.Instant.from;

const benchOf = (events: readonly Sent[]) => benchWith(database, events);

/** Every window that was read is worth keeping. */
const KEEP_EVERYTHING = -1;

/** Asked before anything is folded, and after everything is: the answers are the same. */
async function usageOf(bench: MeteringBench, request: UsageRequest): Promise<GroupUsage[][]> {
  const [raw] = await readUsage(database, [request], KEEP_EVERYTHING);
  await bench.fold(FOLD_EVERYTHING(bench, [request]));
  const [folded] = await readUsage(database, [request]);
  assert.deepEqual(folded, raw);
  return raw as GroupUsage[][];
}

async function unitsOf(events: readonly Sent[], aggregation_type: AggregationType, some: Partial<UsageRequest> = {}) {
  const bench = await benchOf(events);
  const [[usage] = []] = await usageOf(bench, requestOf(bench, aggregation_type, some));
  return usage as GroupUsage;
}

const v = (at: string, value: unknown, more: Record<string, unknown> = {}): Sent => [at, { v: value, ...more }];

test("G1: an event counts in the window that holds its instant; a recurring sum has no lower bound", async () => {
  const events = [
    "2024-04-10T14:59:59.999Z",
    "2024-04-10T15:00:00Z",
    "2024-05-01T03:59:59.500Z",
    "2024-05-01T04:00:00Z",
  ];
  const window = { from: instant("2024-04-10T15:00:00Z"), to: instant("2024-05-01T04:00:00Z") };
  const sent = events.map((at) => v(at, 1));
  assert.equal((await unitsOf(sent, "count_agg", window)).units.toFixed(), "2");
  assert.equal((await unitsOf(sent, "sum_agg", { ...window, history: { from: null } })).units.toFixed(), "3");
});

test("G3: every aggregation over one list of events", async () => {
  const sent: Sent[] = [
    v("2024-05-02T00:00:01Z", "5"),
    v("2024-05-02T00:00:02Z", "abc"),
    v("2024-05-02T00:00:03Z", "-2"),
    ["2024-05-02T00:00:04Z", {}],
    v("2024-05-02T00:00:05Z", "5", { operation_type: "remove" }),
    v("2024-05-02T00:00:06Z", "7.5"),
  ];
  for (const [type, units, count] of [
    ["count_agg", "6", 6],
    ["sum_agg", "15.5", 4],
    ["max_agg", "7.5", 4],
    ["latest_agg", "7.5", 4],
    ["unique_count_agg", "3", 3],
  ] as const) {
    const usage = await unitsOf(sent, type);
    assert.deepEqual([usage.units.toFixed(), usage.events_count], [units, count], type);
  }
  const negative = [...sent.slice(0, 5), v("2024-05-02T00:00:06Z", "-1")];
  assert.equal((await unitsOf(negative, "latest_agg")).units.toFixed(), "0");
});

test("2.3: a value added and removed within a metered period counts nothing; any other operation adds", async () => {
  const sent = [
    v("2024-05-02T00:00:00Z", "a"),
    v("2024-05-03T00:00:00Z", "a", { operation_type: "remove" }),
    v("2024-05-03T00:00:00Z", "b", { operation_type: "adds" }),
    v("2024-05-03T00:00:00Z", "c", { operation_type: "remove" }),
    v("2024-05-03T00:00:00Z", null),
  ];
  assert.equal((await unitsOf(sent, "unique_count_agg")).units.toFixed(), "1");
});

const FILTERS: readonly EventBucket[] = [
  { conditions: { cloud: ["aws"], region: ["eu"] }, group_by: [] },
  { conditions: { cloud: ["aws"] }, group_by: [] },
  { conditions: { cloud: ["aws", "gcp"] }, group_by: [] },
  { conditions: {}, group_by: [] },
];

test("G4: each event is in the bucket of the most specific filter that it meets", async () => {
  const at = "2024-05-02T00:00:00Z";
  const bench = await benchOf([
    v(at, 4, { cloud: "aws", region: "eu" }),
    v(at, 10, { cloud: "aws", region: "us" }),
    v(at, 7, { cloud: "gcp" }),
    v(at, 2, { cloud: "azure" }),
    v(at, 1),
  ]);
  const usage = await usageOf(bench, requestOf(bench, "sum_agg", { buckets: FILTERS }));
  assert.deepEqual(
    usage.map((groups) => groups.map(({ units }) => units.toFixed())),
    [["4"], ["10"], ["7"], ["3"]],
  );
});

test("G5: a group for each text of the key; a missing and an empty one are the same", async () => {
  const at = "2024-05-02T00:00:00Z";
  const bench = await benchOf([
    v(at, 8, { user: "a" }),
    v(at, 14, { user: "b" }),
    v(at, 1),
    v(at, 1, { user: "" }),
    v(at, 1, { user: null }),
  ]);
  const grouped = requestOf(bench, "sum_agg", { buckets: [{ conditions: {}, group_by: ["user"] }] });
  const usage = await usageOf(bench, grouped);
  assert.deepEqual(
    usage.map((groups) => groups.map(({ group, units }) => [group.user, units.toFixed()])),
    [
      [
        [null, "3"],
        ["a", "8"],
        ["b", "14"],
      ],
    ],
  );
  const nothing = await readUsage(database, [{ ...grouped, code: "other" }]);
  assert.deepEqual(
    nothing[0]?.map((groups) => groups.map(({ group, units }) => [group, units.toFixed()])),
    [[[{ user: null }, "0"]]],
  );
});

test("G14 (units): a filter has group keys of its own, the default bucket the charge's", async () => {
  const at = "2024-05-02T00:00:00Z";
  const bench = await benchOf([
    v(at, 10, { cloud: "aws", region: "us", country: "us" }),
    v(at, 10, { cloud: "aws", region: "europe", country: "france" }),
    v(at, 10, { cloud: "aws", region: "asia" }),
    v(at, 10, { cloud: "gcp", region: "asia", country: "china" }),
  ]);
  const buckets: EventBucket[] = [
    { conditions: { cloud: ["aws"], region: ["us", "europe", "asia"] }, group_by: ["country"] },
    { conditions: {}, group_by: [] },
  ];
  const usage = await usageOf(bench, requestOf(bench, "sum_agg", { buckets }));
  assert.deepEqual(
    usage.map((groups) => groups.map(({ group, units }) => [group, units.toFixed()])),
    [
      [
        [{ country: null }, "10"],
        [{ country: "france" }, "10"],
        [{ country: "us" }, "10"],
      ],
      [[{}, "10"]],
    ],
  );
});

const MAY = { period_days: 31, billed_days: 31, timezone: "UTC" };
const recurring = { history: { from: null } };

test("2.5: a prorated sum counts what is carried in whole, what is added by its days", async () => {
  const may = await unitsOf(
    [
      v("2024-04-02T10:00:00Z", 2),
      v("2024-04-20T10:00:00Z", 3),
      v("2024-05-26T01:00:00Z", 12),
      v("2024-05-26T23:00:00Z", 12),
    ],
    "sum_agg",
    { ...recurring, proration: MAY },
  );
  assert.deepEqual([may.units.toFixed(), may.full_units?.toFixed(), may.events_count], ["9.64517", "29", 4]);

  const carried = [v("2023-06-01T00:00:00Z", 1)];
  for (const [from, to, billed_days, units] of [
    ["2023-07-09T00:00:00Z", "2023-07-24T12:00:00Z", 16, "0.51613"],
    ["2023-07-09T00:00:00Z", "2023-07-24T12:00:00Z", 15, "0.48388"],
    ["2023-08-01T00:00:00Z", "2023-08-09T00:00:00Z", 8, "0.25807"],
  ] as const) {
    const window = { from: instant(from), to: instant(to) };
    const usage = await unitsOf(carried, "sum_agg", {
      ...window,
      ...recurring,
      proration: { ...MAY, billed_days },
    });
    assert.equal(usage.units.toFixed(), units);
  }
});

test("2.5: an event at the window's first instant is none of what is carried", async () => {
  const usage = await unitsOf([v("2024-05-01T00:00:00Z", 31)], "sum_agg", {
    ...recurring,
    proration: { ...MAY, billed_days: 1 },
  });
  assert.equal(usage.units.toFixed(), "31");
});

test("2.5: prorated values count the days from their addition to their removal, each day once", async () => {
  const day = (no: number, hour = 10) => `2024-05-${String(no).padStart(2, "0")}T${hour}:00:00Z`;
  const removal = { operation_type: "remove" };
  const before = v("2024-04-10T10:00:00Z", "a");
  const bothOn = (no: number) => [v(day(no, 10), "a"), v(day(no, 11), "a", removal)];
  for (const [name, sent, days, full] of [
    ["added day 1, kept", [v(day(1), "a")], 31, 1],
    ["added day 11, kept", [v(day(11), "a")], 21, 1],
    ["carried, removed 15 days before the end", [before, v(day(16), "a", removal)], 16, 0],
    ["added day 2, removed one day before the last", [v(day(2), "a"), v(day(30), "a", removal)], 29, 0],
    ["add/remove/add/remove all on day 1", [...bothOn(1), v(day(1, 12), "a"), v(day(1, 13), "a", removal)], 1, 0],
    ["add+remove on days 1, 6, 11", [1, 6, 11].flatMap(bothOn), 3, 0],
    ["carried, removed the last day", [before, v(day(31), "a", removal)], 31, 0],
    ["added and removed before the window", [before, v("2024-04-20T10:00:00Z", "a", removal)], 0, 0],
  ] as const) {
    const usage = await unitsOf(sent, "unique_count_agg", { ...recurring, proration: MAY });
    const units = Math.ceil((days / 31) * 100_000) / 100_000;
    assert.deepEqual([usage.units.toFixed(), usage.full_units?.toFixed()], [String(units), String(full)], name);
  }
});

test("days are those of the customer's zone, also where its clocks change", async () => {
  const window = { from: instant("2024-03-01T05:00:00Z"), to: instant("2024-04-01T04:00:00Z") };
  const proration = { timezone: "America/New_York", period_days: 31, billed_days: 31 };
  for (const [at, days] of [
    ["2024-03-10T04:59:59Z", 23],
    ["2024-03-10T05:00:00Z", 22],
    ["2024-03-11T03:59:59Z", 22],
    ["2024-03-11T04:00:00Z", 21],
    ["2024-04-01T03:59:59Z", 1],
  ] as const) {
    const some = { ...window, ...recurring, proration };
    assert.equal((await unitsOf([v(at, 31)], "sum_agg", some)).units.toFixed(), String(days), at);
    const unique = await unitsOf([v(at, "a")], "unique_count_agg", some);
    assert.equal(unique.units.times(31).round(0, 0).toFixed(), String(days), at);
  }
});

test("2.6: a weighted sum is the level's average over the whole period", async () => {
  const month = (from: string, to: string, days: number) => ({
    from: instant(from),
    to: instant(to),
    weighted: { period_seconds: days * 86_400, levels: [] },
  });
  const march = month("2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", 31);
  const first = await unitsOf([v("2024-03-05T00:00:00Z", 2500)], "weighted_sum_agg", march);
  assert.equal(first.units.toFixed(5), dec(2500).times(27).div(31).toFixed(5));
  assert.deepEqual([first.total_aggregated_units?.toFixed(), first.events_count], ["2500", 1]);
  assert.equal(first.last_event_at?.toString(), "2024-03-05T00:00:00Z");

  const april = month("2024-04-01T00:00:00Z", "2024-05-01T00:00:00Z", 30);
  const carried = { period_seconds: 30 * 86_400, levels: [{ bucket: 0, group: {}, level: dec(2500) }] };
  const second = await unitsOf(
    [v("2024-04-04T00:00:00Z", -2000), v("2024-04-06T00:00:00Z", -200)],
    "weighted_sum_agg",
    { ...april, weighted: carried },
  );
  assert.equal(second.units.toFixed(3), "533.333");
  assert.equal(second.total_aggregated_units?.toFixed(), "300");

  const day = ["00:00", "01:00", "01:30", "02:00", "04:00", "05:00", "05:30"];
  const within = await unitsOf(
    [2, 3, 1, -4, -2, 10, -10].map((value, index) => v(`2024-03-05T${day[index]}:00Z`, value)),
    "weighted_sum_agg",
    march,
  );
  // (2 + 2.5 + 3 + 4 + 0 + 5) unit-hours.
  assert.equal(within.units.toFixed(5), dec("16.5").div(744).toFixed(5));

  const idle = { period_seconds: 31 * 86_400, levels: [{ bucket: 0, group: {}, level: dec(1000) }] };
  assert.equal((await unitsOf([], "weighted_sum_agg", { ...march, weighted: idle })).units.toFixed(), "1000");
});

test("G9: a successor without a stored level carries the sum of what came before it", async () => {
  const sent = [v("2024-04-01T00:00:00Z", 10), v("2024-04-30T23:59:58Z", 5), v("2024-05-16T00:00:00Z", 31)];
  const usage = await unitsOf(sent, "weighted_sum_agg", {
    ...recurring,
    weighted: { period_seconds: 31 * 86_400, history_before: instant("2024-04-30T23:59:59.000001Z") },
  });
  assert.equal(usage.units.toFixed(), "31");
  assert.equal(usage.total_aggregated_units?.toFixed(), "46");
});

test("2.6: a window that ends within a second is rounded up to the whole one", async () => {
  const at = "2024-05-01T00:00:00Z";
  const ended = await unitsOf([v(at, 1)], "weighted_sum_agg", {
    to: instant("2024-05-01T00:00:09.250001Z"),
    weighted: { period_seconds: 10, levels: [] },
  });
  assert.equal(ended.units.toFixed(), "1");
});

test("2.1 (4): up to an event, itself included; those of the same instant by ingestion", async () => {
  const at = "2024-05-02T00:00:00Z";
  const bench = await benchOf([v(at, 1), v(at, 2), v(at, 4), v("2024-05-01T10:00:00Z", 8)]);
  const { rows } = await database.pool.query<{ ordinal: bigint }>(
    "select e.ordinal from events e join streams s on s.id = e.stream_id where s.organization_id = $1 order by 1",
    [bench.organizationId],
  );
  const requests = rows
    .slice(0, 3)
    .map(({ ordinal }) => requestOf(bench, "sum_agg", { up_to: { timestamp: instant(at), ordinal } }));
  const usages = await readUsage(database, requests);
  assert.deepEqual(
    usages.map((usage) => usage[0]?.[0]?.units.toFixed()),
    ["9", "11", "15"],
  );
});

test("2.7: the single values of one bucket and group, in order; prorated ones in pairs", async () => {
  const bench = await benchOf([
    v("2024-05-03T00:00:00Z", 3, { user: "a" }),
    v("2024-05-02T00:00:00Z", 2, { user: "a" }),
    v("2024-05-02T00:00:00Z", "x", { user: "a" }),
    v("2024-05-02T12:00:00Z", 9, { user: "b" }),
    v("2024-04-02T12:00:00Z", 5, { user: "a" }),
  ]);
  const request = requestOf(bench, "sum_agg", { buckets: [{ conditions: {}, group_by: ["user"] }] });
  const one = { bucket: 0, group: { user: "a" } };
  const prorated = { ...request, ...recurring, proration: MAY };
  const series = await readSeries(database, [
    { request, ...one, need: "all" },
    { request: { ...request, ...recurring }, ...one, need: { first: 2 } },
    { request: prorated, ...one, need: "all" },
  ]);
  assert.deepEqual(
    series.map((values) => values.map(({ full }) => full.toFixed())),
    [
      ["2", "3"],
      ["5", "2"],
      ["5", "2", "3"],
    ],
  );
  assert.deepEqual(
    series[2]?.map(({ prorated: part }) => part?.times(31).round(0).toFixed()),
    ["155", "60", "87"],
  );
});

test("what is kept answers without the log, by filters and groups, also under fewer keys than it is kept by", async () => {
  const sent = Array.from({ length: 40 }, (_, index) =>
    v(`2024-05-${String((index % 28) + 1).padStart(2, "0")}T0${index % 10}:00:00Z`, index, {
      cloud: index % 2 === 0 ? "aws" : "gcp",
      user: `u${index % 3}`,
    }),
  );
  const bench = await benchOf(sent);
  const buckets: readonly EventBucket[] = [
    { conditions: { cloud: ["aws"] }, group_by: ["user"] },
    { conditions: {}, group_by: [] },
  ];
  const levels = { period_seconds: 31 * 86_400, levels: [] };
  const requests = [
    requestOf(bench, "sum_agg", { buckets }),
    requestOf(bench, "latest_agg", { buckets }),
    requestOf(bench, "unique_count_agg", { buckets }),
    requestOf(bench, "weighted_sum_agg", { buckets, weighted: levels }),
    requestOf(bench, "sum_agg", { buckets, history: { from: null } }),
    requestOf(bench, "unique_count_agg", { buckets, history: { from: null } }),
  ];
  const raw = await readUsage(database, requests, KEEP_EVERYTHING);
  await bench.fold(FOLD_EVERYTHING(bench, requests));
  await database.pool.query(
    "delete from events where stream_id in (select id from streams where organization_id = $1)",
    [bench.organizationId],
  );
  assert.deepEqual(await readUsage(database, requests), raw);
  const fewer = requests.map((request) => ({ ...request, buckets: [{ conditions: { user: ["u1"] }, group_by: [] }] }));
  const [sum, latest, unique] = await readUsage(database, fewer);
  assert.deepEqual(
    [sum, latest, unique].map((usage) => usage?.[0]?.[0]?.units.toFixed()),
    ["247", "25", "13"],
  );
});
