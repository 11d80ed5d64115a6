import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../../testing/server.ts";
import { type Telling, tellStory } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const story: Telling = (...terms) => tellStory(server, ...terms);

const COUNT = { code: "calls", name: "Calls", aggregation_type: "count_agg" };
const SUM = { code: "tokens", name: "tokens", aggregation_type: "sum_agg" };
const standard = (metric: string, amount: string) => ({
  metric,
  charge_model: "standard",
  properties: { amount },
});

test("every charge is shown in the order of its metric's name, also without usage", async () => {
  const { client, send, usage } = await story([SUM, COUNT], [standard("tokens", "0.5"), standard("calls", "2")]);
  const { charges } = (await client.must("GET", "/plans/p")).plan;
  await send("tokens", { value: "2.5" });
  await send("tokens", { value: 4 });
  const charge = (code: string) => charges.find((one: { code: string }) => one.code === code);
  const common = {
    amount_currency: "EUR",
    pricing_unit_details: null,
    filters: [],
    grouped_usage: [],
    presentation_breakdowns: [],
  };
  assert.deepEqual(await usage(), {
    from_datetime: "2024-03-05T10:00:00Z",
    to_datetime: "2024-03-31T23:59:59Z",
    issuing_date: "2024-03-31",
    currency: "EUR",
    amount_cents: 325,
    total_amount_cents: 325,
    taxes_amount_cents: 0,
    lago_invoice_id: null,
    charges_usage: [
      {
        ...common,
        units: "0.0",
        total_aggregated_units: "0.0",
        events_count: 0,
        amount_cents: 0,
        charge: {
          lago_id: charge("calls").lago_id,
          code: "calls",
          charge_model: "standard",
          invoice_display_name: null,
        },
        billable_metric: {
          lago_id: charge("calls").lago_billable_metric_id,
          name: "Calls",
          code: "calls",
          aggregation_type: "count_agg",
        },
      },
      {
        ...common,
        units: "6.5",
        total_aggregated_units: "6.5",
        events_count: 2,
        amount_cents: 325,
        charge: {
          lago_id: charge("tokens").lago_id,
          code: "tokens",
          charge_model: "standard",
          invoice_display_name: null,
        },
        billable_metric: {
          lago_id: charge("tokens").lago_billable_metric_id,
          name: "tokens",
          code: "tokens",
          aggregation_type: "sum_agg",
        },
      },
    ],
  });
});

test("the period is the customer's local one; what is dated ahead within it counts, what is outside does not", async () => {
  const customer = { timezone: "America/Los_Angeles" };
  const { client, send, usage } = await story([COUNT], [standard("calls", "1")], { customer });
  for (const at of [
    "2024-03-05T09:59:59.999Z",
    "2024-03-05T10:00:00Z",
    "2024-04-01T06:59:59.999Z",
    "2024-04-01T07:00:00Z",
  ])
    await send("calls", {}, at);
  const march = await usage();
  assert.equal(march.charges_usage[0].events_count, 2);
  assert.deepEqual(
    [march.from_datetime, march.to_datetime, march.issuing_date],
    ["2024-03-05T10:00:00Z", "2024-04-01T06:59:59Z", "2024-04-01"],
  );
  await client.at("2024-04-01T07:00:00Z");
  const april = await usage();
  assert.equal(april.charges_usage[0].events_count, 1);
  assert.equal(april.from_datetime, "2024-04-01T07:00:00Z");
});

test("where a yearly plan's charges are monthly, usage is the month's and the issuing date the year's end", async () => {
  const plan = { interval: "yearly", bill_charges_monthly: true };
  const { usage } = await story([COUNT], [standard("calls", "1")], { plan });
  const { from_datetime, to_datetime, issuing_date } = await usage();
  assert.deepEqual(
    [from_datetime, to_datetime, issuing_date],
    ["2024-03-05T10:00:00Z", "2024-03-31T23:59:59Z", "2024-12-31"],
  );
});

test("every aggregation is priced by every model that it can have", async () => {
  const metrics = ["count_agg", "sum_agg", "max_agg", "latest_agg", "unique_count_agg"].map((aggregation_type) => ({
    code: aggregation_type,
    aggregation_type,
  }));
  const tiers = (price: object) => [
    { from_value: 0, to_value: 3, flat_amount: "1", ...price },
    { from_value: 4, to_value: null, flat_amount: "0", ...price },
  ];
  const models = [
    { charge_model: "standard", properties: { amount: "1" } },
    { charge_model: "graduated", properties: { graduated_ranges: tiers({ per_unit_amount: "2" }) } },
    { charge_model: "volume", properties: { volume_ranges: tiers({ per_unit_amount: "2" }) } },
    { charge_model: "package", properties: { amount: "5", package_size: 4, free_units: 1 } },
    { charge_model: "percentage", properties: { rate: "50", fixed_amount: "1" } },
    { charge_model: "graduated_percentage", properties: { graduated_percentage_ranges: tiers({ rate: "50" }) } },
  ];
  const charges = metrics.flatMap(({ code }) =>
    models
      .filter(({ charge_model }) => code !== "latest_agg" || !charge_model.includes("percentage"))
      .map((model) => ({ metric: code, code: `${code}:${model.charge_model}`, ...model })),
  );
  const { send, usage } = await story(metrics, charges);
  for (const value of ["2", "7", "abc", "2"])
    for (const { code } of metrics) await send(code, { value }, "2024-03-09T00:00:00Z");
  const found = new Map<string, [string, number, number]>();
  for (const { charge, units, events_count, amount_cents } of (await usage()).charges_usage)
    found.set(charge.code, [units, events_count, amount_cents]);
  const expected = {
    count_agg: { of: ["4.0", 4], cents: [400, 900, 800, 500, 600, 300] },
    sum_agg: { of: ["11.0", 3], cents: [1100, 2300, 2200, 1500, 850, 650] },
    max_agg: { of: ["7.0", 3], cents: [700, 1500, 1400, 1000, 650, 450] },
    latest_agg: { of: ["2.0", 3], cents: [200, 500, 500, 500] },
    unique_count_agg: { of: ["3.0", 3], cents: [300, 700, 700, 500, 450, 250] },
  };
  for (const [code, { of, cents }] of Object.entries(expected))
    for (const [index, amount] of cents.entries()) {
      const name = `${code}:${models[index]?.charge_model}`;
      assert.deepEqual(found.get(name), [...of, amount], name);
    }
});

