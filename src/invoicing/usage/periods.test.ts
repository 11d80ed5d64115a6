import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
let client: Client;

/** June 2024: calls with a filter (europe 2.00, else 1.00), seats that recur, storage by user. */
before(async () => {
  server = await startTestServer();
  client = await server.organization();
  await client.at("2024-06-01T00:00:00Z");
  const metric = async (body: object) =>
    (await client.must("POST", "/billable_metrics", { billable_metric: body })).billable_metric.lago_id;
  const calls = await metric({
    code: "calls",
    name: "Calls",
    aggregation_type: "count_agg",
    filters: [{ key: "region", values: ["europe", "usa"] }],
  });
  const seats = await metric({
    code: "seats",
    name: "seats",
    aggregation_type: "unique_count_agg",
    field_name: "user",
    recurring: true,
  });
  const storage = await metric({ code: "storage", name: "Storage", aggregation_type: "sum_agg", field_name: "gb" });
  const charges = [
    {
      billable_metric_id: calls,
      charge_model: "standard",
      properties: { amount: "1" },
      filters: [{ values: { region: ["europe"] }, properties: { amount: "2" }, invoice_display_name: "Europe" }],
    },
    { billable_metric_id: seats, charge_model: "standard", properties: { amount: "10" } },
    {
      billable_metric_id: storage,
      charge_model: "standard",
      properties: { amount: "0.5", pricing_group_keys: ["user"] },
    },
  ];
  const plan = { code: "p", name: "p", interval: "monthly", amount_cents: 1000, amount_currency: "EUR", charges };
  await client.must("POST", "/plans", { plan: { ...plan, pay_in_advance: false } });
  for (const external_id of ["s1", "s2"])
    await client.must("POST", "/subscriptions", {
      subscription: { external_customer_id: "c1", external_id, plan_code: "p" },
    });
  await send("calls", { region: "europe" }, 2);
  await send("calls", { region: "usa" });
  await send("seats", { user: "a" });
  await send("storage", { gb: 3, user: "a" });
  await send("storage", { gb: 1, user: "b" });
});
after(() => server.close());

