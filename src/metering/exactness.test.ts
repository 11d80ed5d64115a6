/** Usage from cells, edges and tail equals a naive recount of what was sent, at any moment of folding. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { type Dec, dec, ZERO } from "../kernel/decimal.ts";
import { newId } from "../kernel/ids.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { foldBatch, foldWanted, type MeteredProperty } from "./fold/folder.ts";
import { EventWriter } from "./ingest/writer.ts";
import type { ComputedAggregation, UsageRequest } from "./model.ts";
import { microsOf, type ReadEvent, readEvent } from "./rules/event.ts";
import { keyOf } from "./rules/key.ts";
import { readUsage } from "./usage/read.ts";
import { WANT_SPECS, WANT_WINDOWS } from "./usage/statements.ts";

let testDatabase: TestDatabase;
let database: Database;
before(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, poolSize: 8 });
  await database.pool.query("select ensure_event_partitions(now() - interval '1 day', 1)");
});
after(async () => {
  await database.close();
  await testDatabase.drop();
});

const BASE = Date.UTC(2024, 0, 31, 20);
/** Four days around a month's end, to the microsecond, many of them on bucket edges. */
const moment = fc.oneof(
  fc.integer({ min: 0, max: 4 * 96 }).map((quarter) => BigInt(BASE + quarter * 900_000) * 1000n),
  fc.bigInt({ min: BigInt(BASE) * 1000n, max: BigInt(BASE + 4 * 86_400_000) * 1000n }),
);
const value = fc.oneof(
  fc.integer({ min: -20, max: 50 }),
  fc.integer({ min: -500, max: 500 }).map((cents) => (cents / 100).toFixed(2)),
  fc.constantFrom("abc", "1e3", "", null, true, " 4", "+4", ".5", 0.1),
);
interface Sent {
  readonly stream: number;
  readonly transaction: number;
  readonly micros: bigint;
  readonly v: unknown;
  readonly operation: string | undefined;
}
const sent: fc.Arbitrary<Sent> = fc.record({
  stream: fc.integer({ min: 0, max: 1 }),
  transaction: fc.integer({ min: 0, max: 150 }),
  micros: moment,
  v: value,
  operation: fc.constantFrom(undefined, undefined, "add", "remove", "other"),
});
type Step =
  | { readonly kind: "send"; readonly events: readonly Sent[] }
  | { readonly kind: "fold" }
  | { readonly kind: "read"; readonly from: bigint; readonly to: bigint };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(sent, { minLength: 1, maxLength: 40 }).map((events) => ({ kind: "send" as const, events })),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "fold" as const }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(moment, moment)
      .map(([a, b]) => ({ kind: "read" as const, from: a < b ? a : b, to: a < b ? b : a })),
  },
);

const CODE = "tokens";
const FIELD = "v";
const METERED: Omit<MeteredProperty, "organization_id">[] = [
  { code: CODE, measure: "numbers", field_name: FIELD },
  { code: CODE, measure: "last", field_name: FIELD },
  { code: CODE, measure: "unique", field_name: FIELD },
];
const folding = {
  batchEvents: 60,
  thresholds: { rawEventsMax: 3, dayGrainEventsMax: 12 },
  findMetered: async (codes: readonly { organization_id: string }[]) =>
    codes.flatMap(({ organization_id }) => METERED.map((one) => ({ organization_id, ...one }))),
};
const AGGREGATIONS: readonly ComputedAggregation[] = [
  "count_agg",
  "sum_agg",
  "max_agg",
  "latest_agg",
  "unique_count_agg",
];

const numberOf = (v: unknown): Dec | null => {
  const text = typeof v === "number" ? String(v) : typeof v === "string" ? v : "";
  return /^-?\d+(\.\d+)?$/.test(text) ? dec(text) : null;
};

/** Straight from the rules of 2.2 and 2.3, over what was accepted in order of acceptance. */
function recount(events: readonly Sent[], aggregation: ComputedAggregation, from: bigint, to: bigint): Dec {
  const inside = events
    .filter(({ micros }) => micros >= from - (from % 1000n) && micros < to)
    .map((event, index) => ({ ...event, index }))
    .sort((a, b) => (a.micros < b.micros ? -1 : a.micros > b.micros ? 1 : a.index - b.index));
  if (aggregation === "count_agg") return dec(inside.length);
  if (aggregation === "unique_count_agg") {
    const active = new Map<string, boolean>();
    for (const { v, operation } of inside) if (v !== null) active.set(String(v), operation !== "remove");
    return dec([...active.values()].filter(Boolean).length);
  }
  const numbers = inside.flatMap(({ v }) => numberOf(v) ?? []);
  if (aggregation === "sum_agg") return numbers.reduce((total, number) => total.plus(number), ZERO);
  if (numbers.length === 0) return ZERO;
  if (aggregation === "max_agg") return numbers.reduce((a, b) => (a.gt(b) ? a : b));
  const last = numbers.at(-1) as Dec;
  return last.lt(0) ? ZERO : last;
}

