import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

async function subscribed(at: string, subscription: object = {}): Promise<Client> {
  const client = await server.organization();
  await client.at(at);
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "gb", name: "GB", aggregation_type: "sum_agg", field_name: "gb" },
  });
  const charges = [
    { billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "0.5" } },
  ];
  for (const code of ["p", "q"]) {
    const plan = { code, name: code, interval: "monthly", amount_cents: 1000, amount_currency: "EUR", charges };
    await client.must("POST", "/plans", { plan: { ...plan, pay_in_advance: false } });
  }
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p", ...subscription },
  });
  return client;
}

let sent = 0;
const send = (client: Client, gb: number) =>
  client.must("POST", "/events", {
    event: { transaction_id: `t${++sent}`, external_subscription_id: "s1", code: "gb", properties: { gb } },
  });
const lifetime = async (client: Client, query = "") =>
  (await client.must("GET", `/subscriptions/s1/lifetime_usage${query}`)).lifetime_usage;

test("lifetime usage is what was before, what is invoiced and what is open, at every moment", async () => {
  const client = await subscribed("2024-01-10T00:00:00Z");
  const first = await lifetime(client);
  assert.deepEqual(
    { ...first, lago_id: "", lago_subscription_id: "" },
    {
      lago_id: "",
      lago_subscription_id: "",
      external_subscription_id: "s1",
      external_historical_usage_amount_cents: 0,
      invoiced_usage_amount_cents: 0,
      current_usage_amount_cents: 0,
      from_datetime: "2024-01-10T00:00:00Z",
      to_datetime: "2024-01-10T00:00:00Z",
    },
  );
  await send(client, 10);
  assert.equal((await lifetime(client)).current_usage_amount_cents, 500);
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  await send(client, 4);
  const { lifetime_usage: changed } = await client.must("PUT", "/subscriptions/s1/lifetime_usage", {
    lifetime_usage: { external_historical_usage_amount_cents: 20 },
  });
  assert.deepEqual(
    [
      changed.external_historical_usage_amount_cents,
      changed.invoiced_usage_amount_cents,
      changed.current_usage_amount_cents,
    ],
    [20, 500, 200],
  );
  assert.equal(changed.lago_id, first.lago_id);
  assert.equal((await lifetime(client)).external_historical_usage_amount_cents, 20);
});

test("what a subscription used that is over stands on its invoices", async () => {
  const client = await subscribed("2024-01-10T00:00:00Z");
  await send(client, 10);
  await client.at("2024-01-20T00:00:00Z");
  await client.must("DELETE", "/subscriptions/s1");
  await client.run();
  assert.equal((await client.call("GET", "/subscriptions/s1/lifetime_usage")).body.code, "subscription_not_found");
  const ended = await lifetime(client, "?status=terminated");
  assert.deepEqual([ended.invoiced_usage_amount_cents, ended.current_usage_amount_cents], [500, 0]);
});

test("a customer who comes back goes on; another customer begins anew", async () => {
  const client = await subscribed("2024-01-10T00:00:00Z");
  await client.must("PUT", "/subscriptions/s1/lifetime_usage", {
    lifetime_usage: { external_historical_usage_amount_cents: 7 },
  });
  await send(client, 10);
  const again = async (at: string, external_customer_id: string) => {
    await client.at(at);
    await client.must("DELETE", "/subscriptions/s1");
    await client.run();
    await client.must("POST", "/subscriptions", {
      subscription: { external_customer_id, external_id: "s1", plan_code: "q" },
    });
    const { external_historical_usage_amount_cents: before, invoiced_usage_amount_cents: invoiced } =
      await lifetime(client);
    return [before, invoiced];
  };
  assert.deepEqual(await again("2024-01-20T00:00:00Z", "c1"), [7, 500]);
  assert.deepEqual(await again("2024-01-25T00:00:00Z", "c2"), [0, 0]);
  assert.deepEqual(await again("2024-01-28T00:00:00Z", "c1"), [0, 0]);
});

test("an amount before is a whole number of at least 0", async () => {
  const client = await subscribed("2024-01-10T00:00:00Z");
  const put = (lifetime_usage: unknown) => client.call("PUT", "/subscriptions/s1/lifetime_usage", { lifetime_usage });
  const below = await put({ external_historical_usage_amount_cents: -1 });
  assert.equal(below.status, 422);
  assert.deepEqual(below.body.error_details, { historical_usage_amount_cents: ["value_is_out_of_range"] });
  assert.equal((await put({ external_historical_usage_amount_cents: "x" })).status, 422);
  assert.equal((await client.call("PUT", "/subscriptions/s1/lifetime_usage", {})).status, 400);
  assert.equal((await client.call("GET", "/subscriptions/nobody/lifetime_usage")).body.code, "subscription_not_found");
});

test("what an open period has invoiced already is current usage, and counts once", async () => {
  const client = await server.organization();
  await client.at("2024-01-10T00:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "gb", name: "GB", aggregation_type: "sum_agg", field_name: "gb" },
  });
  const charge = { charge_model: "standard", pay_in_advance: true, properties: { amount: "0.5" } };
  const charges = [{ billable_metric_id: billable_metric.lago_id, ...charge }];
  const terms = { interval: "monthly", amount_cents: 0, amount_currency: "EUR", pay_in_advance: false };
  await client.must("POST", "/plans", { plan: { code: "p", name: "p", ...terms, charges } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p" },
  });
  await send(client, 10);
  await client.run();
  const amounts = async () => {
    const { invoiced_usage_amount_cents, current_usage_amount_cents } = await lifetime(client);
    return [invoiced_usage_amount_cents, current_usage_amount_cents];
  };
  assert.deepEqual(await amounts(), [0, 500]);
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  assert.deepEqual(await amounts(), [500, 0]);
});
