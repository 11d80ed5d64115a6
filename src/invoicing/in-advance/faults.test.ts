/** What may go wrong while events are charged: two workers at once, a job that runs twice, a killed process, an event that cannot be charged. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, test } from "node:test";
import type { Client } from "../../testing/server.ts";
import { ADMIN_KEY } from "../../testing/server.ts";
import { until } from "../testing.ts";
import { chargeAll, chargedFees, type Ground, openGround, subscribe } from "./testing.ts";

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

const SUBSCRIPTIONS = Array.from({ length: 20 }, (_, index) => `s${index}`);
const PACKAGES = { charge_model: "package", properties: { amount: "1", package_size: 10, free_units: 0 } };

/** This many counted events for each of the subscriptions, on invoices of their own. */
async function sendAll(client: Client, each: number): Promise<number> {
  await subscribe(client, { aggregation_type: "count_agg" }, [{ ...PACKAGES, invoiceable: true }], SUBSCRIPTIONS);
  const events = Array.from({ length: each }, (_, n) =>
    SUBSCRIPTIONS.map((external_subscription_id) => ({
      ...{ transaction_id: `${external_subscription_id}-${n}`, code: "m", external_subscription_id },
      timestamp: Date.UTC(2024, 0, 10) / 1000 + n,
    })),
  ).flat();
  await client.must("POST", "/events/bulk", events);
  return events.length;
}

/** Each event once, every tenth of a subscription's paying for a package; invoices of each customer numbered without a gap. */
async function assertChargedOnce(client: Client, each: number): Promise<void> {
  const fees = await chargedFees(ground, client);
  assert.equal(fees.length, SUBSCRIPTIONS.length * each);
  assert.equal(new Set(fees.map(({ transaction_id }) => transaction_id)).size, fees.length);
  for (const { transaction_id, amount_cents } of fees) {
    const n = Number(transaction_id.split("-")[1]);
    assert.equal(amount_cents, n % 10 === 0 ? "100" : "0", transaction_id);
  }
  const { rows } = await ground.app.pool.query(
    `select count(*)::int as invoices, min(sequential_id)::int as first, max(sequential_id)::int as last
    from invoices where organization_id = $1 group by customer_id`,
    [client.organizationId],
  );
  assert.equal(rows.length, SUBSCRIPTIONS.length);
  for (const row of rows) assert.deepEqual(row, { invoices: each, first: 1, last: each });
  const { rows: waiting } = await ground.app.pool.query("select from in_advance_queue where organization_id = $1", [
    client.organizationId,
  ]);
  assert.equal(waiting.length, 0);
}

test("several workers at once charge each event once, and in its order", async () => {
  const client = await ground.server.organization();
  await sendAll(client, 30);
  await chargeAll(ground, client, { limit: 37, workers: 5 });
  await assertChargedOnce(client, 30);
});

test("charging again charges nothing", async () => {
  const client = await ground.server.organization();
  await sendAll(client, 3);
  const queue = "select * from in_advance_queue where organization_id = $1";
  const { rows } = await ground.app.pool.query(queue, [client.organizationId]);
  await chargeAll(ground, client, { limit: 500 });
  await chargeAll(ground, client, { limit: 500 });
  await assertChargedOnce(client, 3);
  // Even were the events to wait once more.
  await ground.app.pool.query(
    "insert into in_advance_queue select * from jsonb_populate_recordset(null::in_advance_queue, $1)",
    [
      JSON.stringify(
        rows.map((row) => ({
          ...row,
          commit_id: String(row.commit_id),
          stream_id: String(row.stream_id),
          after_ordinal: 0,
        })),
      ),
    ],
  );
  await chargeAll(ground, client, { limit: 500 });
  await assertChargedOnce(client, 3);
});

function startWorker(): Promise<ChildProcess> {
  const { databaseUrl } = ground.server;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "bin/weir.ts", "start"], {
    env: {
      ...process.env,
      ...{ PORT: "0", ROLE: "worker", LOG_LEVEL: "error", DATABASE_URL: databaseUrl, ADMIN_API_KEY: ADMIN_KEY },
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

test("a process killed in the middle leaves each event charged or waiting; whoever looks next charges the rest", async () => {
  const each = 300;
  const client = await ground.server.organization();
  const killed = await startWorker();
  const total = await sendAll(client, each);
  const counted = async () => {
    const { rows } = await ground.app.pool.query("select count(*)::int as n from fees where organization_id = $1", [
      client.organizationId,
    ]);
    return rows[0].n as number;
  };
  await until(async () => (await counted()) > 0);
  await end(killed, "SIGKILL");
  const before = await counted();
  assert.ok(before < total, `${before} of ${total} were charged before it was killed`);
  await chargeAll(ground, client, { limit: 500, workers: 2 });
  await assertChargedOnce(client, each);
});

test("an event that cannot be charged waits with what follows it; all others are charged, and it too once the cause is gone", async () => {
  const client = await ground.server.organization();
  const charge = { charge_model: "standard", properties: { amount: "1" } };
  await subscribe(client, { aggregation_type: "sum_agg" }, [charge], ["s1", "s2"]);
  const event = (transaction_id: string, external_subscription_id: string, v: string) => ({
    ...{
      transaction_id,
      external_subscription_id,
      code: "m",
      timestamp: Date.UTC(2024, 0, 10) / 1000,
      properties: { v },
    },
  });
  const tooMuch = "9".repeat(40);
  await client.must("POST", "/events/batch", {
    events: [event("a1", "s1", "1"), event("a2", "s1", tooMuch), event("a3", "s1", "1"), event("b1", "s2", "1")],
  });
  const worker = await startWorker();
  const answer = await client.call("POST", "/test_clock/run", { test_clock: { jobs: [] } });
  assert.deepEqual([answer.status, answer.body.code], [409, "background_work_failed"]);
  assert.match(answer.body.error_details[0].error, /larger than an invoice can hold/);
  const charged = async () => (await chargedFees(ground, client)).map(({ transaction_id }) => transaction_id);
  assert.deepEqual(await charged(), ["a1", "b1"]);

  await client.must("POST", "/events", { event: event("b2", "s2", "1") });
  await client.run();
  assert.deepEqual(await charged(), ["a1", "b1", "b2"], "others go on");

  await client.must("PUT", "/plans/p/charges/m", { charge: { ...charge, properties: { amount: "0" } } });
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-01-01T02:00:00Z" } });
  assert.deepEqual(await charged(), ["a1", "a2", "a3", "b1", "b2"]);
  await end(worker, "SIGTERM");
});
