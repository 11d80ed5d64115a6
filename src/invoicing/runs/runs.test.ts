/** Billing runs as the API shows them: how far they are, whom they could not bill, and what is done about it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Client } from "../../testing/server.ts";
import { type Ground, openGround, organizationOf, setPrice, startRun, until, untilSettled } from "../testing.ts";

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

const runsOf = async (client: Client) => (await client.must("GET", "/billing_runs")).billing_runs;

/** Makes the usage price of one customer unreadable: its plan becomes one of its own. */
async function poison(client: Client, externalId: string): Promise<void> {
  await setPrice(ground, client, "a lot", "poisoned");
  await ground.pool.query(
    `update subscriptions s set plan_id = p.id from plans p, customers c
    where s.organization_id = $1 and p.organization_id = $1 and p.code = 'poisoned' and c.organization_id = $1 and c.external_id = $2 and c.id = s.customer_id`,
    [client.organizationId, externalId],
  );
}

const cure = (client: Client) => setPrice(ground, client, "1");

test("a run tells what it came to", async () => {
  const client = await organizationOf(ground, 50);
  assert.deepEqual((await client.must("GET", "/billing_runs")).meta.total_count, 0);
  await startRun(ground, client);
  await untilSettled(ground, client);
  const [run, ...others] = await runsOf(client);
  assert.deepEqual(others, []);
  const { lago_id, started_at, finished_at, due_until, customers_per_second, ...counts } = run;
  assert.deepEqual(counts, {
    kind: "billing",
    status: "finished",
    estimated_finish_at: null,
    batches_count: 3,
    batches_done_count: 3,
    customers_due_count: 50,
    customers_done_count: 50,
    customers_billed_count: 50,
    customers_set_aside_count: 0,
    customers_skipped_count: 0,
    invoices_count: 50,
  });
  assert.ok(started_at < finished_at && customers_per_second > 0 && due_until.endsWith("Z"));
  assert.deepEqual((await client.must("GET", `/billing_runs/${lago_id}`)).billing_run, { ...run, errors: [] });
});

test("a run that finds nobody due leaves no trace", async () => {
  const client = await organizationOf(ground, 1);
  await startRun(ground, client);
  await untilSettled(ground, client);
  await startRun(ground, client);
  await untilSettled(ground, client);
  assert.equal((await runsOf(client)).length, 1);
});

test("a run that is under way tells how far it is, how fast, and when it will be finished", async () => {
  const client = await organizationOf(ground, 60);
  const { rows } = await ground.pool.query<{ id: string }>(
    "select id from customers where organization_id = $1 order by id",
    [client.organizationId],
  );
  // The last batch waits for a row that somebody holds.
  const holder = await ground.pool.connect();
  try {
    await holder.query("begin");
    await holder.query("select from billing_schedules where customer_id = $1 for update", [rows.at(-1)?.id]);
    await startRun(ground, client);
    await until(async () => (await runsOf(client))[0]?.batches_done_count === 2);
    const [run] = await runsOf(client);
    assert.deepEqual(
      [run.status, run.customers_due_count, run.customers_done_count, run.customers_billed_count, run.invoices_count],
      ["running", 60, 40, 40, 40],
    );
    assert.ok(run.customers_per_second > 0 && run.estimated_finish_at > run.started_at, JSON.stringify(run));
    const { rows: waiting } = await ground.pool.query(
      "select priority from graphile_worker._private_jobs where key like 'invoicing.bill_batch:' || $1 || '%'",
      [run.lago_id],
    );
    assert.deepEqual(waiting, [{ priority: 10 }], "whatever else there is to do goes first");
  } finally {
    await holder.query("rollback");
    holder.release();
  }
  await untilSettled(ground, client);
  assert.equal((await runsOf(client))[0].status, "finished");
});

test("an attempt that is repeated goes on with its run, and a batch that is done stays so", async () => {
  const client = await organizationOf(ground, 30);
  const run_id = "0190b2c4-0000-7000-8000-000000000001";
  const add = (task: string, payload: object) =>
    ground.pool.query("select graphile_worker.add_job($1, $2::json)", [
      task,
      JSON.stringify({ organization_id: client.organizationId, run_id, ...payload }),
    ]);
  for (let attempt = 0; attempt < 2; attempt++) {
    await add("invoicing.billing", {});
    await untilSettled(ground, client);
    await add("invoicing.bill_batch", { batch: 0 });
    await untilSettled(ground, client);
  }
  const runs = await runsOf(client);
  assert.deepEqual(
    runs.map((run: { lago_id: string; customers_billed_count: number }) => [run.lago_id, run.customers_billed_count]),
    [[run_id, 30]],
  );
});

test("a run whose batch failed for good is interrupted, and the next one bills what it left", async () => {
  const client = await organizationOf(ground, 5);
  await ground.pool.query(
    `with run as (
      insert into billing_runs (organization_id, id, kind, due_until, customers_due, batches, started_at)
      values ($1, uuidv7(), 'billing', now(), 5, 1, now()) returning id
    )
    insert into billing_run_batches (organization_id, run_id, n, customer_ids, customers)
    select $1, run.id, 0, array_agg(c.id), 5 from run, customers c where c.organization_id = $1 group by run.id`,
    [client.organizationId],
  );
  assert.deepEqual(
    [(await runsOf(client))[0].status, (await runsOf(client))[0].estimated_finish_at],
    ["interrupted", null],
  );
  await startRun(ground, client);
  await untilSettled(ground, client);
  const [next] = await runsOf(client);
  assert.deepEqual([next.status, next.customers_billed_count], ["finished", 5]);
});

