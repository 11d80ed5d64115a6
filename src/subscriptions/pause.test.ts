import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";
import { hasPaidDays, pausedDaysIn } from "./rules/pause.ts";
import { at, terms } from "./rules/testing.ts";
import { amounts, invoices, organizationAt, put } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const PLANS = { arrears: { amount_cents: 3100 }, advance: { amount_cents: 3100, pay_in_advance: true } };

async function story(plan_code: string): Promise<Client> {
  const client = await organizationAt(server, "2024-01-01T12:00:00Z", PLANS);
  await put(client, { plan_code });
  return client;
}

const advance = (client: Client, now: string) => client.must("POST", "/test_clock/advance", { test_clock: { now } });

async function pause(client: Client, now: string): Promise<void> {
  await advance(client, now);
  await client.must("POST", "/subscriptions/s1/pause");
}

async function resume(client: Client, now: string): Promise<void> {
  await advance(client, now);
  await client.must("POST", "/subscriptions/s1/resume");
  await advance(client, Temporal.Instant.from(now).add({ hours: 2 }).toString());
}

test("days between the day of a pause and that of its end bear no fee", () => {
  const life = terms({
    started_at: at("2024-01-01"),
    pauses: [
      { from: at("2024-01-10 23:00"), to: at("2024-01-20 01:00") },
      { from: at("2024-02-27 08:00"), to: null },
    ],
  });
  const days = (from: string, to: string, of = life) => pausedDaysIn(of, { from: at(from), to: at(to) });
  assert.equal(days("2024-01-01", "2024-02-01"), 9, "the 11th to the 19th");
  assert.equal(days("2024-01-11", "2024-01-12"), 1);
  assert.equal(days("2024-01-20", "2024-02-28"), 0);
  assert.equal(days("2024-02-01", "2024-03-01"), 2, "up to the end of what is asked for");
  assert.ok(!hasPaidDays(life, { from: at("2024-03-01"), to: at("2024-04-01") }));
  const tokyo = { ...life, timezone: "Asia/Tokyo" };
  assert.equal(days("2024-01-10 15:00", "2024-01-31 15:00", tokyo), 8, "the 12th to the 19th in Tokyo");
});

test("in arrears a period costs its days in force; one that was paused from end to end costs nothing", async () => {
  const client = await story("arrears");
  await pause(client, "2024-01-10T15:00:00Z");
  assert.equal((await client.must("GET", "/subscriptions/s1")).subscription.paused_at, "2024-01-10T15:00:00Z");
  await resume(client, "2024-03-12T09:00:00Z");
  assert.equal((await client.must("GET", "/subscriptions/s1")).subscription.paused_at, null);
  await advance(client, "2024-04-01T01:00:00Z");
  assert.deepEqual(await amounts(client), ["2024-02-01 1000", "2024-03-01 0", "2024-04-01 2000"]);
});

test("in advance what is paid stays paid, and a resumption pays for the rest of its period", async () => {
  const client = await story("advance");
  await pause(client, "2024-01-10T15:00:00Z");
  await resume(client, "2024-03-12T09:00:00Z");
  await advance(client, "2024-04-01T01:00:00Z");
  assert.deepEqual(await amounts(client), [
    "2024-01-01 3100",
    "2024-02-01 0",
    "2024-03-01 0",
    "2024-03-12 2000",
    "2024-04-01 3100",
  ]);
  assert.deepEqual((await invoices(client))[3]?.parts, [
    "subscription_periodic 2024-03-12T00:00:00Z 2024-03-31T23:59:59Z",
  ]);
});

test("a period is paid once, also where a pause ends within it or on the very day of its run", async () => {
  const client = await story("advance");
  await pause(client, "2024-01-10T15:00:00Z");
  await resume(client, "2024-01-20T09:00:00Z");
  await pause(client, "2024-01-28T09:00:00Z");
  await resume(client, "2024-02-01T09:00:00Z");
  await advance(client, "2024-03-01T01:00:00Z");
  const fees = (await amounts(client)).filter((each) => !each.endsWith(" 0"));
  assert.deepEqual(fees, ["2024-01-01 3100", "2024-02-01 3100", "2024-03-01 3100"]);
});

test("runs that were missed are made good by what was true before the pause", async () => {
  const client = await story("advance");
  await client.at("2024-02-10T09:00:00Z");
  await client.must("POST", "/subscriptions/s1/pause");
  await client.at("2024-03-20T09:00:00Z");
  await client.must("POST", "/subscriptions/s1/resume");
  await client.run("billing", "billing");
  assert.deepEqual(await amounts(client), ["2024-01-01 3100", "2024-02-10 3100", "2024-03-20 0", "2024-03-20 1200"]);
});

test("a paused subscription ends like any other, and changes no plan", async () => {
  const client = await story("arrears");
  await pause(client, "2024-01-10T15:00:00Z");
  for (const [path, details] of [
    ["pause", { base: ["subscription_paused"] }],
    ["resume", null],
    ["resume", { base: ["subscription_not_paused"] }],
    ["pause", null],
  ] as const) {
    const answer = await client.call("POST", `/subscriptions/s1/${path}`);
    assert.deepEqual([answer.status, answer.body.error_details ?? null], [details === null ? 200 : 422, details]);
  }
  const moved = await client.call("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "advance" },
  });
  assert.deepEqual(moved.body.error_details, { subscription: ["subscription_paused"] });
  assert.equal((await client.call("POST", "/subscriptions/nope/pause")).status, 404);
  await advance(client, "2024-01-25T09:00:00Z");
  await client.must("DELETE", "/subscriptions/s1");
  await client.run();
  assert.deepEqual(await amounts(client), ["2024-01-25 1000"]);
  assert.equal((await client.call("POST", "/subscriptions/s1/resume")).status, 404);
});
