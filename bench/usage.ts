/** How long reading current usage takes when a subscription has few, many and very many events in its period. */
import {
  type Api,
  createOrganization,
  type Ground,
  percentile,
  prepareGround,
  rounded,
  untilFolded,
} from "./ground.ts";
import { prepareRequest, sendAll } from "./load.ts";
import {
  DIMENSIONS,
  type DimensionsFigures,
  measureDimensions,
  PLAN_OF,
  prepareDimensions,
  printDimensions,
  readUnfolded,
} from "./usage-dimensions.ts";

type BySize = Readonly<Record<string, number>>;

export interface UsageFigures {
  readonly p50Ms: BySize;
  readonly p99Ms: BySize;
}

export interface UsageReport extends UsageFigures {
  readonly unique: UsageFigures;
  /** The same sums read from the raw log. */
  readonly unfolded: { readonly p50Ms: BySize };
  /** Of a million events each. */
  readonly dimensions: DimensionsFigures;
}

const SIZES = [1_000, 100_000, 3_000_000] as const;
const UNIQUE_VALUES = 300_000;
const TAIL_EVENTS = 20_000;
const DIMENSION_EVENTS = 1_000_000;
const READS = 300;
const PROPERTIES = `'tokens', i % 4000, 'user', 'u' || (i % ${UNIQUE_VALUES})`;

/** Events of one subscription spread evenly over the period so far, written as the ingestion would, in commits of 10,000. */
async function fill(
  ground: Ground,
  api: Api,
  code: string,
  subscription: string,
  count: number,
  from: Temporal.Instant,
  to: Temporal.Instant,
  properties: string = PROPERTIES,
): Promise<void> {
  const { rows } = await ground.pool.query<{ id: bigint }>(
    `insert into streams (organization_id, external_subscription_id, code) values ($1, $2, $3) returning id`,
    [api.organizationId, subscription, code],
  );
  const step = 500_000;
  for (let done = 0; done < count; done += step) {
    await ground.pool.query(
      `with made as materialized (
         select gen_random_uuid() as key, i, (select last_value from event_commit_ids) + 1 + (i - $2::int) / 10000 as commit_id,
           $4::timestamptz + (i::float8 / $3) * ($5::timestamptz - $4::timestamptz) as at
         from generate_series($2::int, $2::int + $6::int - 1) i
       ), now as materialized (select clock_timestamp() as at),
       keys as (insert into event_keys select key, commit_id from made order by key),
       commits as (insert into event_commits select commit_id, now.at, count(*), array[$1::bigint], array[count(*)::int] from made, now group by commit_id, now.at)
       insert into events (id, commit_id, stream_id, timestamp, received_at, created_at, transaction_id, properties)
       select key, commit_id, $1::bigint, made.at, now.at, now.at, $7 || i, jsonb_build_object(${properties})
       from made, now order by i`,
      [rows[0]?.id, done, count, from.toString(), to.toString(), Math.min(step, count - done), `${subscription}-`],
    );
    await ground.pool.query("select setval('event_commit_ids', (select max(commit_id) + 1 from events))");
  }
}

async function prepareCatalog(api: Api): Promise<void> {
  const sum = await api.call("POST", "/billable_metrics", {
    billable_metric: { name: "Tokens", code: "tokens", aggregation_type: "sum_agg", field_name: "tokens" },
  });
  const users = await api.call("POST", "/billable_metrics", {
    billable_metric: { name: "Users", code: "users", aggregation_type: "unique_count_agg", field_name: "user" },
  });
  const plan = (code: string, metric: string, charge: object) =>
    api.call("POST", "/plans", {
      plan: {
        name: code,
        code,
        interval: "monthly",
        amount_cents: 0,
        amount_currency: "EUR",
        pay_in_advance: false,
        charges: [{ billable_metric_id: metric, ...charge }],
      },
    });
  const tiers = [
    { from_value: 0, to_value: 1_000_000, per_unit_amount: "0.00002", flat_amount: "0" },
    { from_value: 1_000_001, to_value: null, per_unit_amount: "0.00001", flat_amount: "1" },
  ];
  await plan("sum", sum.billable_metric.lago_id, {
    charge_model: "graduated",
    properties: { graduated_ranges: tiers },
  });
  await plan("unique", users.billable_metric.lago_id, { charge_model: "standard", properties: { amount: "0.01" } });
}

/** Started 20 days ago at an instant on no quarter of an hour; anniversary billing, so that the period begins there. */
async function subscribe(api: Api, name: string, plan: string, startedAt: Temporal.Instant): Promise<void> {
  await api.call("POST", "/customers", { customer: { external_id: name, currency: "EUR", timezone: "Asia/Kolkata" } });
  await api.call("POST", "/subscriptions", {
    subscription: {
      external_customer_id: name,
      external_id: name,
      plan_code: plan,
      billing_time: "anniversary",
      subscription_at: startedAt.toString(),
    },
  });
}

