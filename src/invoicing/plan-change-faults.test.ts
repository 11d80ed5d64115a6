/** Two at once: changes of plan that meet each other, a billing run, or an end. Whoever comes first, each instant is billed once. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type pg from "pg";
import { openPool } from "../storage/database.ts";
import { links, organizationAt, put } from "../subscriptions/testing.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let pool: pg.Pool;
before(async () => {
  server = await startTestServer({ POOL_SIZE: "20" });
  pool = openPool({ url: server.databaseUrl, poolSize: 4 });
});
after(async () => {
  await pool.end();
  await server.close();
});

const PLANS = {
  p: { amount_cents: 3100 },
  up: { amount_cents: 6200 },
  top: { amount_cents: 9300, pay_in_advance: true },
  low: { amount_cents: 1000 },
};

const change = (client: Client, plan_code: string) =>
  client.call("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code },
  });

interface BilledWindow {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** The usage windows of the customer's invoices, in order, but for the empty ones of starts. */
async function windows({ organizationId }: Client): Promise<readonly BilledWindow[]> {
  const { rows } = await pool.query<BilledWindow>(
    `select charges_from_at::text as from, charges_to_at::text as to, invoicing_reason as reason from invoice_subscriptions
    where organization_id = $1 and invoicing_reason <> 'subscription_starting' order by charges_from_at, charges_to_at`,
    [organizationId],
  );
  return rows;
}

/** Each window begins where the one before ends; at a change of plan that is its very instant, which is the new plan's. */
async function assertBilledOnce(client: Client): Promise<void> {
  const billed = await windows(client);
  for (const [index, { from }] of billed.entries()) {
    const before = billed[index - 1];
    if (before === undefined) continue;
    const instant = before.reason === "subscription_terminating" ? before.to.replace(/\.000001/, "") : before.to;
    assert.equal(from, instant, JSON.stringify(billed));
  }
  const { rows } = await pool.query(
    `select count(*)::int as n from subscriptions where organization_id = $1 and status = 'active'`,
    [client.organizationId],
  );
  assert.ok(rows[0].n <= 1, "one link is active at most");
}

test("twenty upgrades at once to one plan are one upgrade", async () => {
  const client = await organizationAt(server, "2024-01-01T00:00:00Z", PLANS);
  await put(client, { plan_code: "p" });
  await client.at("2024-01-11T12:00:00Z");
  const answers = await Promise.all(Array.from({ length: 20 }, () => change(client, "up")));
  await client.run();
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(answers.map(({ body }) => body.subscription.lago_id)).size, 1);
  assert.deepEqual(await links(client), ["p terminated", "up active"]);
  assert.equal((await windows(client)).length, 1);
});

test("upgrades and downgrades at once leave one active link, and at most one that waits", async () => {
  const client = await organizationAt(server, "2024-01-01T00:00:00Z", PLANS);
  await put(client, { plan_code: "p" });
  await client.at("2024-01-11T12:00:00Z");
  const answers = await Promise.all(
    Array.from({ length: 18 }, (_, n) => change(client, ["up", "low", "p"][n % 3] as string)),
  );
  await client.run();
  for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
  const standing = await links(client);
  assert.equal(standing.filter((each) => each.endsWith("active")).length, 1);
  assert.ok(standing.filter((each) => each.endsWith("pending")).length <= 1);
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  await assertBilledOnce(client);
});

/** Holds the customer as a billing run does while it writes. */
async function holdingCustomer<T>({ organizationId }: Client, work: () => Promise<T>): Promise<T> {
  const holder = await pool.connect();
  try {
    await holder.query("begin");
    await holder.query("select id from customers where organization_id = $1 for no key update", [organizationId]);
    const working = work();
    await new Promise((done) => setTimeout(done, 300));
    await holder.query("commit");
    return await working;
  } finally {
    holder.release();
  }
}

test("an upgrade waits for the run that holds the customer", async () => {
  const client = await organizationAt(server, "2024-01-01T00:00:00Z", PLANS);
  await put(client, { plan_code: "p" });
  await client.at("2024-01-20T12:00:00Z");
  let isHeld = true;
  const answer = await holdingCustomer(client, async () => {
    const waiting = change(client, "top");
    setTimeout(() => {
      isHeld = false;
    }, 290);
    const { status } = await waiting;
    assert.equal(isHeld, false, "it was answered after the run let go");
    return status;
  });
  assert.equal(answer, 200);
  await client.run();
  await assertBilledOnce(client);
});

test("on a billing day an upgrade, an end and runs at once bill each instant once", async () => {
  for (let round = 0; round < 6; round++) {
    const client = await organizationAt(server, "2024-01-01T00:00:00Z", PLANS);
    await put(client, { plan_code: "p" });
    if (round % 2 === 1) await put(client, { plan_code: "low" });
    await client.at("2024-02-01T08:00:00Z");
    const settled = (call: Promise<unknown>) => call.catch(() => null);
    await Promise.all([
      settled(client.run("billing")),
      settled(change(client, "up")),
      settled(client.run("billing")),
      ...(round > 3 ? [settled(client.call("DELETE", "/subscriptions/s1"))] : []),
    ]);
    await settled(client.run("billing", "retries"));
    await client.at("2024-02-02T08:00:00Z");
    await settled(client.run("billing", "retries"));
    await assertBilledOnce(client);
    const january = (await windows(client)).filter(({ from }) => from.startsWith("2024-01-01"));
    assert.equal(january.length, 1, `round ${round}: January once`);
  }
});
