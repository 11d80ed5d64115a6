import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

interface Sold {
  readonly metric?: object;
  readonly charge: object;
  readonly plan?: object;
  readonly at?: string;
}

/** c1 on a monthly plan of 30.00 EUR with one charge. */
async function sell({ metric = {}, charge, plan = {}, at = "2024-06-01T00:00:00Z" }: Sold): Promise<Client> {
  const client = await server.organization();
  await client.at(at);
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "gb", name: "Storage", aggregation_type: "sum_agg", field_name: "gb", ...metric },
  });
  const charges = [{ billable_metric_id: billable_metric.lago_id, code: "storage", ...charge }];
  const terms = { interval: "monthly", amount_cents: 3000, amount_currency: "EUR", pay_in_advance: false };
  await client.must("POST", "/plans", { plan: { code: "p", name: "Pro", ...terms, ...plan, charges } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p" },
  });
  return client;
}

let sent = 0;
async function send(client: Client, properties: object, more: object = {}): Promise<string> {
  const transaction_id = `t${++sent}`;
  const event = { transaction_id, external_subscription_id: "s1", code: "gb", properties, ...more };
  await client.must("POST", "/events", { event });
  return transaction_id;
}

async function bill(client: Client, at: string): Promise<void> {
  await client.at(at);
  await client.run("billing");
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
type Json = any;

async function feesOf(client: Client, query = "fee_type=charge"): Promise<Json[]> {
  return (await client.must("GET", `/fees?external_subscription_id=s1&${query}`)).fees;
}

async function explain(client: Client, fee: Json, query = ""): Promise<Json> {
  return (await client.must("GET", `/fees/${fee.lago_id}/explanation${query}`)).explanation;
}

/** Σ parts, then each step, comes to the fee. */
function comesTo(explanation: Json, fee: Json): void {
  assert.equal(explanation.amount_cents, fee.amount_cents);
  assert.equal(explanation.reproduced, true);
  assert.equal(Number(explanation.amounts.at(-1).amount).toFixed(4), (fee.amount_cents / 100).toFixed(4));
}

const TIERS = [
  { from_value: 0, to_value: 10, per_unit_amount: "0.105", flat_amount: "2" },
  { from_value: 11, to_value: null, per_unit_amount: "0.05", flat_amount: "0" },
];

test("a fee is told by its events, its units, its tiers and its rounding", async () => {
  const client = await sell({
    charge: { charge_model: "graduated", properties: { graduated_ranges: TIERS }, invoice_display_name: "Disk" },
    metric: { rounding_function: "ceil", rounding_precision: 1 },
  });
  const first = await send(client, { gb: 10.25 });
  await send(client, { gb: "much" });
  await client.at("2024-06-20T12:00:00Z");
  await send(client, { gb: 0.13 });
  await bill(client, "2024-07-01T00:10:00Z");
  const [fee] = await feesOf(client);
  const explanation = await explain(client, fee);
  comesTo(explanation, fee);
  assert.deepEqual(explanation.text, [
    "Disk of s1: 3.07 EUR",
    "From 2024-06-01T00:00:00Z to 2024-06-30T23:59:59Z",
    "2 events counted, the first at 2024-06-01T00:00:00.000Z, the last at 2024-06-20T12:00:00.000Z",
    "1 event without what the metric counts",
    "Sum of gb: 10.38 units",
    "Rounded up to 1 decimal: 10.4 units",
    "Tier 0 to 10: 10 units × 0.105 EUR = 1.05 EUR",
    "Tier 0 to 10: flat fee 2.00 EUR",
    "Tier from 11: 0.4 units × 0.05 EUR = 0.02 EUR",
    "Together 3.07 EUR",
    "3.07 EUR (nothing to round)",
  ]);
  assert.deepEqual(
    explanation.parts.map(({ kind, quantity, price, amount }: Json) => [kind, quantity, price, amount]),
    [
      ["units", "10.0", "0.105", "1.05"],
      ["flat_fee", "1.0", "2.0", "2.0"],
      ["units", "0.4", "0.05", "0.02"],
    ],
  );
  assert.equal(explanation.plan_version, 1);
  assert.equal(explanation.charge.billable_metric_code, "gb");
  const { events } = explanation;
  assert.deepEqual([events.total_count, events.counted_count, events.carried_count, events.late_count], [3, 2, 0, 0]);
  assert.deepEqual(events.page[0].transaction_id, first);
  assert.deepEqual(
    events.page.map(({ value, counted }: Json) => [value, counted]),
    [
      ["10.25", true],
      ["much", false],
      ["0.13", true],
    ],
  );
  const second = (await explain(client, fee, "?page=2&per_page=2")).events;
  assert.deepEqual([second.page.length, second.meta.total_pages, second.page[0].value], [1, 2, "0.13"]);
});

test("a fee is explained by the prices that it was billed at, whatever the plan costs since", async () => {
  const client = await sell({ charge: { charge_model: "standard", properties: { amount: "0.333" } } });
  await send(client, { gb: 1 });
  await bill(client, "2024-07-01T00:10:00Z");
  await client.must("PUT", "/plans/p", { plan: { charges: [] } });
  const [fee] = await feesOf(client);
  const explanation = await explain(client, fee);
  comesTo(explanation, fee);
  assert.deepEqual(explanation.amounts[1], {
    step: "rounded",
    amount: "0.33",
    unit: "EUR",
    difference: "-0.003",
    text: "0.33 EUR (rounding -0.003)",
  });
});

test("an event that came too late is told apart, and the fee stays explained", async () => {
  const client = await sell({ charge: { charge_model: "standard", properties: { amount: "2" } } });
  await send(client, { gb: 3 });
  await bill(client, "2024-07-01T00:10:00Z");
  await send(client, { gb: 5 }, { timestamp: 1718000000 });
  const [fee] = await feesOf(client);
  const explanation = await explain(client, fee);
  assert.equal(explanation.reproduced, false);
  assert.equal(explanation.amount_cents, 600);
  assert.equal(explanation.events.late_count, 1);
  assert.deepEqual(explanation.parts[0].text, "3 units × 2.00 EUR = 6.00 EUR");
  assert.ok(explanation.text.includes("1 event came in after this was billed: not in it"));
});

test("filters and groups are explained each by its own events", async () => {
  const client = await sell({
    metric: { filters: [{ key: "region", values: ["eu", "us"] }] },
    charge: {
      charge_model: "standard",
      properties: { amount: "1", pricing_group_keys: ["user"] },
      filters: [{ values: { region: ["eu"] }, properties: { amount: "3" }, invoice_display_name: "Europe" }],
    },
  });
  await send(client, { gb: 1, region: "eu", user: "a" });
  await send(client, { gb: 2, region: "us", user: "a" });
  await send(client, { gb: 4, user: "b" });
  await send(client, { gb: 8 });
  const line = async (query: string) =>
    (await client.must("GET", `/customers/c1/current_usage/explanation?external_subscription_id=s1&${query}`))
      .explanation;
  const eu = await line("charge_code=storage&filter[region]=eu");
  assert.deepEqual([eu.amount_cents, eu.events.counted_count, eu.charge.filter], [300, 1, { region: ["eu"] }]);
  const named = await line(`charge_code=storage&group=${encodeURIComponent('{"user":"b"}')}`);
  assert.deepEqual([named.amount_cents, named.events.counted_count, named.charge.grouped_by], [400, 1, { user: "b" }]);
  const none = await line("charge_code=storage&group[user]=");
  assert.deepEqual([none.amount_cents, none.charge.grouped_by], [800, { user: null }]);
  const path = "/customers/c1/current_usage/explanation?external_subscription_id=s1";
  for (const [query, status, found] of [
    ["", 422, { charge_code: ["value_is_mandatory"] }],
    ["&charge_code=storage", 422, { group: ["value_is_mandatory"] }],
    ["&charge_code=storage&group[user]=z", 422, { group: ["value_is_invalid"] }],
    ["&charge_code=storage&group=x", 422, { group: ["value_is_invalid"] }],
    ["&charge_code=storage&filter[region]=us", 404, "charge_filter_not_found"],
    ["&charge_code=nothing", 404, "charge_not_found"],
  ] as const) {
    const answer = await client.call("GET", path + query);
    assert.deepEqual([answer.status, answer.body.error_details ?? answer.body.code], [status, found], query);
  }
  await bill(client, "2024-07-01T00:10:00Z");
  const fees = await feesOf(client);
  assert.equal(fees.length, 4);
  for (const fee of fees) comesTo(await explain(client, fee), fee);
});

test("seats that are carried over and prorated", async () => {
  const client = await sell({
    metric: { code: "gb", aggregation_type: "unique_count_agg", field_name: "user", recurring: true },
    charge: { charge_model: "standard", prorated: true, properties: { amount: "30" } },
  });
  await send(client, { user: "a" });
  await client.at("2024-07-11T00:00:00Z");
  await client.run("billing");
  await send(client, { user: "b" });
  await bill(client, "2024-08-01T00:10:00Z");
  const fees = await feesOf(client);
  assert.equal(fees.length, 2);
  for (const fee of fees) comesTo(await explain(client, fee), fee);
  const july = await explain(client, fees[1]);
  assert.deepEqual([july.events.counted_count, july.events.carried_count], [2, 1]);
  assert.deepEqual(
    july.units.map(({ step, units }: Json) => [step, units]),
    [
      ["counted", "2.0"],
      ["prorated", "1.67742"],
    ],
  );
});

test("credits are rounded, converted and rounded again", async () => {
  const client = await sell({ charge: { charge_model: "standard", properties: { amount: "1" } } });
  await client.must("POST", "/pricing_units", { pricing_unit: { code: "cr", name: "Credits", short_name: "CR" } });
  const { billable_metric } = await client.must("GET", "/billable_metrics/gb");
  await client.must("POST", "/plans/p/charges", {
    charge: {
      billable_metric_id: billable_metric.lago_id,
      code: "credits",
      charge_model: "standard",
      properties: { amount: "0.333" },
      applied_pricing_unit: { code: "cr", conversion_rate: "0.5" },
    },
  });
  await send(client, { gb: 1 });
  const { explanation } = await client.must(
    "GET",
    "/customers/c1/current_usage/explanation?external_subscription_id=s1&charge_code=credits",
  );
  assert.deepEqual(
    explanation.amounts.map(({ step, amount, unit }: Json) => [step, amount, unit]),
    [
      ["sum", "0.333", "CR"],
      ["rounded", "0.33", "CR"],
      ["converted", "0.165", "EUR"],
      ["rounded", "0.17", "EUR"],
    ],
  );
  assert.equal(explanation.amount_cents, 17);
});

test("the plan's own fee, and what is missing to a minimum, are told by days", async () => {
  const client = await sell({
    at: "2024-06-16T00:00:00Z",
    charge: { charge_model: "standard", properties: { amount: "1" }, min_amount_cents: 1000 },
  });
  await send(client, { gb: 3 });
  await bill(client, "2024-07-01T00:10:00Z");
  const [own] = await feesOf(client, "fee_type=subscription");
  const plan = await explain(client, own);
  comesTo(plan, own);
  assert.equal(plan.parts[0].text, "15 of 30 days of 30.00 EUR = 15.00 EUR");
  assert.equal(plan.events, null);
  const fees = await feesOf(client);
  for (const fee of fees) comesTo(await explain(client, fee), fee);
  const missing = await explain(client, fees[1]);
  assert.deepEqual(
    missing.parts.map(({ text }: Json) => text),
    ["Minimum of 15 of 30 days of 10.00 EUR = 5.00 EUR", "Used: −3.00 EUR"],
  );
  assert.equal(missing.title, "Storage of s1, up to its minimum");
});

test("after an upgrade the old plan's fees are explained for the days that they were billed", async () => {
  const client = await sell({ charge: { charge_model: "standard", properties: { amount: "0.1" } } });
  await client.must("POST", "/plans", {
    plan: {
      code: "q",
      name: "Q",
      interval: "monthly",
      amount_cents: 9000,
      amount_currency: "EUR",
      pay_in_advance: false,
    },
  });
  await send(client, { gb: 7 });
  await client.at("2024-06-11T10:00:00Z");
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "q" },
  });
  await client.run();
  for (const fee of await feesOf(client, "")) comesTo(await explain(client, fee), fee);
});

test("fees of others are not explained", async () => {
  const client = await sell({ charge: { charge_model: "standard", properties: { amount: "1" } } });
  await bill(client, "2024-07-01T00:10:00Z");
  const [fee] = await feesOf(client, "fee_type=subscription");
  const stranger = await server.organization();
  const answer = await stranger.call("GET", `/fees/${fee.lago_id}/explanation`);
  assert.deepEqual([answer.status, answer.body.code], [404, "fee_not_found"]);
  assert.equal((await client.call("GET", "/fees/x/explanation")).status, 404);
});