let sent = 0;
async function send(code: string, properties: object, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) {
    const event = { transaction_id: `t${++sent}`, external_subscription_id: "s1", code, properties };
    await client.must("POST", "/events", { event });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
type Line = any;

test("projected usage goes on as the days that have begun, by filter and by group; what recurs stays", async () => {
  await client.at("2024-06-10T12:00:00Z");
  const { customer_projected_usage: usage } = await client.must(
    "GET",
    "/customers/c1/projected_usage?external_subscription_id=s1",
  );
  const [calls, seats, storage]: Line[] = usage.charges_usage;
  assert.deepEqual(
    [calls, seats, storage].map((line) => [
      line.billable_metric.code,
      line.units,
      line.projected_units,
      line.amount_cents,
      line.projected_amount_cents,
    ]),
    [
      ["calls", "3.0", "9.0", 500, 1500],
      ["seats", "1.0", "1.0", 1000, 1000],
      ["storage", "4.0", "12.0", 200, 600],
    ],
  );
  assert.deepEqual(
    calls.filters.map((line: Line) => [line.values, line.projected_units, line.projected_amount_cents]),
    [
      [{ region: ["europe"] }, "6.0", 1200],
      [null, "3.0", 300],
    ],
  );
  assert.deepEqual(
    storage.grouped_usage.map((line: Line) => [line.grouped_by, line.projected_units, line.projected_amount_cents]),
    [
      [{ user: "a" }, "9.0", 450],
      [{ user: "b" }, "3.0", 150],
    ],
  );
  assert.deepEqual([usage.amount_cents, usage.projected_amount_cents], [1700, 3100]);
  assert.equal("total_aggregated_units" in calls, false);
  assert.equal("code" in calls.charge, false);
  assert.equal(usage.to_datetime, "2024-06-30T23:59:59Z");
});

test("projected usage is refused where there is no current usage", async () => {
  const nobody = await client.call("GET", "/customers/nobody/projected_usage?external_subscription_id=s1");
  assert.equal(nobody.body.code, "customer_not_found");
  const none = await client.call("GET", "/customers/c1/projected_usage?external_subscription_id=s9");
  assert.deepEqual([none.status, none.body.code], [405, "no_active_subscription"]);
  assert.equal((await client.call("GET", "/customers/c1/projected_usage?apply_taxes=maybe")).status, 422);
});

test("past usage is what was billed, the latest period first", async () => {
  await client.at("2024-07-01T00:10:00Z");
  await client.run("billing");
  await send("calls", { region: "usa" }, 4);
  await client.at("2024-08-01T00:10:00Z");
  await client.run("billing");
  const path = "/customers/c1/past_usage?external_subscription_id=s1";
  const { usage_periods, meta } = await client.must("GET", path);
  assert.deepEqual(meta, { current_page: 1, next_page: null, prev_page: null, total_pages: 1, total_count: 2 });
  const [july, june] = usage_periods;
  assert.deepEqual(
    [june.from_datetime, june.to_datetime, june.issuing_date, june.currency],
    ["2024-06-01T00:00:00Z", "2024-06-30T23:59:59Z", "2024-07-01", "EUR"],
  );
  // The whole invoice: two subscriptions, and 17.00 of usage.
  assert.deepEqual([june.amount_cents, june.taxes_amount_cents, june.total_amount_cents], [3700, 0, 3700]);
  assert.deepEqual(
    june.charges_usage.map((line: Line) => [line.billable_metric.name, line.units, line.amount_cents]),
    [
      ["Calls", "3.0", 500],
      ["seats", "1.0", 1000],
      ["Storage", "4.0", 200],
    ],
  );
  assert.deepEqual(
    june.charges_usage[0].filters.map((line: Line) => [line.values, line.invoice_display_name, line.amount_cents]),
    [
      [{ region: ["europe"] }, "Europe", 400],
      [null, null, 100],
    ],
  );
  assert.deepEqual(
    june.charges_usage[2].grouped_usage.map((line: Line) => [line.grouped_by, line.units]),
    [
      [{ user: "a" }, "3.0"],
      [{ user: "b" }, "1.0"],
    ],
  );
  assert.deepEqual(
    july.charges_usage.map((line: Line) => [line.billable_metric.code, line.units]),
    [
      ["calls", "4.0"],
      ["seats", "1.0"],
    ],
  );

  const metric = await client.must("GET", `${path}&billable_metric_code=storage`);
  assert.deepEqual(
    metric.usage_periods.map(({ charges_usage }: Line) => charges_usage.length),
    [0, 1],
  );
  const one = await client.must("GET", `${path}&periods_count=1&per_page=50`);
  assert.deepEqual([one.usage_periods.length, one.meta.total_pages], [1, 2]);
});

test("past usage: what is mandatory, and what is unknown", async () => {
  const blank = await client.call("GET", "/customers/c1/past_usage");
  assert.deepEqual(
    [blank.status, blank.body.error_details],
    [422, { external_subscription_id: ["value_is_mandatory"] }],
  );
  const path = "/customers/c1/past_usage?external_subscription_id=s1";
  assert.equal((await client.call("GET", `${path}&billable_metric_code=x`)).body.code, "billable_metric_not_found");
  assert.equal((await client.call("GET", `${path}&periods_count=0`)).status, 422);
  for (const other of ["/customers/nobody/past_usage?external_subscription_id=s1", path.replace("s1", "s9")]) {
    const { usage_periods, meta } = await client.must("GET", other);
    assert.deepEqual([usage_periods, meta.total_count, meta.current_page], [[], 0, 0]);
  }
  const stranger = await server.organization();
  assert.equal((await stranger.must("GET", path)).meta.total_count, 0);
});
