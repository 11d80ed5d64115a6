/** What simulations expect to be used: what is given, or what goes on; and how they refuse. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

async function organizationWith(
  charges: Record<string, unknown>[],
  plan: Record<string, unknown> = {},
): Promise<Client> {
  const client = await server.organization();
  await client.at("2024-04-01T00:00:00Z");
  const ids = new Map<string, string>();
  for (const [code, given] of Object.entries({
    calls: { aggregation_type: "sum_agg", field_name: "n", filters: [{ key: "region", values: ["eu", "us"] }] },
    requests: { aggregation_type: "count_agg" },
    peak: { aggregation_type: "max_agg", field_name: "n" },
  })) {
    const { billable_metric } = await client.must("POST", "/billable_metrics", {
      billable_metric: { code, name: code, ...given },
    });
    ids.set(code, billable_metric.lago_id);
  }
  await client.must("POST", "/plans", {
    plan: {
      ...{
        code: "p",
        name: "P",
        interval: "monthly",
        amount_cents: 1000,
        amount_currency: "EUR",
        pay_in_advance: false,
      },
      ...plan,
      charges: charges.map(({ metric, ...charge }) => ({ ...charge, billable_metric_id: ids.get(metric as string) })),
    },
  });
  return client;
}

const CHARGES = [
  {
    ...{ metric: "calls", code: "calls", charge_model: "standard", properties: { amount: "0.5" } },
    filters: [{ values: { region: ["eu"] }, properties: { amount: "2" } }],
  },
  {
    metric: "requests",
    code: "requests",
    charge_model: "percentage",
    properties: { rate: "0", fixed_amount: "0.1", free_units_per_events: 3 },
  },
  { metric: "peak", code: "peak", charge_model: "standard", properties: { amount: "1" } },
];

type Fee = {
  item: { code: string; filters: object | null };
  amount_cents: number;
  units: string;
  events_count: number;
};
const shown = ({ fees }: { fees: Fee[] }) =>
  fees.map(({ item, amount_cents, units, events_count }) => [
    item.code,
    item.filters === null ? "" : "eu",
    amount_cents,
    units,
    events_count,
  ]);

test("given usage is billed in each period, by charge and filter, as its events would be", async () => {
  const client = await organizationWith(CHARGES);
  const subscription = { external_customer_id: "c", external_id: "s", plan_code: "p" };
  const usage = [
    { charge_code: "calls", units: "10" },
    { billable_metric_code: "calls", filters: { region: ["eu"] }, units: 4 },
    { charge_code: "requests", units: 8 },
    { charge_code: "peak", units: "7.5" },
  ];
  const { simulation } = await client.must("POST", "/subscriptions/simulate", {
    subscription,
    simulation: { usage, periods: 2 },
  });
  assert.deepEqual(
    [simulation.usage, simulation.stopped_by, simulation.totals.invoices_count],
    ["given", "periods", 2],
  );
  await client.must("POST", "/subscriptions", { subscription });
  const send = (transaction_id: string, code: string, properties = {}) =>
    client.must("POST", "/events", { event: { transaction_id, external_subscription_id: "s", code, properties } });
  await send("1", "calls", { n: 10 });
  await send("2", "calls", { n: 4, region: "eu" });
  for (let n = 0; n < 8; n++) await send(`r${n}`, "requests");
  await send("3", "peak", { n: 7.5 });
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-05-02T00:00:00Z" } });
  const { invoices } = await client.must("GET", "/invoices");
  const { invoice } = await client.must("GET", `/invoices/${invoices[0].lago_id}`);
  for (const simulated of simulation.invoices) assert.deepEqual(shown(simulated), shown(invoice));
  assert.equal(simulation.totals.fees_amount_cents, 2 * invoice.fees_amount_cents);
});

test("projected usage goes on as it went so far: 50 of ten days are 150 of thirty, and 155 of the next thirty-one", async () => {
  const client = await organizationWith(CHARGES);
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c", external_id: "s", plan_code: "p" },
  });
  const send = (transaction_id: string, code: string, n: number) =>
    client.must("POST", "/events", {
      event: { transaction_id, external_subscription_id: "s", code, properties: { n } },
    });
  await client.at("2024-04-10T12:00:00Z");
  await send("1", "calls", 50);
  await send("2", "peak", 20);
  const get = async (query: string) => (await client.must("GET", `/subscriptions/s/simulation?${query}`)).simulation;
  const { invoices, usage } = await get("periods=2");
  assert.equal(usage, "projected");
  const units = (invoice: { fees: Fee[] }) => invoice.fees.slice(1).map((fee) => fee.units);
  assert.deepEqual(invoices.map(units), [
    ["150.0", "20.0"],
    ["155.0", "20.0"],
  ]);
  assert.deepEqual((await get("periods=2&usage=current")).invoices.map(units), [["50.0", "20.0"], []]);

  // A period that has just begun goes on as the one before went.
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-05-01T01:00:00Z" } });
  assert.deepEqual((await get("until=2024-06-01")).invoices.map(units), [["51.67", "20.0"]]);
});

test("a commitment is made up for what the simulated periods leave, and an end stops it", async () => {
  const client = await organizationWith(CHARGES, {
    interval: "yearly",
    bill_charges_monthly: true,
    amount_cents: 0,
    minimum_commitment: { amount_cents: 10_000 },
  });
  const subscription = { plan_code: "p", ending_at: "2025-02-10T00:00:00Z", billing_time: "anniversary" };
  const usage = [{ charge_code: "peak", units: 5 }];
  const { simulation } = await client.must("POST", "/subscriptions/simulate", {
    subscription,
    simulation: { usage, until: "2026-01-01" },
  });
  assert.deepEqual([simulation.stopped_by, simulation.external_subscription_id], ["ending", null]);
  const commitments = simulation.invoices.flatMap(
    ({ fees }: { fees: { item: { type: string }; amount_cents: number }[] }) =>
      fees.filter(({ item }) => item.type === "commitment").map(({ amount_cents }) => amount_cents),
  );
  // 316 of 365 days are 8,657.53; eleven periods of 5.00 are billed.
  assert.deepEqual(commitments, [8_658 - 5_500]);
});

test("what cannot be read or does not exist is refused by its field", async () => {
  const client = await organizationWith([
    ...CHARGES,
    { metric: "calls", code: "at_once", charge_model: "standard", properties: { amount: "1" }, pay_in_advance: true },
  ]);
  const refused = async (subscription: object, simulation: object = {}) => {
    const { status, body } = await client.call("POST", "/subscriptions/simulate", { subscription, simulation });
    return [status, body.error_details ?? body.code];
  };
  const p = { plan_code: "p" };
  assert.deepEqual(await refused({ plan_code: "unknown" }), [404, "plan_not_found"]);
  assert.deepEqual(await refused({ ...p, billing_entity_code: "x" }), [404, "billing_entity_not_found"]);
  assert.deepEqual(await refused({ ...p, subscription_at: "soon" }), [422, { subscription_at: ["invalid_date"] }]);
  assert.deepEqual(await refused({ ...p, customer: { timezone: "Mars/Base" } }), [
    422,
    { timezone: ["invalid_timezone"] },
  ]);
  assert.deepEqual(await refused(p, { periods: 0 }), [422, { periods: ["value_is_out_of_range"] }]);
  assert.deepEqual(await refused(p, { until: "2024-03-01" }), [422, { until: ["value_is_out_of_range"] }]);
  assert.deepEqual(await refused(p, { until: "2054-03-01" }), [422, { until: ["value_is_out_of_range"] }]);
  const usage = [
    { units: 1 },
    { charge_code: "x", units: 1 },
    { billable_metric_code: "x", units: 1 },
    { charge_code: "at_once", units: 1 },
    { charge_code: "calls", filters: { region: ["asia"] }, units: 1 },
    { charge_code: "peak", units: "-1" },
  ];
  assert.deepEqual(await refused(p, { usage }), [
    422,
    {
      "usage.0.charge_code": ["value_is_mandatory"],
      "usage.1.charge_code": ["relation_must_exist"],
      "usage.2.billable_metric_code": ["relation_must_exist"],
      "usage.3.charge_code": ["not_compatible_with_pay_in_advance"],
      "usage.4.filters": ["relation_must_exist"],
      "usage.5.units": ["value_is_out_of_range"],
    },
  ]);
  const get = await client.call("GET", "/subscriptions/none/simulation?periods=x&until=y&usage=z");
  assert.deepEqual(
    [get.status, get.body.error_details],
    [422, { periods: ["value_is_invalid"], until: ["invalid_date"], usage: ["value_is_invalid"] }],
  );
  assert.equal((await client.call("GET", "/subscriptions/none/simulation")).body.code, "subscription_not_found");
});

test("a scheduled change stops it: what follows is told once it was done", async () => {
  const client = await organizationWith(CHARGES);
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c", external_id: "s", plan_code: "p" },
  });
  await client.must("POST", "/subscriptions/s/scheduled_changes", {
    scheduled_change: { scheduled_at: "2024-06-15", plan_overrides: { amount_cents: 5 } },
  });
  const { simulation } = await client.must("GET", "/subscriptions/s/simulation?periods=6");
  assert.deepEqual(
    [simulation.stopped_by, simulation.simulated_until, simulation.totals.invoices_count],
    ["scheduled_change", "2024-06-15T00:00:00Z", 2],
  );
});
