import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

/** A subscription on "dear" (10.00) for which "cheap" (5.00) waits. */
async function stage(): Promise<Client> {
  const client = await server.organization();
  await client.at("2024-03-01T00:00:00Z");
  const terms = { interval: "monthly", amount_currency: "EUR", pay_in_advance: false };
  for (const [code, amount_cents] of [
    ["dear", 1000],
    ["cheap", 500],
  ] as const) {
    await client.must("POST", "/plans", { plan: { name: code, code, amount_cents, ...terms } });
  }
  for (const plan_code of ["dear", "cheap"]) {
    const subscription = { external_customer_id: "c", external_id: "s", plan_code };
    await client.must("POST", "/subscriptions", { subscription });
  }
  await client.at("2024-03-11T00:00:00Z");
  return client;
}

const plansBy = async (client: Client, status: string): Promise<string[]> => {
  const { subscriptions } = await client.must("GET", `/subscriptions?status[]=${status}`);
  return subscriptions.map((each: { plan_code: string }) => each.plan_code);
};
const price = async (client: Client, code: string, amount_cents: number) => {
  await client.must("PUT", `/plans/${code}`, { plan: { amount_cents } });
  await client.run();
};

test("10.2: a downgrade that would be an upgrade by now is canceled", async () => {
  const client = await stage();
  await price(client, "dear", 500);
  assert.deepEqual(await plansBy(client, "pending"), ["cheap"], "as cheap is no dearer");
  await price(client, "dear", 499);
  assert.deepEqual([await plansBy(client, "pending"), await plansBy(client, "canceled")], [[], ["cheap"]]);
  assert.deepEqual(await plansBy(client, "active"), ["dear"]);
});

test("10.2: a plan that waits and is no longer cheaper follows at once", async () => {
  const client = await stage();
  await price(client, "cheap", 999);
  assert.deepEqual(await plansBy(client, "pending"), ["cheap"]);
  await price(client, "cheap", 1000);
  assert.deepEqual([await plansBy(client, "active"), await plansBy(client, "pending")], [["cheap"], []]);
  assert.deepEqual(await plansBy(client, "terminated"), ["dear"]);
  const { invoices } = await client.must("GET", "/invoices");
  // 10 of 31 days: the day of the change belongs to the new plan.
  assert.deepEqual(
    invoices.map((invoice: { fees_amount_cents: number }) => invoice.fees_amount_cents),
    [323],
  );
});
