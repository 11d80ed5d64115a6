import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../testing/server.ts";
import { amounts, invoices, links, organizationAt, put } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

test("a start in the future waits for its day, is billed from it on, and may be canceled", async () => {
  const client = await organizationAt(server, "2024-01-10T10:00:00Z", {
    p: { amount_cents: 3100, pay_in_advance: true },
  });
  const { subscription } = await put(client, { plan_code: "p", subscription_at: "2024-01-22T15:00:00Z" });
  assert.deepEqual([subscription.status, subscription.current_billing_period_started_at], ["pending", null]);
  await put(client, { plan_code: "p", external_id: "never", subscription_at: "2024-01-25" });
  const { subscription: canceled } = await client.must("DELETE", "/subscriptions/never?status=pending");
  assert.deepEqual([canceled.status, canceled.canceled_at], ["canceled", "2024-01-10T10:00:00Z"]);

  await client.at("2024-01-21T23:00:00Z");
  await client.run("activations");
  assert.deepEqual(await links(client), ["p pending", "p canceled"]);
  await client.at("2024-01-22T00:05:00Z");
  await client.run("activations", "activations");
  const { subscription: active } = await client.must("GET", "/subscriptions/s1");
  assert.deepEqual(
    [active.status, active.started_at, active.subscription_at],
    ["active", "2024-01-22T00:05:00.000Z", "2024-01-22T15:00:00Z"],
  );
  assert.deepEqual(await amounts(client), ["2024-01-22 1000"]);
});

test("an activation that was missed starts with its due local day, and what followed is made good", async () => {
  const client = await organizationAt(
    server,
    "2024-01-10T10:00:00Z",
    { p: { amount_cents: 3100, pay_in_advance: true } },
    { timezone: "America/New_York" },
  );
  await put(client, { plan_code: "p", subscription_at: "2024-01-22T03:00:00Z" });
  await client.at("2024-02-20T12:00:00Z");
  await client.run("activations", "billing");
  const { subscription } = await client.must("GET", "/subscriptions/s1");
  assert.equal(subscription.started_at, "2024-01-21T05:00:00.000Z", "21 January in New York");
  assert.deepEqual(await invoices(client), [
    { issued: "2024-02-20", fees: 1100, parts: ["subscription_starting 2024-01-21T05:00:00Z 2024-02-01T04:59:59Z"] },
    { issued: "2024-02-20", fees: 3100, parts: ["subscription_periodic 2024-02-01T05:00:00Z 2024-03-01T04:59:59Z"] },
  ]);
});

test("an end that is planned comes on its local day, and bills what is left", async () => {
  const client = await organizationAt(
    server,
    "2024-01-10T10:00:00Z",
    { p: { amount_cents: 3100 } },
    { timezone: "Asia/Tokyo" },
  );
  await put(client, { plan_code: "p", ending_at: "2024-02-15T18:00:00Z" });
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-03-20T00:00:00Z" } });
  const { subscription } = await client.must("GET", "/subscriptions/s1?status=terminated");
  assert.equal(subscription.terminated_at, "2024-02-15T15:00:00Z", "the 16th begins in Tokyo");
  assert.deepEqual(await amounts(client), ["2024-02-01 2200", "2024-02-16 1710"]);
});

test("an end that was missed counts from its due day, after the periods that were missed before it", async () => {
  const client = await organizationAt(server, "2024-01-10T10:00:00Z", { p: { amount_cents: 3100 } });
  await put(client, { plan_code: "p", ending_at: "2024-02-15T18:00:00Z" });
  await client.at("2024-04-20T00:00:00Z");
  await client.run("billing", "terminations");
  const { subscription } = await client.must("GET", "/subscriptions/s1?status=terminated");
  assert.equal(subscription.terminated_at, "2024-02-15T00:00:00Z");
  assert.deepEqual(await invoices(client), [
    { issued: "2024-04-20", fees: 2200, parts: ["subscription_periodic 2024-01-10T00:00:00Z 2024-01-31T23:59:59Z"] },
    { issued: "2024-04-20", fees: 1603, parts: ["subscription_terminating 2024-02-01T00:00:00Z 2024-02-15T00:00:00Z"] },
  ]);
});

test("a waived last invoice leaves missed periods to be billed all the same", async () => {
  const client = await organizationAt(server, "2024-01-10T10:00:00Z", { p: { amount_cents: 3100 } });
  await put(client, { plan_code: "p" });
  await put(client, { plan_code: "p", external_id: "s2", ending_at: "2024-03-05T00:00:00Z" });
  await client.must("PUT", "/subscriptions/s2", { subscription: { on_termination_invoice: "skip" } });
  await client.at("2024-03-10T10:00:00Z");
  await client.must("DELETE", "/subscriptions/s1?on_termination_invoice=skip");
  const periods = [
    "subscription_periodic 2024-01-10T00:00:00Z 2024-01-31T23:59:59Z",
    "subscription_periodic 2024-02-01T00:00:00Z 2024-02-29T23:59:59Z",
  ];
  // Both subscriptions were due: they share the invoices of their missed days.
  const shared = periods.map((part, index) => ({
    issued: "2024-03-10",
    fees: [4400, 6200][index],
    parts: [part, part],
  }));
  assert.deepEqual(await invoices(client), shared);
  await client.run("terminations");
  assert.deepEqual(await invoices(client), shared);
  assert.deepEqual(await links(client), ["p terminated", "p terminated"]);
});

