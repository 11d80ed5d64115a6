/** How many invoices a second a billing run makes, what memory it takes, and what writing the same rows costs alone. */
import type pg from "pg";
import { openPool } from "../src/storage/database.ts";
import { FEES_OF_WHOLE, makeWhole, wholePlan } from "./billing-whole.ts";
import { cpuSecondsOf, cpuSecondsOfPostgres, peakMemoryMb } from "./cpu.ts";
import { type Api, createOrganization, type Ground, prepareGround, rounded } from "./ground.ts";

export interface BillingFigures {
  readonly invoicesPerSecond: number;
  /** The same number of subscriptions, which have plans or units of their own, fixed charges and a commitment as well. */
  readonly wholeInvoicesPerSecond: number;
  readonly peakMemoryMb: number;
  /** The same, billing three times as many subscriptions. */
  readonly peakMemoryMbAtThreeTimes: number;
  readonly memoryRatio: number;
  /** The same rows by plain multi-row inserts from one writer. */
  readonly bareInvoicesPerSecond: number;
  /** Milliseconds of processor time that an invoice takes in Weir and in PostgreSQL. */
  readonly cpuMsPerInvoice: { readonly weir: number; readonly postgres: number };
}

const SUBSCRIPTIONS = 20_000;
/** As many as it takes until a process holds what a long run holds. */
const WARM_UP_SUBSCRIPTIONS = 10_000;
const EVENTS_OF_STREAM = 5;
const BATCH = 250;
/** The subscription's and those of three charges. */
const FEES_OF_INVOICE = 4;

const METRICS = [
  { code: "requests", aggregation_type: "count_agg" },
  { code: "prompt", aggregation_type: "sum_agg", field_name: "tokens" },
  { code: "completion", aggregation_type: "sum_agg", field_name: "tokens" },
] as const;

const CHARGES = [
  { charge_model: "standard", properties: { amount: "0.002" } },
  {
    charge_model: "graduated",
    properties: {
      graduated_ranges: [
        { from_value: 0, to_value: 1000, per_unit_amount: "0.0001", flat_amount: "1" },
        { from_value: 1001, to_value: null, per_unit_amount: "0.00005", flat_amount: "0" },
      ],
    },
  },
  { charge_model: "package", properties: { amount: "0.5", package_size: 1000, free_units: 100 } },
] as const;

/** A plan of a fee, three charges, and `more`; answers its id. */
export async function createPlan(api: Api, more: object): Promise<string> {
  const charges: unknown[] = [];
  for (const [index, metric] of METRICS.entries()) {
    const { billable_metric } = await api.call("POST", "/billable_metrics", {
      billable_metric: { name: metric.code, ...metric },
    });
    charges.push({ billable_metric_id: billable_metric.lago_id, ...CHARGES[index] });
  }
  const { plan } = await api.call("POST", "/plans", {
    plan: {
      code: "p",
      name: "P",
      interval: "monthly",
      amount_cents: 4900,
      amount_currency: "USD",
      pay_in_advance: false,
      charges,
      ...more,
    },
  });
  return plan.lago_id;
}

