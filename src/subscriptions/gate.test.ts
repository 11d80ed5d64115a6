import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findOrganization } from "../identity/index.ts";
import { presentOf } from "../kernel/clock.ts";
import { type Database, inTransaction, openDatabase } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";
import { failGate, passGate } from "./index.ts";
import { evaluated, isHeldBack, moved, storedRules } from "./rules/gate.ts";
import { type Given, links, organizationAt, put } from "./testing.ts";

let server: TestServer;
let database: Database;
before(async () => {
  server = await startTestServer();
  database = openDatabase({ url: server.databaseUrl, poolSize: 2 });
});
after(async () => {
  await database.close();
  await server.close();
});

const now = Temporal.Instant.from("2024-01-22T00:05:00Z");
let ids = 0;
const rules = (timeout_hours: number) =>
  storedRules([{ type: "payment", timeout_hours }], {
    newId: () => `0190b5a0-0000-7000-8000-${String(ids++).padStart(12, "0")}`,
    now,
  });

test("rules apply where there is something to collect, and their last word is final", () => {
  const [nothing] = evaluated(rules(48), false, now);
  assert.deepEqual([nothing?.status, nothing?.expires_at], ["not_applicable", null]);
  const pending = evaluated(rules(48), true, now);
  assert.deepEqual([pending[0]?.status, pending[0]?.expires_at], ["pending", "2024-01-24T00:05:00Z"]);
  assert.equal(evaluated(rules(0), true, now)[0]?.expires_at, null, "it may wait for ever");
  assert.ok(isHeldBack(pending));
  const failed = moved(pending, "failed", now);
  assert.ok(!isHeldBack(failed));
  assert.equal(moved(failed, "satisfied", now)[0]?.status, "failed");
});

/** A subscription that waits for its start and, then, for its first payment. (No provider could be named in a request yet.) */
async function gated(plan: Given, timeout_hours: number): Promise<{ client: Client; id: string }> {
  const client = await organizationAt(server, "2024-01-10T10:00:00Z", { p: plan });
  const { subscription } = await put(client, { plan_code: "p", subscription_at: "2024-01-22T00:00:00Z" });
  await database.pool.query("update subscriptions set activation_rules = $1 where id = $2", [
    JSON.stringify(rules(timeout_hours)),
    subscription.lago_id,
  ]);
  await client.at("2024-01-22T00:05:00Z");
  await client.run("activations");
  return { client, id: subscription.lago_id };
}

const IN_ADVANCE = { amount_cents: 3100, pay_in_advance: true };
const shown = async (client: Client, status: string) =>
  (await client.must("GET", `/subscriptions/s1?status=${status}`)).subscription;

async function passing(client: Client, id: string, move: "passed" | "failed"): Promise<void> {
  const organization = await findOrganization(database.db, client.organizationId);
  const at = presentOf(organization);
  const app = { reactions: new Map() };
  await inTransaction(database.db, (tx) =>
    move === "passed" ? passGate(app, tx, organization, id, at) : failGate(app, tx, organization, id, "failed", at),
  );
}

test("what has something to collect is incomplete until it is paid, and active since it started", async () => {
  const { client, id } = await gated(IN_ADVANCE, 48);
  const incomplete = await shown(client, "incomplete");
  assert.deepEqual(
    [incomplete.status, incomplete.started_at, incomplete.activated_at, incomplete.activation_rules[0].status],
    ["incomplete", "2024-01-22T00:05:00.000Z", null, "pending"],
  );
  assert.equal(incomplete.activation_rules[0].expires_at, "2024-01-24T00:05:00Z");
  assert.equal(
    (await client.call("PUT", "/subscriptions/s1", { subscription: { name: "x" } })).body.code,
    "subscription_incomplete",
  );
  assert.deepEqual((await client.call("DELETE", "/subscriptions/s1")).body.error_details, {
    base: ["subscription_incomplete"],
  });
  const again = { external_customer_id: "c1", external_id: "s1", plan_code: "p" };
  assert.deepEqual((await client.call("POST", "/subscriptions", { subscription: again })).body.error_details, {
    subscription: ["subscription_incomplete"],
  });
  await client.at("2024-01-23T12:00:00Z");
  await client.run("activation_expirations");
  await passing(client, id, "passed");
  await passing(client, id, "passed");
  const active = await shown(client, "active");
  assert.deepEqual(
    [active.started_at, active.activated_at, active.activation_rules[0].status],
    ["2024-01-22T00:05:00.000Z", "2024-01-23T12:00:00Z", "satisfied"],
  );
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  const { invoices } = await client.must("GET", "/invoices");
  assert.deepEqual(
    invoices.map((each: Given) => each.fees_amount_cents),
    [3100],
    "from then on it is billed like any other",
  );
});

test("time runs out by the clock, and a failed payment ends it", async () => {
  const { client } = await gated(IN_ADVANCE, 48);
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-01-24T00:04:00Z" } });
  assert.equal((await shown(client, "incomplete")).status, "incomplete");
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-01-24T00:06:00Z" } });
  const expired = await shown(client, "canceled");
  assert.deepEqual(
    [expired.cancellation_reason, expired.canceled_at, expired.activation_rules[0].status],
    ["timeout", "2024-01-24T00:05:00Z", "expired"],
  );

  const failed = await gated(IN_ADVANCE, 0);
  await failed.client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-03-24T00:06:00Z" } });
  await passing(failed.client, failed.id, "failed");
  const canceled = await shown(failed.client, "canceled");
  assert.deepEqual([canceled.cancellation_reason, canceled.activation_rules[0].status], ["payment_failed", "failed"]);
  assert.deepEqual(await links(failed.client), ["p canceled"]);
});

test("what has nothing to collect is active at once", async () => {
  for (const plan of [{ amount_cents: 3100 }, { ...IN_ADVANCE, trial_period: 10 }]) {
    const { client } = await gated(plan, 48);
    assert.equal((await shown(client, "active")).activation_rules[0].status, "not_applicable");
  }
});

test("A24 of the subscriptions spec: a fixed charge in advance is something to collect, whatever the plan", async () => {
  const client = await organizationAt(server, "2024-01-10T10:00:00Z", {});
  await client.must("POST", "/add_ons", {
    add_on: { name: "Setup", code: "setup", amount_cents: 100, amount_currency: "EUR" },
  });
  const fixed_charges = [
    {
      ...{ add_on_code: "setup", units: 1, charge_model: "standard", properties: { amount: "10" } },
      pay_in_advance: true,
    },
  ];
  const plan = { code: "p", name: "P", interval: "monthly", amount_cents: 3100, amount_currency: "EUR" };
  await client.must("POST", "/plans", { plan: { ...plan, pay_in_advance: false, fixed_charges } });
  const { subscription } = await put(client, { plan_code: "p", subscription_at: "2024-01-22T00:00:00Z" });
  await database.pool.query("update subscriptions set activation_rules = $1 where id = $2", [
    JSON.stringify(rules(48)),
    subscription.lago_id,
  ]);
  await client.at("2024-01-22T00:05:00Z");
  await client.run("activations");
  assert.equal((await shown(client, "incomplete")).activation_rules[0].status, "pending");
});
