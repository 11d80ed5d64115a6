/** How many events a second are taken in, durable and folded, beside what the log table alone can take. */
import type pg from "pg";
import { openPool } from "../src/storage/database.ts";
import { type Api, createOrganization, type Ground, prepareGround, rounded, untilFolded } from "./ground.ts";
import { prepareRequest, sendAll } from "./load.ts";

export interface IngestFigures {
  readonly limitPerSecond: number;
  readonly bulkPerSecond: number;
  readonly batchPerSecond: number;
  readonly singlePerSecond: number;
}

export type IngestReport = Readonly<Record<string, IngestFigures | Readonly<Record<string, IngestFigures>>>>;

const SUBSCRIPTIONS = 5_000;
const EVENTS = 1_000_000;
const AGED_EVENTS = 20_000_000;
const CODE = "llm_tokens";

type Load = "live" | "backfill";

/** A fixed pseudo-random series (mulberry32), so that every run sends the same. */
function series(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Ranks by Zipf's law with exponent 1. */
function zipf(random: () => number): () => number {
  const sums: number[] = [];
  for (let rank = 1, sum = 0; rank <= SUBSCRIPTIONS; rank++) {
    sum += 1 / rank;
    sums.push(sum);
  }
  const whole = sums.at(-1) as number;
  return () => {
    const at = random() * whole;
    let low = 0;
    let high = SUBSCRIPTIONS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const REGIONS = ["eu", "us", "ap", "sa"];
const SPAN_SECONDS: Readonly<Record<Load, number>> = { live: 600, backfill: 31 * 86_400 };

interface Sample {
  readonly subscription: number;
  /** Unix seconds with microseconds. */
  readonly timestamp: string;
  readonly transactionId: string;
  readonly properties: string;
}

function* samples(count: number, load: Load, run: string): Generator<Sample> {
  const random = series(7);
  const pick = zipf(random);
  const now = Date.now() / 1000;
  for (let index = 0; index < count; index++) {
    yield {
      subscription: pick(),
      timestamp: (now - random() * SPAN_SECONDS[load]).toFixed(6),
      transactionId: `${run}-${index.toString(36)}-${Math.floor(random() * 4_294_967_296).toString(16)}`,
      properties: `{"tokens":${Math.floor(random() * 4000)},"region":"${REGIONS[Math.floor(random() * 4)]}","model":"m${Math.floor(random() * 7)}"}`,
    };
  }
}

const bodyOf = ({ subscription, timestamp, transactionId, properties }: Sample) =>
  `{"transaction_id":"${transactionId}","external_subscription_id":"sub_${subscription}","code":"${CODE}","timestamp":${timestamp},"properties":${properties}}`;

function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

type Path = "bulk" | "batch" | "single";

const WARM_UP_EVENTS: Readonly<Record<Path, number>> = { bulk: 1_000_000, batch: 300_000, single: 30_000 };

const CONNECTIONS: Readonly<Record<Path, number>> = { bulk: 8, batch: 32, single: 64 };

function requestsOf(path: Path, url: string, apiKey: string, bodies: readonly string[]): Buffer[] {
  if (path === "single")
    return bodies.map((body) => prepareRequest(url, "/api/v1/events", apiKey, `{"event":${body}}`));
  if (path === "batch")
    return chunk(bodies, 100).map((some) =>
      prepareRequest(url, "/api/v1/events/batch", apiKey, `{"events":[${some.join(",")}]}`),
    );
  return chunk(bodies, 10_000).map((some) =>
    prepareRequest(url, "/api/v1/events/bulk", apiKey, some.join("\n"), "application/x-ndjson"),
  );
}

/** An empty log, or an aged one with all that it holds by now; and nothing of the last load in PostgreSQL's buffers to write. */
async function clearLog(pool: pg.Pool, isAged: boolean): Promise<void> {
  if (!isAged) {
    await pool.query("truncate events, event_keys, event_commits");
    await pool.query(
      "truncate stream_folds, usage_cells, usage_windows, window_totals, unique_values, unique_operations",
    );
    await pool.query("update streams set settled_events = 0, folded = false");
  }
  await pool.query("vacuum analyze streams, usage_cells");
  await pool.query("checkpoint");
}

/** Events a second from the first byte sent until the last event is folded. */
async function measurePath(
  ground: Ground,
  api: Api,
  path: Path,
  load: Load,
  count: number,
  isAged: boolean,
  run = path as string,
): Promise<number> {
  await clearLog(ground.pool, isAged);
  const bodies = [...samples(count, load, `${run}${path}${load}${isAged ? "a" : ""}`)].map(bodyOf);
  const requests = requestsOf(path, ground.url, api.apiKey, bodies);
  const begun = performance.now();
  await sendAll(ground.url, requests, CONNECTIONS[path]);
  await untilFolded(ground.pool);
  return (count / (performance.now() - begun)) * 1000;
}

const BARE_INSERT = `
insert into bench_log (id, commit_id, stream_id, timestamp, received_at, created_at, transaction_id, properties)
select id, 1, stream_id, timestamp, $5, $5, transaction_id, properties
from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $6::jsonb[]) as e(id, stream_id, timestamp, transaction_id, properties)`;

/** The machine's own limit: plain multi-row inserts into a copy of the log table with its indexes, best of four ways. */
async function measureLimit(ground: Ground, load: Load, count: number, isAged: boolean): Promise<number> {
  await ground.pool.query(`
    drop table if exists bench_log;
    create table bench_log (like events including defaults including identity);
    create index on bench_log (stream_id, timestamp, ordinal);
    create index on bench_log (commit_id, (- stream_id))`);
  if (isAged) await ground.pool.query("insert into bench_log overriding system value select * from events");
  const all = [...samples(count, load, "limit")];
  const pool = openPool({ url: ground.databaseUrl, poolSize: 4 });
  let best = 0;
  for (const [size, connections] of [
    [2_000, 2],
    [10_000, 2],
    [2_000, 4],
    [10_000, 4],
  ] as const) {
    if (!isAged) await ground.pool.query("truncate bench_log");
    await ground.pool.query("checkpoint");
    const batches = chunk(all, size).map((some) => [
      some.map(() => crypto.randomUUID()),
      some.map(({ subscription }) => subscription),
      some.map(({ timestamp }) => new Date(Number(timestamp) * 1000).toISOString()),
      some.map(({ transactionId }) => transactionId),
      new Date().toISOString(),
      some.map(({ properties }) => properties),
    ]);
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
          await pool.query({ name: "bare", text: BARE_INSERT, values: batch });
        }
      }),
    );
    best = Math.max(best, (count / (performance.now() - begun)) * 1000);
  }
  await pool.end();
  await ground.pool.query("drop table bench_log");
  return best;
}