test("trials: in arrears only days after it are paid, a change of plan gives no second one", async () => {
  const client = await organizationAt(server, "2024-03-05T12:12:00Z", {
    p: { amount_cents: 3100, trial_period: 10 },
    up: { amount_cents: 6200, pay_in_advance: true, trial_period: 13 },
  });
  await put(client, { plan_code: "p", external_id: "arrears" });
  await put(client, { plan_code: "p" });
  await client.at("2024-03-10T12:12:00Z");
  const { subscription } = await put(client, { plan_code: "up" });
  assert.equal(subscription.trial_ended_at, null);
  assert.deepEqual(await invoices(client), [
    { issued: "2024-03-10", fees: 0, parts: ["subscription_terminating 2024-03-05T00:00:00Z 2024-03-10T12:12:00Z"] },
  ]);
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-04-02T00:00:00Z" } });
  assert.equal((await client.must("GET", "/subscriptions/s1")).subscription.trial_ended_at, "2024-03-18T12:12:00Z");
  assert.equal(
    (await client.must("GET", "/subscriptions/arrears")).subscription.trial_ended_at,
    "2024-03-15T12:12:00Z",
  );
  const told = await invoices(client);
  assert.deepEqual(
    told.slice(1).map(({ issued, fees }) => `${issued} ${fees}`),
    ["2024-03-18 2800", "2024-04-01 7900"],
    "14 of 31 days of 6,200; then 17 of 31 days of 3,100 and the next month in advance",
  );
  assert.deepEqual(
    [told[1]?.fees, told[1]?.parts],
    [2800, ["subscription_starting 2024-03-10T00:00:00Z 2024-03-31T23:59:59Z"]],
  );
});

test("a trial that was missed is made good once, before the periods that followed it", async () => {
  const client = await organizationAt(server, "2024-03-05T12:12:00Z", {
    p: { amount_cents: 3100, trial_period: 10, pay_in_advance: true },
  });
  await put(client, { plan_code: "p" });
  await client.at("2024-05-20T00:00:00Z");
  await client.run("billing", "billing");
  assert.deepEqual(
    (await invoices(client)).map(({ fees, parts }) => `${fees} ${parts[0]}`),
    [
      "1700 subscription_starting 2024-03-05T00:00:00Z 2024-03-31T23:59:59Z",
      "3100 subscription_periodic 2024-04-01T00:00:00Z 2024-04-30T23:59:59Z",
      "3100 subscription_periodic 2024-05-01T00:00:00Z 2024-05-31T23:59:59Z",
    ],
  );
});

test("a customer's days move with the time zone", async () => {
  const client = await organizationAt(server, "2024-01-10T10:00:00Z", { p: { amount_cents: 3100 } });
  await put(client, { plan_code: "p", external_id: "runs" });
  await put(client, { plan_code: "p", external_id: "ends", ending_at: "2024-02-20T02:00:00Z" });
  await put(client, { plan_code: "p", external_id: "waits", subscription_at: "2024-03-01T12:00:00Z" });
  await client.must("POST", "/customers", { customer: { external_id: "c1", timezone: "America/New_York" } });
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-02-01T04:59:00Z" } });
  assert.deepEqual(await amounts(client), []);
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-02-01T05:10:00Z" } });
  assert.deepEqual(await amounts(client), ["2024-02-01 4400"]);
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-03-02T00:00:00Z" } });
  assert.equal(
    (await client.must("GET", "/subscriptions/ends?status=terminated")).subscription.terminated_at,
    "2024-02-19T05:00:00Z",
    "still the 19th in New York",
  );
  assert.equal((await client.must("GET", "/subscriptions/waits")).subscription.started_at, "2024-03-01T05:00:00.000Z");
});

test("a start may be moved while it waits: to today or the past it begins at once", async () => {
  const client = await organizationAt(server, "2024-01-10T10:00:00Z", {
    p: { amount_cents: 3100, pay_in_advance: true },
  });
  for (const external_id of ["later", "today", "past"]) {
    await put(client, { plan_code: "p", external_id, subscription_at: "2024-03-01" });
  }
  const move = async (external_id: string, subscription_at: string) =>
    (await client.must("PUT", `/subscriptions/${external_id}`, { subscription: { subscription_at } })).subscription;
  const later = await move("later", "2024-02-01T00:00:00Z");
  assert.deepEqual([later.status, later.subscription_at], ["pending", "2024-02-01T00:00:00Z"]);
  const today = await move("today", "2024-01-10T08:00:00Z");
  assert.deepEqual([today.status, today.started_at], ["active", "2024-01-10T08:00:00.000Z"]);
  const past = await move("past", "2023-12-10T08:00:00Z");
  assert.deepEqual([past.status, past.started_at], ["active", "2023-12-10T08:00:00.000Z"]);
  await client.run();
  assert.deepEqual(await amounts(client), ["2024-01-10 2200"], "only the start of today is billed now");
  await client.at("2024-02-01T00:05:00Z");
  await client.run("activations");
  assert.equal((await client.must("GET", "/subscriptions/later")).subscription.started_at, "2024-02-01T00:05:00.000Z");
});
