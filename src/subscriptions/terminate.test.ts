import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const plan = (given: Record<string, unknown> = {}) => ({
  plan: {
    code: "p",
    name: "Plan",
    interval: "monthly",
    amount_cents: 3000,
    amount_currency: "EUR",
    pay_in_advance: false,
    ...given,
  },
});
const subscription = (given: Record<string, unknown> = {}) => ({
  subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p", ...given },
});

/** An organization in January with a plan and a customer. */
async function organization(
  planGiven: Record<string, unknown> = {},
  customerGiven: Record<string, unknown> = {},
  at = "2024-01-17T10:00:00Z",
): Promise<Client> {
  const client = await server.organization();
  await client.at(at);
  await client.must("POST", "/plans", plan(planGiven));
  await client.must("POST", "/customers", { customer: { external_id: "c1", ...customerGiven } });
  return client;
}

test("a subscription in arrears is terminated", async () => {
  const client = await organization();
  await client.must("POST", "/subscriptions", subscription());
  await client.at("2024-02-12T15:30:00Z");
  const { subscription: ended } = await client.must("DELETE", "/subscriptions/s1?on_termination_credit_note=credit");
  assert.deepEqual(
    [ended.status, ended.terminated_at, ended.on_termination_credit_note, ended.on_termination_invoice],
    ["terminated", "2024-02-12T15:30:00Z", null, "generate"],
  );
  assert.equal(ended.current_billing_period_ending_at, "2024-02-12T15:30:00Z");
  assert.equal((await client.call("DELETE", "/subscriptions/s1")).status, 404);
  assert.equal((await client.call("GET", "/subscriptions/s1")).status, 404);
  const found = await client.must("GET", "/subscriptions/s1?status=terminated");
  assert.equal(found.subscription.lago_id, ended.lago_id);
  assert.equal(found.subscription.plan.code, "p");
});

test("the options of a termination stand in the query, in the body, or on the subscription", async () => {
  const client = await organization();
  await client.must("POST", "/subscriptions", subscription({ external_id: "query" }));
  await client.must("POST", "/subscriptions", subscription({ external_id: "body" }));
  await client.must("POST", "/subscriptions", subscription({ external_id: "stored" }));
  await client.must("PUT", "/subscriptions/stored", { subscription: { on_termination_invoice: "skip" } });
  for (const [path, body] of [
    ["/subscriptions/query?on_termination_invoice=skip", undefined],
    ["/subscriptions/body", { on_termination_invoice: "skip" }],
    ["/subscriptions/stored", undefined],
  ] as const) {
    const bad = await client.call("DELETE", `${path.split("?")[0]}?on_termination_invoice=maybe`);
    assert.deepEqual([bad.status, bad.body.error_details], [422, { on_termination_invoice: ["invalid_value"] }]);
    const answer = await client.must("DELETE", path, body);
    assert.equal(answer.subscription.on_termination_invoice, "skip", path);
  }
});

test("days that were paid and not used need a credit note, which comes later", async () => {
  const client = await organization({ pay_in_advance: true });
  const ids = ["today", "backdated", "free", "lastday"];
  await client.must("POST", "/plans", plan({ code: "free", amount_cents: 0, pay_in_advance: true }));
  await client.must("POST", "/subscriptions", subscription({ external_id: ids[0] }));
  await client.must("POST", "/subscriptions", subscription({ external_id: ids[1], subscription_at: "2023-11-05" }));
  await client.must("POST", "/subscriptions", subscription({ external_id: ids[2], plan_code: "free" }));
  await client.must("POST", "/subscriptions", subscription({ external_id: ids[3] }));
  for (const choice of ["", "?on_termination_credit_note=refund", "?on_termination_credit_note=offset"]) {
    const answer = await client.call("DELETE", `/subscriptions/today${choice}`);
    assert.deepEqual(
      [answer.status, answer.body.error_details],
      [422, { on_termination_credit_note: ["not_supported_yet"] }],
    );
  }
  const odd = await client.call("DELETE", "/subscriptions/today?on_termination_credit_note=odd");
  assert.deepEqual(odd.body.error_details, { on_termination_credit_note: ["invalid_value"] });
  const skipped = await client.must("DELETE", "/subscriptions/today?on_termination_credit_note=skip");
  assert.equal(skipped.subscription.on_termination_credit_note, "skip");
  for (const id of ["backdated", "free"]) {
    const ended = await client.must("DELETE", `/subscriptions/${id}`);
    assert.equal(ended.subscription.on_termination_credit_note, "credit", `${id}: nothing was paid for the days left`);
  }
  await client.at("2024-01-31T20:00:00Z");
  await client.must("DELETE", "/subscriptions/lastday");
});

test("a subscription that begins again starts where the last one was billed to, and keeps its anchor", async () => {
  const client = await organization({ interval: "yearly" }, {}, "2025-03-15T00:00:00Z");
  const old = await client.must("POST", "/subscriptions", subscription({ billing_time: "anniversary" }));
  await client.at("2026-03-13T00:00:00Z");
  await client.must("DELETE", "/subscriptions/s1");
  const again = await client.must(
    "POST",
    "/subscriptions",
    subscription({ billing_time: "anniversary", subscription_at: "2025-03-15T00:00:00Z" }),
  );
  const { lago_id, subscription_at, started_at, status } = again.subscription;
  assert.notEqual(lago_id, old.subscription.lago_id);
  assert.deepEqual(
    [status, subscription_at, started_at],
    ["active", "2025-03-15T00:00:00Z", "2026-03-13T00:00:00.000Z"],
  );
  assert.equal(again.subscription.current_billing_period_ending_at, "2026-03-14T23:59:59Z");
});

test("an end without an invoice bills nothing, so a new start may reach behind it", async () => {
  const client = await organization();
  await client.must("POST", "/subscriptions", subscription());
  await client.at("2024-01-25T00:00:00Z");
  await client.must("DELETE", "/subscriptions/s1?on_termination_invoice=skip");
  const again = await client.must("POST", "/subscriptions", subscription({ subscription_at: "2024-01-17T10:00:00Z" }));
  assert.equal(again.subscription.started_at, "2024-01-17T10:00:00.000Z");
});