test("free events and bounds per event are taken from the events in order, whatever else was sent", async () => {
  const percentage = (code: string, properties: object) => ({
    metric: "tokens",
    code,
    charge_model: "percentage",
    properties: { rate: "10", ...properties },
  });
  const { send, usage } = await story(
    [SUM],
    [
      percentage("free_events", { free_units_per_events: 2, fixed_amount: "1" }),
      percentage("free_amount", { free_units_per_total_aggregation: "35", fixed_amount: "1" }),
      percentage("bounded", { per_transaction_min_amount: "1.5", per_transaction_max_amount: "2.5" }),
    ],
  );
  await send("tokens", { value: 30 }, "2024-03-08T00:00:00Z");
  await send("tokens", { value: "nothing" }, "2024-03-07T00:00:00Z");
  await send("tokens", { value: 10 }, "2024-03-07T00:00:00Z");
  await send("tokens", { value: 20 }, "2024-03-07T00:00:00Z");
  const { charges_usage } = await usage();
  const cents = (code: string) =>
    charges_usage.find((one: { charge: { code: string } }) => one.charge.code === code).amount_cents;
  // In order: 10, 20, 30. Free: the first two events, or 35 units (two events stay below).
  assert.equal(cents("free_events"), 400);
  assert.equal(cents("free_amount"), 350);
  assert.equal(cents("bounded"), 150 + 200 + 250);
});

test("usage can be restricted to charges, and then taken from the subscription's start", async () => {
  const { client, send, usage } = await story([COUNT, SUM], [standard("calls", "1"), standard("tokens", "1")]);
  await send("calls");
  await client.at("2024-04-02T00:00:00Z");
  await send("calls", {}, "2024-04-02T00:00:00Z");
  const one = await usage("&charge_code=calls");
  assert.deepEqual(
    one.charges_usage.map((charge: { events_count: number }) => charge.events_count),
    [1],
  );
  for (const restriction of ["filter_by_charge_code=calls", `charge_id=${one.charges_usage[0].charge.lago_id}`]) {
    const full = await usage(`&full_usage=true&${restriction}`);
    assert.equal(full.charges_usage.length, 1);
    assert.equal(full.charges_usage[0].events_count, 2);
    assert.equal(full.from_datetime, "2024-03-05T10:00:00Z");
    assert.equal(full.to_datetime, "2024-04-30T23:59:59Z");
  }
  assert.equal((await usage("&billable_metric_code=tokens")).charges_usage.length, 1);
  assert.equal((await usage("&skip_grouping=true&apply_taxes=false")).charges_usage.length, 2);
});

test("refusals: what is unknown, not active or not allowed", async () => {
  const { client } = await story([COUNT], [standard("calls", "1")]);
  await client.must("POST", "/customers", { customer: { external_id: "c2" } });
  const path = "/customers/c1/current_usage?external_subscription_id=s1";
  const stranger = await server.organization();
  for (const [path_, status, code] of [
    ["/customers/nobody/current_usage?external_subscription_id=s1", 404, "customer_not_found"],
    ["/customers/c1/current_usage", 405, "no_active_subscription"],
    ["/customers/c1/current_usage?external_subscription_id=s2", 405, "no_active_subscription"],
    ["/customers/c2/current_usage?external_subscription_id=s1", 405, "no_active_subscription"],
    [`${path}&charge_id=unknown`, 404, "charge_not_found"],
    [`${path}&billable_metric_code=unknown`, 404, "charge_not_found"],
    [`${path}&full_usage=true`, 405, "full_usage_not_allowed"],
    [`${path}&full_usage=perhaps`, 422, "validation_errors"],
    [`${path}&group=user`, 422, "validation_errors"],
    [`${path}&filter_by_presentation=team`, 422, "validation_errors"],
    [`${path}&external_subscription_id=s3`, 422, "validation_errors"],
  ] as const) {
    const answer = await client.call("GET", path_);
    assert.deepEqual([answer.status, answer.body.code], [status, code], path_);
  }
  assert.equal((await stranger.call("GET", path)).body.code, "customer_not_found");

  await client.must("DELETE", "/subscriptions/s1");
  assert.equal((await client.call("GET", path)).body.code, "no_active_subscription");
});
