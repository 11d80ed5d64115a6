import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../testing/server.ts";
import { amounts, type Given, invoices, links, organizationAt, put } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

test("an upgrade in arrears: the old plan up to the day before, the new one from the day on", async () => {
  const client = await organizationAt(server, "2024-01-01T00:00:00Z", {
    p: { amount_cents: 3000 },
    up: { amount_cents: 6000 },
  });
  const { subscription: old } = await put(client, { plan_code: "p", name: "A", purchase_order_number: "PO" });
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  await client.at("2024-02-12T15:30:00Z");
  const { subscription } = await put(client, { plan_code: "up" });
  assert.notEqual(subscription.lago_id, old.lago_id);
  assert.deepEqual(
    [subscription.status, subscription.started_at, subscription.subscription_at, subscription.previous_plan_code],
    ["active", "2024-02-12T15:30:00.000Z", "2024-01-01T00:00:00Z", "p"],
  );
  assert.deepEqual([subscription.name, subscription.purchase_order_number], ["A", "PO"]);
  const { subscription: ended } = await client.must("GET", "/subscriptions/s1?status=terminated");
  assert.deepEqual([ended.lago_id, ended.next_plan_code, ended.downgrade_plan_date], [old.lago_id, "up", null]);
  const upgraded = (await invoices(client)).at(-1);
  assert.deepEqual(upgraded, {
    issued: "2024-02-12",
    fees: 1138,
    parts: ["subscription_terminating 2024-02-01T00:00:00Z 2024-02-12T15:30:00Z"],
  });
  await client.at("2024-03-01T00:10:00Z");
  await client.run("billing");
  assert.deepEqual((await invoices(client)).at(-1), {
    issued: "2024-03-01",
    fees: 3724,
    parts: ["subscription_periodic 2024-02-12T00:00:00Z 2024-02-29T23:59:59Z"],
  });
});

test("an upgrade to a plan in advance puts both on one invoice; an equal price is an upgrade", async () => {
  const client = await organizationAt(server, "2024-01-01T00:00:00Z", {
    p: { amount_cents: 3000 },
    up: { amount_cents: 6000, pay_in_advance: true },
    equal: { interval: "yearly", amount_cents: 36000 },
  });
  await put(client, { plan_code: "p" });
  await client.at("2024-01-11T12:00:00Z");
  await put(client, { plan_code: "equal" });
  assert.deepEqual(await links(client), ["p terminated", "equal active"]);
  await client.at("2024-01-12T12:00:00Z");
  await put(client, { plan_code: "up" });
  assert.deepEqual(await invoices(client), [
    { issued: "2024-01-11", fees: 968, parts: ["subscription_terminating 2024-01-01T00:00:00Z 2024-01-11T12:00:00Z"] },
    {
      issued: "2024-01-12",
      fees: 98 + 3871,
      parts: [
        "subscription_terminating 2024-01-11T00:00:00Z 2024-01-12T12:00:00Z",
        "subscription_starting 2024-01-12T00:00:00Z 2024-01-31T23:59:59Z",
      ],
    },
  ]);
});

test("an upgrade bills first what no run has billed", async () => {
  const client = await organizationAt(server, "2024-01-10T00:00:00Z", {
    p: { amount_cents: 3100 },
    up: { amount_cents: 6200 },
  });
  await put(client, { plan_code: "p" });
  await client.at("2024-03-01T09:00:00Z");
  await put(client, { plan_code: "up" });
  assert.deepEqual(await invoices(client), [
    { issued: "2024-03-01", fees: 2200, parts: ["subscription_periodic 2024-01-10T00:00:00Z 2024-01-31T23:59:59Z"] },
    { issued: "2024-03-01", fees: 3100, parts: ["subscription_periodic 2024-02-01T00:00:00Z 2024-02-29T23:59:59Z"] },
    { issued: "2024-03-01", fees: 0, parts: ["subscription_terminating 2024-03-01T00:00:00Z 2024-03-01T09:00:00Z"] },
  ]);
});

test("usage goes to the plan that was in force, and an event at the very instant of a change to the new one", async () => {
  const client = await server.organization();
  await client.at("2024-01-10T00:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "calls", name: "Calls", aggregation_type: "count_agg" },
  });
  const charge = (amount: string) => ({
    billable_metric_id: billable_metric.lago_id,
    charge_model: "standard",
    properties: { amount },
  });
  for (const [code, amount_cents, price] of [
    ["p", 0, "1"],
    ["up", 100, "10"],
    ["down", 0, "100"],
  ] as const) {
    const plan = { code, name: code, interval: "monthly", amount_cents, amount_currency: "EUR", pay_in_advance: false };
    await client.must("POST", "/plans", { plan: { ...plan, charges: [charge(price)] } });
  }
  await put(client, { plan_code: "p" });
  const send = (transaction_id: string, timestamp: string) =>
    client.must("POST", "/events", {
      event: {
        transaction_id,
        external_subscription_id: "s1",
        code: "calls",
        timestamp: Temporal.Instant.from(timestamp).epochMilliseconds / 1000,
      },
    });
  await send("before", "2024-01-12T11:59:59Z");
  await client.at("2024-01-12T12:00:00Z");
  await put(client, { plan_code: "up" });
  await send("at", "2024-01-12T12:00:00Z");
  await put(client, { plan_code: "down" });
  await client.at("2024-02-01T12:10:00Z");
  // Between midnight and the run: the period of the cheaper plan has begun.
  await send("between", "2024-02-01T06:00:00Z");
  await client.run("billing");
  assert.deepEqual(await links(client), ["p terminated", "up terminated", "down active"]);
  await client.at("2024-03-01T00:10:00Z");
  await client.run("billing");
  const { fees } = await client.must("GET", "/fees?fee_type=charge");
  assert.deepEqual(
    fees.map((each: Given) => each.amount_cents),
    [100, 1000, 10000],
  );
});