test("one poisoned customer among 1,000: all others are billed, its error is shown, and it is billed once it is cured", async () => {
  const client = await organizationOf(ground, 1_000);
  await poison(client, "c500");
  await startRun(ground, client);
  await untilSettled(ground, client);
  const [{ lago_id, ...run }] = await runsOf(client);
  assert.deepEqual(
    [run.status, run.customers_billed_count, run.customers_set_aside_count, run.invoices_count],
    ["finished", 999, 1, 999],
  );
  const { billing_run } = await client.must("GET", `/billing_runs/${lago_id}`);
  const [error] = billing_run.errors;
  assert.deepEqual([error.external_customer_id, error.attempts, error.set_aside], ["c500", 1, true]);
  assert.equal(
    error.error,
    'charge calls (metric calls, plan poisoned): the properties {"amount":"a lot"} are no standard price: Invalid number',
  );
  const { billing_failures } = await client.must("GET", "/billing_failures?external_customer_id=c500");
  const { set_aside, ...shown } = error;
  assert.deepEqual(billing_failures, [shown]);
  assert.ok(shown.retry_at > shown.failed_at);

  // Until then the hourly run does not look at it again.
  await startRun(ground, client);
  await untilSettled(ground, client);
  assert.equal((await runsOf(client)).length, 1);

  await cure(client);
  const retry = { retry: { external_customer_ids: ["c500"] } };
  assert.deepEqual(await client.must("POST", "/billing_failures/retry", retry), { retry: { customers_count: 1 } });
  await untilSettled(ground, client);
  const [again] = await runsOf(client);
  assert.deepEqual([again.kind, again.customers_billed_count, again.invoices_count], ["retries", 1, 1]);
  assert.deepEqual((await client.must("GET", "/billing_failures")).billing_failures, []);
  const { errors, meta } = await client.must("GET", `/billing_runs/${lago_id}/errors`);
  assert.deepEqual([errors[0].set_aside, meta.total_count], [false, 1]);
  assert.equal((await client.call("POST", "/billing_failures/retry", retry)).body.code, "billing_failure_not_found");
});

test("a retry of all tries whoever is set aside, and says when they fail again", async () => {
  const client = await organizationOf(ground, 3);
  await poison(client, "c1");
  await poison(client, "c2");
  await startRun(ground, client);
  await untilSettled(ground, client);
  assert.deepEqual(await client.must("POST", "/billing_failures/retry", { retry: {} }), {
    retry: { customers_count: 2 },
  });
  await untilSettled(ground, client);
  const { billing_failures } = await client.must("GET", "/billing_failures");
  assert.deepEqual(
    billing_failures.map((each: { attempts: number }) => each.attempts),
    [2, 2],
  );
  const unknown = { retry: { external_customer_ids: ["c1", "c3"] } };
  assert.equal((await client.call("POST", "/billing_failures/retry", unknown)).status, 404);
  const wrong = await client.call("POST", "/billing_failures/retry", { retry: { external_customer_ids: "c1" } });
  assert.deepEqual([wrong.status, wrong.body.error_details], [422, { external_customer_ids: ["value_is_invalid"] }]);
});

test("what another organization runs is not there", async () => {
  const [client, other] = [await organizationOf(ground, 2), await organizationOf(ground, 2)];
  await poison(client, "c1");
  await startRun(ground, client);
  await untilSettled(ground, client);
  const [{ lago_id }] = await runsOf(client);
  assert.deepEqual(await runsOf(other), []);
  assert.deepEqual((await other.must("GET", "/billing_failures")).billing_failures, []);
  for (const path of [`/billing_runs/${lago_id}`, `/billing_runs/${lago_id}/errors`, "/billing_runs/x"]) {
    const { status, body } = await other.call("GET", path);
    assert.deepEqual([status, body.code], [404, "billing_run_not_found"], path);
  }
  const retry = { retry: { external_customer_ids: ["c1"] } };
  assert.equal((await other.call("POST", "/billing_failures/retry", retry)).status, 404);
  assert.deepEqual(await other.must("POST", "/billing_failures/retry", { retry: {} }), {
    retry: { customers_count: 0 },
  });
});

test("finding who is due reads the index of what is due, and costs nothing where nobody is", async () => {
  const client = await organizationOf(ground, 2_000);
  const { pool } = ground;
  await pool.query("update billing_schedules set next_due_at = now() + interval '10 days' where organization_id = $1", [
    client.organizationId,
  ]);
  await pool.query("vacuum analyze billing_schedules");
  const { rows } = await pool.query<{ "QUERY PLAN": string }>(
    `explain (analyze, buffers, timing off) with due as materialized (
      select customer_id from billing_schedules where organization_id = '${client.organizationId}'::uuid and next_due_at <= now()
    ) select distinct customer_id from due`,
  );
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  assert.match(plan, /Index (Only )?Scan using billing_schedules_due/, plan);
  const [reading = ""] = plan.split("Planning:");
  const pages = [...reading.matchAll(/Buffers: shared hit=(\d+)/g)].map(([, hit]) => Number(hit));
  assert.ok(Math.max(...pages) < 20, plan);
});
