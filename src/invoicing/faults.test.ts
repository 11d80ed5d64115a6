/** What may go wrong while invoices are made: two runs at once, a killed process, a customer that cannot be billed. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { readConfig } from "../config.ts";
import { startWeir, type Weir } from "../main.ts";
import { ADMIN_KEY } from "../testing/server.ts";
import {
  assertBilledOnce,
  BATCHES,
  countInvoices,
  type Ground,
  openGround,
  organizationOf,
  setPrice,
  startRun,
  until,
  untilSettled,
} from "./testing.ts";

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

test("two runs at once, in two processes: every period is billed once, whole, and numbers have no gap", async () => {
  const client = await organizationOf(ground, 300);
  const other: Weir = await startWeir(
    readConfig({
      PORT: "0",
      ROLE: "worker",
      LOG_LEVEL: "error",
      DATABASE_URL: ground.server.databaseUrl,
      ADMIN_API_KEY: ADMIN_KEY,
      ...BATCHES,
    }),
  );
  try {
    await Promise.all([startRun(ground, client), startRun(ground, client), startRun(ground, client)]);
    await untilSettled(ground, client);
  } finally {
    await other.stop();
  }
  await assertBilledOnce(ground, client, 300);
});

test("batches that meet over one customer bill it once, and leave it at that", async () => {
  const client = await organizationOf(ground, 1);
  await ground.pool.query(
    `with run as (
      insert into billing_runs (organization_id, id, kind, due_until, customers_due, batches, started_at)
      values ($1, uuidv7(), 'billing', now(), 12, 12, now()) returning id
    ), batch as (
      insert into billing_run_batches (organization_id, run_id, n, customer_ids, customers)
      select $1, run.id, n, array[c.id], 1 from run, customers c, generate_series(1, 12) n where c.organization_id = $1
      returning run_id, n
    )
    select graphile_worker.add_job('invoicing.bill_batch', json_build_object('organization_id', $1::text, 'run_id', run_id, 'batch', n))
    from batch`,
    [client.organizationId],
  );
  await untilSettled(ground, client);
  await assertBilledOnce(ground, client, 1);
  const [run] = (await client.must("GET", "/billing_runs")).billing_runs;
  assert.deepEqual(
    [run.status, run.customers_done_count, run.customers_billed_count, run.customers_skipped_count, run.invoices_count],
    ["finished", 12, 1, 11, 1],
  );
});

function startProcess(databaseUrl: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "bin/weir.ts", "start"], {
    env: {
      ...process.env,
      PORT: "0",
      ROLE: "worker",
      LOG_LEVEL: "error",
      DATABASE_URL: databaseUrl,
      ADMIN_API_KEY: ADMIN_KEY,
      ...BATCHES,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((done, fail) => {
    child.stdout?.on("data", (chunk) => String(chunk).includes("listens on") && done(child));
    child.once("exit", (code) => fail(new Error(`ended with ${code}`)));
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  await ended;
}

test("a process killed in the middle of a run leaves whole invoices; another goes on with the run, and numbers have no gap", async (t) => {
  const customers = 1_000;
  // Its own server only answers requests: the work is that of the process that is killed.
  const ground = await openGround({ ROLE: "api" });
  t.after(() => ground.close());
  const client = await organizationOf(ground, customers);
  const killed = await startProcess(ground.server.databaseUrl);
  await startRun(ground, client);
  await until(async () => (await countInvoices(ground, client)) > 0);
  await end(killed, "SIGKILL");
  const billed = await countInvoices(ground, client);
  assert.ok(billed < customers, `${billed} of ${customers} were billed before it was killed`);
  const runs = async () => (await client.must("GET", "/billing_runs")).billing_runs;
  const [cut] = await runs();
  assert.deepEqual([cut.status, cut.customers_billed_count, cut.invoices_count], ["running", billed, billed]);
  // A while later.
  await ground.pool.query(
    "update graphile_worker._private_jobs set locked_at = locked_at - interval '1 minute' where locked_at is not null",
  );
  const restarted = await startProcess(ground.server.databaseUrl);
  try {
    await until(async () => (await runs())[0].status === "finished");
  } finally {
    await end(restarted, "SIGTERM");
  }
  await assertBilledOnce(ground, client, customers);
  const [gone_on, ...others] = await runs();
  assert.deepEqual([gone_on.customers_billed_count, gone_on.invoices_count, others], [customers, customers, []]);
});

test("a clock that jumps a year: twelve months each once, and who could not be billed is shown and made good", async () => {
  const client = await organizationOf(ground, 30, { sandbox: true });
  const { organizationId } = client;
  await client.at(
    Temporal.Now.instant()
      .add({ hours: 24 * 365 })
      .toString(),
  );
  const setPoisonedPrice = (amount: string) => setPrice(ground, client, amount, "poisoned");
  await setPoisonedPrice("a lot");
  await ground.pool.query(
    `update subscriptions s set plan_id = p.id from plans p
    where s.organization_id = $1 and p.organization_id = $1 and p.code = 'poisoned' and s.external_id = 'c9-2'`,
    [organizationId],
  );
  const { status, body } = await client.call("POST", "/test_clock/run", { test_clock: { jobs: ["billing"] } });
  assert.deepEqual([status, body.code], [409, "background_work_failed"]);
  const [failure] = (await client.must("GET", "/billing_failures")).billing_failures;
  assert.equal(failure.external_customer_id, "c9");
  await setPoisonedPrice("1");
  await client.must("POST", "/billing_failures/retry", { retry: {} });
  await client.run();
  const { rows } = await ground.pool.query(
    `select count(*)::int as n, count(distinct from_at)::int as distinct_from, min(from_at) as first, max(to_at) as last,
      count(*) filter (where from_at <> before)::int as gaps
    from (
      select *, lag(to_at, 1, from_at) over (partition by subscription_id order by from_at) as before
      from invoice_subscriptions where organization_id = $1
    ) p group by subscription_id`,
    [organizationId],
  );
  assert.equal(rows.length, 60);
  for (const { n, distinct_from, gaps } of rows)
    assert.deepEqual([n >= 12, distinct_from === n, gaps], [true, true, 0]);
  assert.equal(new Set(rows.map(({ n }) => n)).size, 1);
});

test("customers that cannot be billed are set aside; all others are billed, and they too once the cause is gone", async () => {
  const client = await organizationOf(ground, 60);
  // One cannot be computed, as its price is no price; one cannot be written, as its number is taken.
  await ground.pool.query(
    `update subscriptions s set plan_id = p.id from plans p
    where s.organization_id = $1 and p.organization_id = $1 and p.code = 'poisoned' and s.external_id = 'c7-1'`,
    [client.organizationId],
  );
  await setPrice(ground, client, "a lot", "poisoned");
  await ground.pool.query(
    `insert into invoices (organization_id, id, customer_id, billing_entity_id, invoice_type, status, number, sequential_id, currency,
      timezone, issuing_date, payment_due_date, expected_finalization_date, created_at, updated_at)
    select $1, uuidv7(), id, $1, 'subscription', 'finalized', 'TAKEN', 1, 'EUR', 'UTC', now(), now(), now(), now(), now()
    from customers where organization_id = $1 and external_id = 'c33'`,
    [client.organizationId],
  );
  await startRun(ground, client);
  await untilSettled(ground, client);
  const { rows: failures } = await ground.pool.query<{ external_id: string; error: string; attempts: number }>(
    `select c.external_id, f.error, f.attempts from billing_failures f join customers c on c.organization_id = f.organization_id and c.id = f.customer_id
    where f.organization_id = $1 order by c.external_id`,
    [client.organizationId],
  );
  assert.deepEqual(
    failures.map(({ external_id, attempts }) => [external_id, attempts]),
    [
      ["c33", 1],
      ["c7", 1],
    ],
  );
  assert.match(failures[0]?.error ?? "", /invoices_sequence/);
  assert.equal(await countInvoices(ground, client), 59);

  // Before its time nothing is tried again.
  await startRun(ground, client);
  await startRun(ground, client, "invoicing.retries");
  await untilSettled(ground, client);
  assert.equal(await countInvoices(ground, client), 59);

  await ground.pool.query("delete from invoices where organization_id = $1 and number = 'TAKEN'", [
    client.organizationId,
  ]);
  await setPrice(ground, client, "1");
  await ground.pool.query("update billing_failures set retry_at = now() where organization_id = $1", [
    client.organizationId,
  ]);
  await startRun(ground, client, "invoicing.retries");
  await untilSettled(ground, client);
  await assertBilledOnce(ground, client, 60);
});

test("whoever moves a sandbox's clock is told which customer could not be billed", async () => {
  const client = await organizationOf(ground, 2, { sandbox: true });
  await setPrice(ground, client, "a lot");
  const answer = await client.call("POST", "/test_clock/run", { test_clock: { jobs: ["billing"] } });
  assert.deepEqual([answer.status, answer.body.code], [409, "background_work_failed"]);
  assert.equal(answer.body.error_details[0].task, "invoicing.bill_batch");
});