async function newOrganization(): Promise<string> {
  const id = newId();
  await database.pool.query(
    "insert into organizations (id, name, slug, document_number_prefix, created_at, updated_at) values ($1, 'T', $2, 'T', now(), now())",
    [id, id],
  );
  return id;
}

async function play(steps: readonly Step[]): Promise<void> {
  const organizationId = await newOrganization();
  const writer = new EventWriter(database.pool, { connections: 2, groupEvents: 100, queueEvents: 10_000 });
  const accepted: Sent[][] = [[], []];
  const seen = new Set<string>();
  for (const action of steps) {
    if (action.kind === "fold") {
      await foldBatch(database.pool, folding);
      await foldWanted(database.pool, folding);
    } else if (action.kind === "read") await compare(organizationId, accepted, action.from, action.to);
    else await send(writer, organizationId, action.events, accepted, seen);
  }
  await compare(organizationId, accepted, BigInt(BASE) * 1000n, BigInt(BASE + 4 * 86_400_000) * 1000n);
}

async function send(
  writer: EventWriter,
  organizationId: string,
  events: readonly Sent[],
  accepted: Sent[][],
  seen: Set<string>,
): Promise<void> {
  const fresh = events.filter(
    ({ stream, transaction }, index) =>
      events.findIndex((other) => other.stream === stream && other.transaction === transaction) === index,
  );
  const read = fresh.map(({ stream, transaction, micros, v, operation }) =>
    readEvent(
      {
        transaction_id: `t${transaction}`,
        external_subscription_id: `s${stream}`,
        code: CODE,
        timestamp: `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, "0")}`,
        properties: { [FIELD]: v, ...(operation && { operation_type: operation }) },
      },
      microsOf(Temporal.Now.instant()),
    ),
  ) as ReadEvent[];
  const keys = read.map((event) => keyOf(organizationId, event.externalSubscriptionId, event.transactionId));
  const verdicts = await writer.write({
    keys,
    organizationId,
    events: read,
    createdMicros: "0",
    allOrNothing: false,
  });
  for (const [index, event] of fresh.entries()) {
    const name = `${event.stream}/${event.transaction}`;
    assert.equal(verdicts[index], seen.has(name) ? "duplicate" : "accepted");
    if (!seen.has(name)) accepted[event.stream]?.push(event);
    seen.add(name);
  }
}

async function compare(organizationId: string, accepted: readonly Sent[][], from: bigint, to: bigint): Promise<void> {
  const cases = [0, 1].flatMap((stream) => AGGREGATIONS.map((aggregation_type) => ({ stream, aggregation_type })));
  const requests: UsageRequest[] = cases.map(({ stream, aggregation_type }) => ({
    organization_id: organizationId,
    external_subscription_id: `s${stream}`,
    code: CODE,
    aggregation_type,
    field_name: aggregation_type === "count_agg" ? null : FIELD,
    from: Temporal.Instant.fromEpochNanoseconds(from * 1000n),
    to: Temporal.Instant.fromEpochNanoseconds(to * 1000n),
  }));
  const usages = await readUsage(database, requests);
  for (const [index, { stream, aggregation_type }] of cases.entries()) {
    const expected = recount(accepted[stream] ?? [], aggregation_type, from, to);
    assert.equal(
      usages[index]?.units.toFixed(),
      expected.toFixed(),
      `${aggregation_type} of stream ${stream} in [${from}, ${to})`,
    );
  }
  await wantUniqueWindows(organizationId, from, to);
}

/** Short streams would never ask for a window: here every window that was read is kept from then on. */
async function wantUniqueWindows(organizationId: string, from: bigint, to: bigint): Promise<void> {
  const { rows } = await database.pool.query<{ id: bigint }>("select id from streams where organization_id = $1", [
    organizationId,
  ]);
  const ids = rows.map((row) => row.id);
  const at = (micros: bigint) => Temporal.Instant.fromEpochNanoseconds(micros * 1000n).toString();
  await database.pool.query(WANT_SPECS, [ids, ids.map(() => "unique"), ids.map(() => FIELD)]);
  await database.pool.query(WANT_WINDOWS, [
    ids,
    ids.map(() => FIELD),
    ids.map(() => at(from - (from % 1000n))),
    ids.map(() => at(to)),
  ]);
}

test("usage equals a recount, for any order, repetition, lateness and moment of folding", {
  timeout: 120_000,
}, async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), play), {
    numRuns: Number(process.env.WEIR_RUNS ?? 120),
  });
});