async function prepareCatalog(api: Api): Promise<void> {
  const { billable_metric } = await api.call("POST", "/billable_metrics", {
    billable_metric: {
      name: "Tokens",
      code: CODE,
      aggregation_type: "sum_agg",
      field_name: "tokens",
      filters: [{ key: "region", values: REGIONS }],
    },
  });
  await api.call("POST", "/plans", {
    plan: {
      name: "Usage",
      code: "usage",
      interval: "monthly",
      amount_cents: 0,
      amount_currency: "EUR",
      pay_in_advance: false,
      charges: [
        { billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "0.0001" } },
      ],
    },
  });
}

/** A log that already holds events and keys of earlier days, uniformly over a month and the subscriptions, all of them folded. */
async function ageLog({ pool }: Ground, count: number): Promise<void> {
  await clearLog(pool, false);
  const step = 2_000_000;
  for (let done = 0; done < count; done += step) {
    const rows = Math.min(step, count - done);
    await pool.query(
      `with aged as materialized (
         select gen_random_uuid() as key, $1::int + i as n, (select min(id) from streams) + (random() * ${SUBSCRIPTIONS - 1})::int as stream_id,
           now() - random() * interval '31 days' as at
         from generate_series(1, $2::int) i
       ), keys as (insert into event_keys select key, n / 10000 from aged order by key)
       insert into events (id, commit_id, stream_id, timestamp, received_at, created_at, transaction_id, properties)
       select key, n / 10000, stream_id, at, now(), now(), 'aged-' || n, '{"tokens": 12, "region": "eu", "model": "m1"}' from aged`,
      [done, rows],
    );
  }
  await pool.query("select setval('event_commit_ids', $1)", [Math.ceil(count / 10_000) + 1]);
  await pool.query("vacuum analyze events, event_keys");
  await pool.query(
    "update streams s set settled_events = e.n from (select stream_id, count(*) as n from events group by 1) e where e.stream_id = s.id",
  );
  await pool.query(
    "insert into stream_folds (stream_id, spec_id, grain) select s.id, p.id, 0 from streams s join fold_specs p on p.organization_id = s.organization_id and p.code = s.code",
  );
  await untilFolded(pool);
}

async function measureLoad(
  ground: Ground,
  api: Api,
  load: Load,
  scale: number,
  isAged: boolean,
): Promise<IngestFigures> {
  const count = Math.round(EVENTS * scale);
  const limit = await measureLimit(ground, load, count, isAged);
  // The limit is the best of several runs; beside it stands the better of two, on a machine that others slow down as they please.
  const better = async (path: Path, events: number) =>
    Math.max(
      await measurePath(ground, api, path, load, events, isAged, "first"),
      await measurePath(ground, api, path, load, events, isAged, "second"),
    );
  const bulk = await better("bulk", count);
  const batch = await better("batch", count);
  const single = await better("single", Math.round(count / 5));
  const figures = {
    limitPerSecond: rounded(limit),
    bulkPerSecond: rounded(bulk),
    batchPerSecond: rounded(batch),
    singlePerSecond: rounded(single),
  };
  print(`${load}${isAged ? ", aged" : ""}`, figures);
  return figures;
}

function print(name: string, { limitPerSecond, ...paths }: IngestFigures): void {
  console.log(`\ningest, ${name}`);
  console.log(`  ${"limit (bare inserts)".padEnd(24)} ${limitPerSecond.toLocaleString("en").padStart(9)} events/s`);
  for (const [path, figure] of Object.entries(paths)) {
    const share = (figure / limitPerSecond).toFixed(2);
    console.log(
      `  ${path.replace("PerSecond", "").padEnd(24)} ${figure.toLocaleString("en").padStart(9)} events/s  ${share} of the limit`,
    );
  }
}

export async function benchIngest({ scale, aged }: { scale: number; aged: boolean }): Promise<IngestReport> {
  const ground = await prepareGround();
  try {
    const api = await createOrganization(ground.url);
    await prepareCatalog(api);
    // A server that has just started compiles as it goes, and its database makes files and maps memory: what is measured is one that has run a while.
    for (const path of ["bulk", "batch", "single"] as const)
      await measurePath(ground, api, path, "live", WARM_UP_EVENTS[path], false, "warm");
    const live = await measureLoad(ground, api, "live", scale, false);
    const backfill = await measureLoad(ground, api, "backfill", scale, false);
    if (!aged) return { live, backfill };
    await ageLog(ground, Math.round(AGED_EVENTS * scale));
    return {
      live,
      backfill,
      aged: {
        live: await measureLoad(ground, api, "live", scale, true),
        backfill: await measureLoad(ground, api, "backfill", scale, true),
      },
    };
  } finally {
    await ground.end();
  }
}
