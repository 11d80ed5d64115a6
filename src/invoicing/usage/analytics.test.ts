import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
let client: Client;

const TIERS = [
  { from_value: 0, to_value: 10, per_unit_amount: "1", flat_amount: "0" },
  { from_value: 11, to_value: null, per_unit_amount: "0.5", flat_amount: "0" },
];

/** c1 in Tokyo in EUR since 1 June (s1), c2 in USD (s2): calls in tiers, seats that recur. */
before(async () => {
  server = await startTestServer();
  client = await server.organization();
  await client.at("2024-05-31T15:00:00Z");
  const metric = async (body: object) =>
    (await client.must("POST", "/billable_metrics", { billable_metric: body })).billable_metric.lago_id;
  const calls = await metric({ code: "calls", name: "Calls", aggregation_type: "count_agg" });
  const seats = await metric({
    code: "seats",
    name: "Seats",
    aggregation_type: "unique_count_agg",
    field_name: "user",
    recurring: true,
  });
  const charges = [
    { billable_metric_id: calls, charge_model: "graduated", properties: { graduated_ranges: TIERS } },
    { billable_metric_id: seats, charge_model: "standard", properties: { amount: "10" } },
  ];
  const plan = { interval: "monthly", amount_cents: 0, pay_in_advance: false, charges };
  for (const [code, amount_currency] of [
    ["eur", "EUR"],
    ["usd", "USD"],
  ])
    await client.must("POST", "/plans", { plan: { code, name: code, amount_currency, ...plan } });
  await client.must("POST", "/customers", {
    customer: { external_id: "c1", timezone: "Asia/Tokyo", country: "JP", customer_type: "company" },
  });
  for (const [external_customer_id, external_id, plan_code] of [
    ["c1", "s1", "eur"],
    ["c2", "s2", "usd"],
  ])
    await client.must("POST", "/subscriptions", { subscription: { external_customer_id, external_id, plan_code } });
  await send("s1", "calls", {}, 8);
  await send("s1", "seats", { user: "a" });
  await client.at("2024-06-02T16:00:00Z");
  await send("s1", "calls", {}, 4);
  await send("s2", "calls", {}, 1);
  await client.at("2024-07-05T00:00:00Z");
  await client.run("billing");
  await send("s1", "calls", {}, 2);
  await send("s1", "seats", { user: "b" });
});
after(() => server.close());

let sent = 0;
async function send(external_subscription_id: string, code: string, properties: object, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) {
    const event = { transaction_id: `t${++sent}`, external_subscription_id, code, properties };
    await client.must("POST", "/events", { event });
  }
}

interface Usage {
  readonly start_of_period_dt: string;
  readonly end_of_period_dt: string;
  readonly billable_metric_code: string;
  readonly units: string;
  readonly amount_cents: number;
  readonly amount_currency: string;
}

async function usages(query: string): Promise<string[]> {
  const found: Usage[] = (await client.must("GET", `/analytics/usage?${query}`)).usages;
  return found.map((row) =>
    [
      row.start_of_period_dt,
      row.end_of_period_dt,
      row.billable_metric_code,
      row.units,
      row.amount_cents,
      row.amount_currency,
    ].join(" "),
  );
}

test("by the month: what each metric came to, as it was billed", async () => {
  assert.deepEqual(await usages("time_granularity=monthly&from_date=2024-05-01&to_date=2024-07-31"), [
    "2024-06-01 2024-06-30 calls 12.0 1100 EUR",
    "2024-06-01 2024-06-30 calls 1.0 100 USD",
    "2024-06-01 2024-06-30 seats 1.0 1000 EUR",
    "2024-07-01 2024-07-31 calls 2.0 200 EUR",
    "2024-07-01 2024-07-31 seats 2.0 2000 EUR",
  ]);
});

test("by the customer's local day: tiers go on from day to day, and days add up to the month", async () => {
  assert.deepEqual(await usages("from_date=2024-05-25&to_date=2024-06-05&currency=eur"), [
    "2024-06-01 2024-06-01 calls 8.0 800 EUR",
    "2024-06-01 2024-06-01 seats 1.0 1000 EUR",
    "2024-06-03 2024-06-03 calls 4.0 300 EUR",
  ]);
});

test("by the week and by the year", async () => {
  assert.deepEqual(
    await usages(
      "time_granularity=weekly&from_date=2024-06-01&to_date=2024-06-10&billable_metric_code=calls&currency=EUR",
    ),
    ["2024-05-27 2024-06-02 calls 8.0 800 EUR", "2024-06-03 2024-06-09 calls 4.0 300 EUR"],
  );
  assert.deepEqual(await usages("time_granularity=yearly&from_date=2024-01-01&billable_metric_code=seats"), [
    "2024-01-01 2024-12-31 seats 3.0 3000 EUR",
  ]);
});

test("each filter finds its usage", async () => {
  const count = async (query: string) =>
    (await usages(`time_granularity=monthly&from_date=2024-06-01&to_date=2024-06-30&${query}`)).length;
  for (const [query, expected] of [
    ["", 3],
    ["currency=USD", 1],
    ["customer_type=company", 2],
    ["customer_type=individual", 0],
    ["customer_country=jp", 2],
    ["external_customer_id=c2", 1],
    ["external_subscription_id=s1", 2],
    ["is_billable_metric_recurring=true", 1],
    ["plan_code=usd", 1],
    ["billable_metric_code=none", 0],
    ["billing_entity_code=none", 0],
  ] as const)
    assert.equal(await count(query), expected, query);
  assert.deepEqual(await usages(""), [
    "2024-07-01 2024-07-01 seats 1.0 1000 EUR",
    "2024-07-05 2024-07-05 calls 2.0 200 EUR",
    "2024-07-05 2024-07-05 seats 1.0 1000 EUR",
  ]);
});

test("a deleted metric's usage is still told, and marked", async () => {
  await client.must("DELETE", "/billable_metrics/seats");
  const { usages: found } = await client.must(
    "GET",
    "/analytics/usage?time_granularity=monthly&from_date=2024-06-01&to_date=2024-06-30&billable_metric_code=seats",
  );
  assert.deepEqual(
    found.map((row: { units: string; is_billable_metric_deleted: boolean }) => [
      row.units,
      row.is_billable_metric_deleted,
    ]),
    [["1.0", true]],
  );
});

test("what cannot be read is refused", async () => {
  for (const [query, details] of [
    ["time_granularity=hourly", { time_granularity: ["value_is_invalid"] }],
    ["from_date=2024-02-30", { from_date: ["invalid_date"] }],
    ["from_date=1990-01-01", { from_date: ["value_is_out_of_range"] }],
    ["currency=XXX", { currency: ["value_is_invalid"] }],
  ] as const) {
    const answer = await client.call("GET", `/analytics/usage?${query}`);
    assert.deepEqual([answer.status, answer.body.error_details], [422, details], query);
  }
  const stranger = await server.organization();
  assert.deepEqual((await stranger.must("GET", "/analytics/usage")).usages, []);
});