/** Customers with one subscription each since the beginning of last month, due after `dueAfter`; numbered from `first` on. */
export async function fillSubscriptions(
  pool: pg.Pool,
  organizationId: string,
  planId: string,
  count: number,
  first = 1,
  dueAfter = "1 month",
): Promise<void> {
  await pool.query(
    `with made as (
      select n, uuidv7() as customer_id, uuidv7() as chain_id, uuidv7() as subscription_id,
        date_trunc('month', now()) - interval '1 month' as started_at
      from generate_series($4::int, $4::int + $3::int - 1) n
    ), customer as (
      insert into customers (organization_id, id, external_id, billing_entity_id, sequential_id, slug, name, currency, created_at, updated_at)
      select $1, customer_id, 'customer-' || n, $1, n, 'B-' || n, 'Customer ' || n, 'USD', started_at, started_at from made
    ), chain as (
      insert into subscription_chains (organization_id, id, external_id, customer_id)
      select $1, chain_id, 'subscription-' || n, customer_id from made
    ), subscription as (
      insert into subscriptions (organization_id, id, chain_id, customer_id, plan_id, external_id, status, billing_time,
        subscription_at, started_at, activated_at, created_at, updated_at)
      select $1, subscription_id, chain_id, customer_id, $2, 'subscription-' || n, 'active', 'calendar',
        started_at, started_at, started_at, started_at, started_at from made
    ), schedule as (
      insert into billing_schedules (organization_id, subscription_id, kind, customer_id, billed_until, next_due_at)
      select $1, subscription_id, kind, customer_id, started_at, started_at + $5::interval
      from made cross join unnest(array['subscription', 'charges']) kind
    )
    select count(*) from made`,
    [organizationId, planId, count, first, dueAfter],
  );
}

/** A few events of every subscription under each code, as the folder leaves short streams: raw, out of the tail. */
async function fillUsage(pool: pg.Pool, organizationId: string, count: number): Promise<void> {
  await pool.query(
    `insert into streams (organization_id, external_subscription_id, code, settled_events)
    select $1, 'subscription-' || n, code, $2 from generate_series(1, $3::int) n cross join unnest($4::text[]) code`,
    [organizationId, EVENTS_OF_STREAM, count, METRICS.map(({ code }) => code)],
  );
  await pool.query(
    `insert into events (id, commit_id, stream_id, timestamp, received_at, created_at, transaction_id, properties)
    select uuidv7(), 0, s.id, date_trunc('month', now()) - interval '1 month' + (s.id % 600 + e * 3000) * interval '1 minute',
      now(), now(), s.id || '-' || e, jsonb_build_object('tokens', (s.id * 7 + e * 131) % 5000)
    from streams s cross join generate_series(0, $2::int - 1) e where s.organization_id = $1
    order by s.id, e`,
    [organizationId, EVENTS_OF_STREAM],
  );
}

/** Last of all, so that the run of every hour, which may come any moment, bills nothing half filled. What was filled is not left to be written. */
async function makeDue(pool: pg.Pool, organizationId: string): Promise<void> {
  await pool.query(
    "update billing_schedules set next_due_at = billed_until + interval '1 month' where organization_id = $1",
    [organizationId],
  );
  await pool.query("vacuum analyze");
  await pool.query("checkpoint");
}

const NOT_YET_DUE = "10 years";

interface Run {
  readonly seconds: number;
  readonly peakMb: number;
  /** Processor time of an invoice. */
  readonly weirMs: number;
  readonly postgresMs: number;
}

/** One billing run by the jobs of a Weir process; its time is from the start of the run to the last batch's commit. */
async function runBilling(
  ground: Ground,
  organizationId: string,
  count: number,
  feesOfInvoice = FEES_OF_INVOICE,
): Promise<Run> {
  const cpu = async () => [await cpuSecondsOf(ground.weir.pid), await cpuSecondsOfPostgres(ground.pool)] as const;
  const [weirBefore, postgresBefore] = await cpu();
  const begun = performance.now();
  await ground.pool.query("select graphile_worker.add_job('invoicing.billing', $1::json)", [
    JSON.stringify({ organization_id: organizationId }),
  ]);
  for (;;) {
    const { rows } = await ground.pool.query<{ left: boolean }>(
      "select exists (select from billing_schedules where organization_id = $1 and next_due_at <= now()) or exists (select from graphile_worker.jobs where task_identifier like 'invoicing.%') as left",
      [organizationId],
    );
    if (rows[0]?.left === false) break;
    await new Promise((done) => setTimeout(done, 25));
  }
  const seconds = (performance.now() - begun) / 1000;
  const [weirAfter, postgresAfter] = await cpu();
  const { rows } = await ground.pool.query<{ invoices: bigint; fees: bigint }>(
    "select (select count(*) from invoices where organization_id = $1) as invoices, (select count(*) from fees where organization_id = $1) as fees",
    [organizationId],
  );
  const made = rows[0];
  if (made?.invoices !== BigInt(count) || made.fees !== BigInt(count * feesOfInvoice))
    throw new Error(`${made?.invoices} invoices of ${made?.fees} fees: expected ${count} of ${count * feesOfInvoice}`);
  return {
    seconds,
    peakMb: await peakMemoryMb(ground.weir.pid),
    weirMs: ((weirAfter - weirBefore) * 1000) / count,
    postgresMs: ((postgresAfter - postgresBefore) * 1000) / count,
  };
}