test("a downgrade waits for the period's end, and can be replaced, kept and canceled", async () => {
  const client = await organizationAt(server, "2024-01-15T10:00:00Z", {
    p: { amount_cents: 3000, pay_in_advance: true },
    low: { amount_cents: 1000, pay_in_advance: true },
    lower: { amount_cents: 900 },
  });
  const { subscription: current } = await put(client, { plan_code: "p", billing_time: "anniversary" });
  await client.at("2024-02-01T10:00:00Z");
  const { subscription: asked } = await put(client, { plan_code: "low" });
  assert.deepEqual(
    [asked.lago_id, asked.plan_code, asked.next_plan_code, asked.downgrade_plan_date],
    [current.lago_id, "p", "low", "2024-02-15"],
  );
  await put(client, { plan_code: "lower" });
  assert.deepEqual(await links(client), ["p active", "low canceled", "lower pending"]);
  await put(client, { plan_code: "p" });
  assert.equal(
    (await client.must("GET", "/subscriptions/s1")).subscription.next_plan_code,
    "lower",
    "the same plan: no change",
  );
  const { subscription: canceled } = await client.must("DELETE", "/subscriptions/s1?status=pending");
  assert.deepEqual([canceled.status, canceled.previous_plan_code], ["canceled", "p"]);
  assert.equal((await client.must("GET", "/subscriptions/s1")).subscription.next_plan_code, null);

  await put(client, { plan_code: "low" });
  await client.at("2024-02-15T00:10:00Z");
  await client.run("billing", "billing");
  assert.deepEqual(await links(client), ["p terminated", "low canceled", "lower canceled", "low active"]);
  const { subscription: next } = await client.must("GET", "/subscriptions/s1");
  assert.deepEqual(
    [next.started_at, next.subscription_at, next.billing_time],
    ["2024-02-15T00:10:00.000Z", "2024-01-15T10:00:00Z", "anniversary"],
  );
  const { subscription: ended } = await client.must("GET", "/subscriptions/s1?status=terminated");
  assert.deepEqual([ended.terminated_at, ended.downgrade_plan_date], ["2024-02-15T00:10:00Z", "2024-02-15"]);
  assert.deepEqual((await invoices(client)).at(-1), {
    issued: "2024-02-15",
    fees: 1000,
    parts: [
      "subscription_terminating 2024-02-15T00:00:00Z 2024-02-15T00:10:00Z",
      "subscription_starting 2024-02-15T00:00:00Z 2024-03-14T23:59:59Z",
    ],
  });
});

test("a downgrade that was missed took effect on its day, and the new plan's periods follow", async () => {
  const client = await organizationAt(server, "2024-01-01T10:00:00Z", {
    p: { amount_cents: 3100 },
    low: { amount_cents: 1000, pay_in_advance: true },
  });
  await put(client, { plan_code: "p" });
  await put(client, { plan_code: "low" });
  await client.at("2024-03-20T10:00:00Z");
  await client.run("billing");
  const { subscription } = await client.must("GET", "/subscriptions/s1");
  assert.deepEqual([subscription.plan_code, subscription.started_at], ["low", "2024-02-01T00:00:00.000Z"]);
  assert.deepEqual(await invoices(client), [
    {
      issued: "2024-03-20",
      fees: 3100 + 1000,
      parts: [
        "subscription_terminating 2024-01-01T00:00:00Z 2024-01-31T23:59:59Z",
        "subscription_starting 2024-02-01T00:00:00Z 2024-02-29T23:59:59Z",
      ],
    },
    { issued: "2024-03-20", fees: 1000, parts: ["subscription_periodic 2024-03-01T00:00:00Z 2024-03-31T23:59:59Z"] },
  ]);
  await client.run("billing");
  assert.equal((await invoices(client)).length, 2);
});

test("a pending downgrade is not one for a period that was missed before it was asked for", async () => {
  const client = await organizationAt(server, "2024-01-01T10:00:00Z", {
    p: { amount_cents: 3100 },
    low: { amount_cents: 1000 },
  });
  await put(client, { plan_code: "p" });
  await client.at("2024-02-20T10:00:00Z");
  await put(client, { plan_code: "low" });
  assert.deepEqual(await amounts(client), ["2024-02-20 3100"]);
  await client.at("2024-03-01T00:10:00Z");
  await client.run("billing");
  assert.deepEqual(await amounts(client), ["2024-02-20 3100", "2024-03-01 3100"]);
  assert.deepEqual(await links(client), ["p terminated", "low active"]);
});

test("a subscription that waits for its start just begins on the other plan", async () => {
  const client = await organizationAt(server, "2024-01-01T10:00:00Z", {
    p: { amount_cents: 3100 },
    low: { amount_cents: 1000 },
  });
  const { subscription } = await put(client, { plan_code: "p", subscription_at: "2024-02-01" });
  const { subscription: other } = await put(client, { plan_code: "low", name: "Low" });
  assert.deepEqual([other.lago_id, other.plan_code, other.name], [subscription.lago_id, "low", "Low"]);
  assert.deepEqual(await links(client), ["low pending"]);
});
