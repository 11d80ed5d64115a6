import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";
import { amounts, type Given, links, organizationAt, put } from "../testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const PLANS = {
  p: { amount_cents: 3100 },
  up: { amount_cents: 6200 },
  low: { amount_cents: 1550 },
  advance: { amount_cents: 3100, pay_in_advance: true },
};

const schedule = (client: Client, scheduled_change: Given, id = "s1") =>
  client.call("POST", `/subscriptions/${id}/scheduled_changes`, { scheduled_change });
const advance = (client: Client, now: string) => client.must("POST", "/test_clock/advance", { test_clock: { now } });
const statuses = async (client: Client) =>
  (await client.must("GET", "/subscriptions/s1/scheduled_changes")).scheduled_changes.map(
    (each: Given) => `${each.scheduled_at} ${each.status}`,
  );

test("a change of plan comes on its local day: a dearer one at once, a cheaper one with the period's end", async () => {
  const client = await organizationAt(server, "2024-01-01T12:00:00Z", PLANS, { timezone: "America/New_York" });
  await put(client, { plan_code: "p" });
  const { status, body } = await schedule(client, { scheduled_at: "2024-01-12T02:00:00Z", plan_code: "up" });
  assert.equal(status, 200);
  const { lago_id, created_at, ...shown } = body.scheduled_change;
  assert.ok(lago_id && created_at);
  assert.deepEqual(shown, {
    external_subscription_id: "s1",
    scheduled_at: "2024-01-12T02:00:00Z",
    plan_code: "up",
    plan_overrides: null,
    status: "pending",
    error: null,
    applied_at: null,
    canceled_at: null,
  });
  await schedule(client, { scheduled_at: "2024-01-20", plan_code: "low" });
  await advance(client, "2024-01-11T04:59:00Z");
  assert.deepEqual(await links(client), ["p active"]);
  await advance(client, "2024-01-11T06:00:00Z");
  assert.deepEqual(await links(client), ["p terminated", "up active"]);
  const { subscription } = await client.must("GET", "/subscriptions/s1");
  assert.equal(subscription.started_at, "2024-01-11T05:00:00.000Z");
  await advance(client, "2024-02-02T00:00:00Z");
  assert.deepEqual(await links(client), ["p terminated", "up terminated", "low active"]);
  assert.deepEqual(await statuses(client), ["2024-01-12T02:00:00Z applied", "2024-01-20T00:00:00Z applied"]);
  assert.deepEqual(await amounts(client), ["2024-01-11 1000", "2024-02-01 4200"]);
});

test("a change of price on a billing day leaves the period before it as it was", async () => {
  const client = await organizationAt(server, "2024-01-01T00:00:00Z", PLANS);
  await put(client, { plan_code: "p" });
  await schedule(client, { scheduled_at: "2024-02-01T00:00:00Z", plan_overrides: { amount_cents: 2900 } });
  await advance(client, "2024-03-01T01:00:00Z");
  assert.deepEqual(await amounts(client), ["2024-02-01 3100", "2024-03-01 2900"]);
  const { subscription } = await client.must("GET", "/subscriptions/s1");
  assert.deepEqual([subscription.plan_code, subscription.plan_amount_cents], ["p", 2900]);
});

test("what is wrong is said at once", async () => {
  const client = await organizationAt(server, "2024-01-10T12:00:00Z", PLANS);
  await put(client, { plan_code: "p" });
  for (const [given, status, expected, id] of [
    [{ scheduled_at: "2024-02-01", plan_code: "up" }, 404, "subscription_not_found", "nope"],
    [{ scheduled_at: "2024-02-01", plan_code: "nope" }, 404, "plan_not_found", "s1"],
    [{ plan_code: "up" }, 422, { scheduled_at: ["value_is_mandatory"] }, "s1"],
    [{ scheduled_at: "soon", plan_code: "up" }, 422, { scheduled_at: ["invalid_date"] }, "s1"],
    [{ scheduled_at: "2024-01-10T23:00:00Z", plan_code: "up" }, 422, { scheduled_at: ["invalid_date"] }, "s1"],
    [{ scheduled_at: "2024-02-01" }, 422, { plan_code: ["value_is_mandatory"] }, "s1"],
    [
      { scheduled_at: "2024-02-01", plan_overrides: { amount_cents: -1 } },
      422,
      { amount_cents: ["value_is_out_of_range"] },
      "s1",
    ],
  ] as const) {
    const answer = await schedule(client, given, id);
    assert.deepEqual(
      [answer.status, status === 404 ? answer.body.code : answer.body.error_details],
      [status, expected],
    );
  }
  assert.equal((await client.call("GET", "/subscriptions/nope/scheduled_changes")).status, 404);
});

test("a change can be canceled until it comes, and one that cannot be done says why", async () => {
  const client = await organizationAt(server, "2024-01-10T12:00:00Z", PLANS);
  await put(client, { plan_code: "advance" });
  await put(client, { plan_code: "p", external_id: "s2" });
  const { body } = await schedule(client, { scheduled_at: "2024-01-15", plan_code: "up" });
  const { body: other } = await schedule(client, { scheduled_at: "2024-01-20", plan_code: "up" });
  await schedule(client, { scheduled_at: "2024-01-25", plan_code: "low" }, "s2");
  const path = (id: string) => `/subscriptions/s1/scheduled_changes/${id}`;
  const canceled = await client.must("DELETE", path(other.scheduled_change.lago_id));
  assert.deepEqual(
    [canceled.scheduled_change.status, canceled.scheduled_change.canceled_at],
    ["canceled", "2024-01-10T12:00:00Z"],
  );
  const again = await client.call("DELETE", path(other.scheduled_change.lago_id));
  assert.deepEqual([again.status, again.body.code], [405, "scheduled_change_not_pending"]);
  const others = await client.call("DELETE", `/subscriptions/s2/scheduled_changes/${body.scheduled_change.lago_id}`);
  assert.deepEqual([others.status, others.body.code], [404, "scheduled_change_not_found"]);
  assert.equal((await client.call("DELETE", path("nope"))).status, 404);

  await client.must("DELETE", "/subscriptions/s2");
  const { scheduled_changes: gone } = await client.must("GET", "/subscriptions/s2/scheduled_changes");
  assert.deepEqual(
    gone.map((each: Given) => each.status),
    ["canceled"],
    "with the subscription's end",
  );
  await advance(client, "2024-01-31T00:00:00Z");
  const { scheduled_changes } = await client.must("GET", "/subscriptions/s1/scheduled_changes");
  // Days that were paid would have to be credited: there are no credit notes yet.
  assert.deepEqual(
    scheduled_changes.map((each: Given) => [each.status, each.error]),
    [
      ["failed", { code: "validation_errors", details: { on_termination_credit_note: ["not_supported_yet"] } }],
      ["canceled", null],
    ],
  );
  assert.deepEqual(await links(client), ["advance active", "p terminated"]);
});