/** An organization with so many subscriptions, due and with usage. */
export async function fillOrganization(ground: Ground, count: number): Promise<string> {
  const api = await createOrganization(ground.url);
  await fillSubscriptions(ground.pool, api.organizationId, await createPlan(api, {}), count, 1, NOT_YET_DUE);
  await fillUsage(ground.pool, api.organizationId, count);
  await makeDue(ground.pool, api.organizationId);
  return api.organizationId;
}

/** As fillOrganization, where subscriptions have whatever they may have. */
async function fillWhole(ground: Ground, count: number): Promise<string> {
  const api = await createOrganization(ground.url);
  await api.call("POST", "/add_ons", {
    add_on: { code: "piece", name: "Piece", amount_cents: 100, amount_currency: "USD" },
  });
  const planId = await createPlan(api, wholePlan("piece"));
  await fillSubscriptions(ground.pool, api.organizationId, planId, count, 1, NOT_YET_DUE);
  await fillUsage(ground.pool, api.organizationId, count);
  await makeWhole(ground.pool, api.organizationId, planId);
  await makeDue(ground.pool, api.organizationId);
  return api.organizationId;
}

async function runWhole(count: number): Promise<Run> {
  const ground = await prepareGround();
  try {
    const warmUp = await fillWhole(ground, WARM_UP_SUBSCRIPTIONS);
    await runBilling(ground, warmUp, WARM_UP_SUBSCRIPTIONS, FEES_OF_WHOLE);
    const organizationId = await fillWhole(ground, count);
    return await runBilling(ground, organizationId, count, FEES_OF_WHOLE);
  } finally {
    await ground.end();
  }
}

/** A process that has just started compiles as it goes: what is measured is one that has billed another organization before. */
async function groundWith(count: number): Promise<{ ground: Ground; organizationId: string }> {
  const ground = await prepareGround();
  await runBilling(ground, await fillOrganization(ground, WARM_UP_SUBSCRIPTIONS), WARM_UP_SUBSCRIPTIONS);
  return { ground, organizationId: await fillOrganization(ground, count) };
}

/** What a run writes, and the column that names the invoice. */
const TABLES = [
  ["invoices", "id"],
  ["invoice_subscriptions", "invoice_id"],
  ["fees", "invoice_id"],
  ["domain_events", "subject_id"],
] as const;

interface Columns {
  readonly names: readonly string[];
  readonly types: readonly string[];
}

/** The columns that an insert gives; identities give themselves. */
async function columnsOf(pool: pg.Pool, table: string): Promise<Columns> {
  const { rows } = await pool.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
    where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' order by attnum`,
    [table],
  );
  return { names: rows.map(({ name }) => name), types: rows.map(({ type }) => type) };
}

/** The rows of a table by batches of invoices, a batch as one list of texts per column. */
async function readBatches(pool: pg.Pool, table: string, invoiceId: string, { names }: Columns): Promise<string[][][]> {
  const { rows } = await pool.query<Record<string, string[]>>(
    `select ${names.map((name) => `array_agg(t."${name}"::text order by t.ordinal) as "${name}"`).join(", ")}
    from ${table} t join (select id, (row_number() over (order by ordinal) - 1) / ${BATCH} as batch from invoices) i on i.id = t.${invoiceId}
    group by batch order by batch`,
  );
  return rows.map((row) => names.map((name) => row[name] as string[]));
}

