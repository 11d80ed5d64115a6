/** What the order of arrival, repetition and the cutting of a window into parts must not change. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { AggregationType } from "../catalog/index.ts";
import { type Dec, dec, sum, ZERO } from "../kernel/decimal.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import type { FolderOptions } from "./fold/folder.ts";
import { CODE, END, FILTERS, instant, type Look, look, requestsOf, START, sent, shown } from "./histories/testing.ts";
import type { GroupUsage, UsageRequest } from "./model.ts";
import { MeteringBench, prepareLog, type SentEvent } from "./testing.ts";
import { readUsage } from "./usage/read.ts";

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

const KEEP_EVERYTHING = -1;
const FOLDING: FolderOptions = {
  batchEvents: 60,
  thresholds: { rawEventsMax: 3, dayGrainEventsMax: 12 },
  findMetered: async (_client, codes) =>
    codes.flatMap(({ organization_id }) =>
      (["numbers", "last", "unique"] as const).map((measure) => ({
        ...{ organization_id, code: CODE, measure, field_name: "v" },
      })),
    ),
};

/** Up to 80 events, no two of them of one transaction or of one moment: between those the order of arrival decides, as it must. */
const distinctEvents = fc.uniqueArray(sent, {
  minLength: 10,
  maxLength: 80,
  selector: ({ subscription, transaction, micros }) => [`${subscription} ${transaction}`, String(micros)] as const,
  comparator: ([name, at], [otherName, otherAt]) => name === otherName || at === otherAt,
});

/** Sends in pieces, folding between some of them, and each piece a second time. */
async function sentInPieces(events: readonly SentEvent[], pieces: number): Promise<MeteringBench> {
  const bench = new MeteringBench(database, CODE);
  await bench.open();
  const size = Math.ceil(events.length / pieces);
  for (let from = 0; from < events.length; from += size) {
    const piece = events.slice(from, from + size);
    await bench.send(piece);
    if (from % 2 === 0) await bench.fold(FOLDING);
    await bench.send(events.slice(0, from + size));
  }
  return bench;
}

const usagesOf = async (bench: MeteringBench, looks: readonly Look[]) => {
  const requests = ["s0", "s1"].flatMap((subscription) =>
    looks.flatMap((one) => requestsOf(bench.organizationId, subscription, one)),
  );
  return readUsage(database, requests, KEEP_EVERYTHING);
};

test("the same events in another order and sent again are the same usage in arrears: 3,000 usages and more", async () => {
  await fc.assert(
    fc.asyncProperty(
      distinctEvents.chain((events) =>
        fc.tuple(
          fc.constant(events),
          fc.shuffledSubarray(events, { minLength: events.length }),
          fc.integer({ min: 1, max: 5 }),
        ),
      ),
      fc.array(look, { minLength: 12, maxLength: 12 }),
      async ([events, shuffled, pieces], looks) => {
        const one = await sentInPieces(events, 1);
        const other = await sentInPieces(shuffled, pieces);
        for (let time = 0; time < 2; time++) {
          const [expected, found] = [await usagesOf(one, looks), await usagesOf(other, looks)];
          for (const [index, usage] of found.entries()) assert.deepEqual(shown(usage), shown(expected[index] ?? []));
          await one.fold(FOLDING);
          await other.fold(FOLDING);
        }
      },
    ),
    { numRuns: 6 },
  );
});

const LINEAR: readonly AggregationType[] = ["count_agg", "sum_agg", "weighted_sum_agg"];
const PERIOD_SECONDS = 31 * 86_400;
const SECOND = 1_000_000n;

/** Whole seconds of the five days, in order: from, where the parts meet, to. */
const cuts = fc
  .uniqueArray(fc.bigInt({ min: 0n, max: (END - START) / SECOND }), { minLength: 3, maxLength: 6 })
  .map((seconds) => seconds.sort((a, b) => (a < b ? -1 : 1)).map((second) => START + second * SECOND));

function partsOf(bench: MeteringBench, aggregation_type: AggregationType, at: readonly bigint[], filters: number) {
  const between = (from: bigint, to: bigint): UsageRequest => ({
    ...{ organization_id: bench.organizationId, external_subscription_id: "s0", code: CODE, aggregation_type },
    field_name: aggregation_type === "count_agg" ? null : "v",
    ...{ from: instant(from), to: instant(to), buckets: FILTERS[filters] ?? [] },
    ...{ history: null, proration: null, custom: null, up_to: null },
    // Each part begins with the level that the one before it ended with.
    weighted:
      aggregation_type === "weighted_sum_agg"
        ? { period_seconds: PERIOD_SECONDS, history_before: instant(from) }
        : null,
  });
  const parts = at.slice(1).map((to, index) => between(at[index] as bigint, to));
  return [between(at[0] as bigint, at.at(-1) as bigint), ...parts];
}

/** Units by bucket and group. */
const unitsOf = (usage: readonly (readonly GroupUsage[])[]) =>
  new Map(
    usage.flatMap((groups, bucket) =>
      groups.map(({ group, units }) => [`${bucket} ${JSON.stringify(group)}`, units] as const),
    ),
  );

test("a window that is cut into parts has, part by part, the units of the whole and their price: 1,800 cuts", async () => {
  const UNIT_PRICE = dec("0.37");
  const close = (a: Dec, b: Dec, parts: number) => a.minus(b).abs().lte(dec("1e-20").times(parts));
  await fc.assert(
    fc.asyncProperty(
      fc.array(sent, { minLength: 20, maxLength: 80 }),
      fc.array(fc.tuple(cuts, fc.nat(FILTERS.length - 1)), { minLength: 60, maxLength: 60 }),
      async (events, wanted) => {
        const bench = await sentInPieces(events, 2);
        const cases = wanted.flatMap(([at, filters]) =>
          LINEAR.map((type) => ({ type, requests: partsOf(bench, type, at, filters) })),
        );
        const usages = await readUsage(
          database,
          cases.flatMap(({ requests }) => requests),
          KEEP_EVERYTHING,
        );
        let read = 0;
        for (const { type, requests } of cases) {
          const [whole, ...parts] = usages.slice(read, read + requests.length).map(unitsOf);
          read += requests.length;
          const names = new Set([...(whole?.keys() ?? []), ...parts.flatMap((part) => [...part.keys()])]);
          for (const name of names) {
            const total = whole?.get(name) ?? ZERO;
            const added = sum(parts.map((part) => part.get(name) ?? ZERO));
            const isSame = type === "weighted_sum_agg" ? close(total, added, requests.length) : total.eq(added);
            assert.ok(isSame, `${type} ${name}: ${added} is not ${total}`);
            if (type === "weighted_sum_agg") continue;
            const prices = parts.map((part) => (part.get(name) ?? ZERO).times(UNIT_PRICE));
            assert.ok(sum(prices).eq(total.times(UNIT_PRICE)));
          }
        }
      },
    ),
    { numRuns: 10 },
  );
});
