import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

async function stage(more: object = {}): Promise<Client> {
  const client = await server.organization();
  await client.at("2024-03-01T00:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "Calls", code: "calls", aggregation_type: "count_agg" },
  });
  const terms = { name: "P", code: "p", interval: "monthly", amount_cents: 3100, amount_currency: "EUR" };
  const charges = [
    { billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "2" } },
  ];
  await client.must("POST", "/plans", { plan: { ...terms, pay_in_advance: false, charges, ...more } });
  await client.must("POST", "/customers", { customer: { external_id: "c", currency: "EUR" } });
  return client;
}

const subscribe = (client: Client, external_id: string, more: object = {}) =>
  client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c", external_id, plan_code: "p", ...more },
  });

const statusOf = async (client: Client, external_id: string, status: string) =>
  (await client.must("GET", `/subscriptions?external_customer_id=c&status[]=${status}`)).subscriptions
    .map((each: { external_id: string }) => each.external_id)
    .includes(external_id);

test("10.8: a deleted plan's subscriptions end with their last invoice, then its code is free", async () => {
  const client = await stage();
  await subscribe(client, "running");
  await subscribe(client, "own", { plan_overrides: { amount_cents: 6200 } });
  await subscribe(client, "coming", { subscription_at: "2024-05-01T00:00:00Z" });
  await client.must("POST", "/events", {
    event: { transaction_id: "e", external_subscription_id: "running", code: "calls" },
  });
  await client.at("2024-03-10T12:00:00Z");
  const { plan } = await client.must("DELETE", "/plans/p");
  assert.equal(plan.pending_deletion, true);
  await client.run();
  assert.equal(await statusOf(client, "running", "terminated"), true);
  assert.equal(await statusOf(client, "own", "terminated"), true);
  assert.equal(await statusOf(client, "coming", "canceled"), true);
  const { invoices } = await client.must("GET", "/invoices");
  // 10 of 31 days, and a call.
  assert.deepEqual(invoices.map((invoice: { fees_amount_cents: number }) => invoice.fees_amount_cents).sort(), [
    1000 + 200,
    2000,
  ]);
  assert.equal((await client.call("GET", "/plans/p")).status, 404);
  assert.equal((await client.must("GET", "/plans")).meta.total_count, 0);
  const terms = { name: "P", code: "p", interval: "monthly", amount_cents: 1, amount_currency: "EUR" };
  await client.must("POST", "/plans", { plan: { ...terms, pay_in_advance: false } });
});

test("10.8: periods that no run has billed are billed before the end", async () => {
  const client = await stage();
  await subscribe(client, "running");
  await client.at("2024-04-11T00:00:00Z");
  await client.must("DELETE", "/plans/p");
  await client.run();
  const { invoices } = await client.must("GET", "/invoices");
  assert.deepEqual(
    invoices.map((invoice: { fees_amount_cents: number }) => invoice.fees_amount_cents).sort(),
    // 11 of 30 days: the day on which it ends counts.
    [1137, 3100],
  );
});

test("a plan whose unused days would have to be credited stays", async () => {
  const client = await stage({ pay_in_advance: true });
  await subscribe(client, "running");
  const answer = await client.call("DELETE", "/plans/p");
  assert.deepEqual([answer.status, answer.body.error_details], [422, { base: ["not_supported_yet"] }]);
  assert.equal((await client.must("GET", "/plans/p")).plan.pending_deletion, false);
});