/** Writes what a run wrote once more, into emptied tables, with nothing to do but that. */
async function insertBare(databaseUrl: string, count: number): Promise<number> {
  const pool = openPool({ url: databaseUrl, poolSize: 1 });
  const statements: { text: string; batches: string[][][] }[] = [];
  for (const [table, invoiceId] of TABLES) {
    const columns = await columnsOf(pool, table);
    const lists = columns.types.map((type, index) => `$${index + 1}::${type}[]`).join(", ");
    const names = columns.names.map((name) => `"${name}"`).join(", ");
    const text = `insert into ${table} (${names}) select * from unnest(${lists})`;
    statements.push({ text, batches: await readBatches(pool, table, invoiceId, columns) });
  }
  await pool.query(`truncate ${TABLES.map(([table]) => table).join(", ")}`);
  const begun = performance.now();
  for (let batch = 0; batch < count / BATCH; batch++) {
    await pool.query("begin");
    for (const { text, batches } of statements) await pool.query(text, batches[batch]);
    await pool.query("commit");
  }
  const seconds = (performance.now() - begun) / 1000;
  await pool.end();
  return count / seconds;
}

export async function benchBilling({ scale }: { readonly scale: number }): Promise<BillingFigures> {
  const count = Math.ceil((SUBSCRIPTIONS * scale) / BATCH) * BATCH;
  const small = await groundWith(count);
  let run: Run;
  let bareInvoicesPerSecond: number;
  try {
    run = await runBilling(small.ground, small.organizationId, count);
    bareInvoicesPerSecond = await insertBare(small.ground.databaseUrl, count);
  } finally {
    await small.ground.end();
  }
  const large = await groundWith(count * 3);
  let largeRun: Run;
  try {
    largeRun = await runBilling(large.ground, large.organizationId, count * 3);
  } finally {
    await large.ground.end();
  }
  const whole = await runWhole(count);
  const figures: BillingFigures = {
    invoicesPerSecond: rounded(count / run.seconds),
    wholeInvoicesPerSecond: rounded(count / whole.seconds),
    peakMemoryMb: rounded(run.peakMb),
    peakMemoryMbAtThreeTimes: rounded(largeRun.peakMb),
    memoryRatio: rounded(largeRun.peakMb / run.peakMb, 2),
    bareInvoicesPerSecond: rounded(bareInvoicesPerSecond),
    cpuMsPerInvoice: { weir: rounded(run.weirMs, 3), postgres: rounded(run.postgresMs, 3) },
  };
  print(count, figures, rounded((count * 3) / largeRun.seconds));
  return figures;
}

function print(count: number, figures: BillingFigures, largePerSecond: number): void {
  console.log(`\nbilling: ${count} subscriptions of 3 charges with usage, one run, one process`);
  console.table({
    "invoices a second": figures.invoicesPerSecond,
    "invoices a second, with overrides, fixed charges, commitments": figures.wholeInvoicesPerSecond,
    [`invoices a second, ${count * 3} subscriptions`]: largePerSecond,
    "bare inserts of the same rows, invoices a second": figures.bareInvoicesPerSecond,
    "processor time of an invoice, Weir, ms": figures.cpuMsPerInvoice.weir,
    "processor time of an invoice, PostgreSQL, ms": figures.cpuMsPerInvoice.postgres,
    "share of the bare rate": rounded(figures.invoicesPerSecond / figures.bareInvoicesPerSecond, 2),
    "peak memory, MB": figures.peakMemoryMb,
    [`peak memory, MB, ${count * 3} subscriptions`]: figures.peakMemoryMbAtThreeTimes,
    "memory ratio": figures.memoryRatio,
  });
}