async function readTimes(api: Api, name: string, reads: number): Promise<number[]> {
  const warmUps = Math.min(30, reads);
  const path = `/customers/${name}/current_usage?external_subscription_id=${name}`;
  for (let warm = 0; warm < warmUps; warm++) await api.call("GET", path);
  const times: number[] = [];
  for (let read = 0; read < reads; read++) {
    const begun = performance.now();
    await api.call("GET", path);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

/** Events of other subscriptions that nobody has folded while the reads run. */
async function leaveTail(ground: Ground, api: Api): Promise<void> {
  const now = Date.now() / 1000;
  const bodies = Array.from({ length: TAIL_EVENTS }, (_, index) =>
    JSON.stringify({
      transaction_id: `tail-${index}`,
      external_subscription_id: `other_${index % 500}`,
      code: index % 2 === 0 ? "tokens" : "users",
      timestamp: (now - index / 100).toFixed(6),
      properties: { tokens: 5, user: `u${index}` },
    }),
  );
  const requests = Array.from({ length: TAIL_EVENTS / 1000 }, (_, index) =>
    prepareRequest(
      ground.url,
      "/api/v1/events/bulk",
      api.apiKey,
      bodies.slice(index * 1000, (index + 1) * 1000).join("\n"),
      "application/x-ndjson",
    ),
  );
  await sendAll(ground.url, requests, 2);
}

async function measure(api: Api, kind: Kind, sizes: readonly number[], reads: number): Promise<UsageFigures> {
  const p50Ms: Record<string, number> = {};
  const p99Ms: Record<string, number> = {};
  for (const size of sizes) {
    const times = await readTimes(api, `${kind}_${size}`, reads);
    p50Ms[size] = rounded(percentile(times, 0.5), 2);
    p99Ms[size] = rounded(percentile(times, 0.99), 2);
  }
  return { p50Ms, p99Ms };
}

type Kind = "sum" | "unique";

/** Keys of the report stay those of the full run whatever the scale. */
function named(sizes: readonly number[], { p50Ms, p99Ms }: UsageFigures): UsageFigures {
  const rename = (figures: BySize) =>
    Object.fromEntries(SIZES.map((size, index) => [size, figures[sizes[index] as number] as number]));
  return { p50Ms: rename(p50Ms), p99Ms: rename(p99Ms) };
}

export async function benchUsage({ scale }: { scale: number }): Promise<UsageReport> {
  const sizes = SIZES.map((size, index) => (index === 0 ? size : Math.round(size * scale)));
  const ground = await prepareGround({ ROLE: "api" });
  try {
    const api = await createOrganization(ground.url);
    await prepareCatalog(api);
    const now = Temporal.Now.instant();
    const startedAt = now.subtract({ hours: 20 * 24, minutes: 7, seconds: 13 });
    for (const kind of ["sum", "unique"] as const) {
      for (const size of sizes) {
        await subscribe(api, `${kind}_${size}`, kind, startedAt);
        await fill(ground, api, kind === "sum" ? "tokens" : "users", `${kind}_${size}`, size, startedAt, now);
      }
    }
    await prepareDimensions(api);
    for (const { name, code, properties } of DIMENSIONS) {
      await subscribe(api, name, PLAN_OF[name] as string, startedAt);
      await fill(ground, api, code, name, Math.round(DIMENSION_EVENTS * scale), startedAt, now, properties);
    }
    await ground.pool.query("analyze events");
    const unfolded = await measure(api, "sum", sizes, 3);
    const worker = await ground.startWorker();
    await untilFolded(ground.pool);
    // The first read of a long window asks for it to be kept; the folder builds it.
    await measure(api, "unique", sizes, 1);
    const unfoldedDimensions = await readUnfolded(api);
    await untilFolded(ground.pool);
    await worker.stop();
    await leaveTail(ground, api);
    await ground.pool.query(
      "vacuum analyze usage_cells, unique_values, window_totals, usage_windows, stream_folds, streams",
    );
    const sum = named(sizes, await measure(api, "sum", sizes, READS));
    const unique = named(sizes, await measure(api, "unique", sizes, READS));
    const report: UsageReport = {
      ...sum,
      unique,
      unfolded: { p50Ms: named(sizes, unfolded).p50Ms },
      dimensions: await measureDimensions(api, unfoldedDimensions, unique.p50Ms[SIZES[0]] ?? 1),
    };
    print(report);
    return report;
  } finally {
    await ground.end();
  }
}

function print({ p50Ms, p99Ms, unique, unfolded, dimensions }: UsageReport): void {
  console.log("\nusage: reading current usage over HTTP, milliseconds");
  console.log("  events in the period         sum p50   sum p99  unique p50  unique p99   unfolded sum p50");
  for (const size of SIZES) {
    const cells = [p50Ms[size], p99Ms[size], unique.p50Ms[size], unique.p99Ms[size], unfolded.p50Ms[size]].map(
      (figure) => String(figure).padStart(10),
    );
    console.log(`  ${size.toLocaleString("en").padEnd(24)} ${cells.join(" ")}`);
  }
  const ratio = (figures: BySize) => ((figures[3_000_000] ?? 0) / (figures[1_000] ?? 1)).toFixed(2);
  console.log(`  p50 with 3 million over p50 with 1 thousand: sum ${ratio(p50Ms)}, unique ${ratio(unique.p50Ms)}`);
  printDimensions(dimensions);
}
