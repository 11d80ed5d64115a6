/** Fees of events in advance: what was charged for each, and why. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
type Json = any;

/** The fees of these events, sent one after another, each with its explanation. */
async function charged(metric: object, charge: object, values: readonly object[], at = "2024-06-11T10:00:00Z") {
  const client = await server.organization();
  await client.at("2024-06-01T00:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "gb", name: "Storage", aggregation_type: "sum_agg", field_name: "gb", ...metric },
  });
  const charges = [
    { billable_metric_id: billable_metric.lago_id, code: "c", pay_in_advance: true, invoiceable: false, ...charge },
  ];
  const terms = { interval: "monthly", amount_cents: 0, amount_currency: "EUR", pay_in_advance: false };
  await client.must("POST", "/plans", { plan: { code: "p", name: "Pro", ...terms, charges } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p" },
  });
  await client.at(at);
  const told: { fee: Json; explanation: Json }[] = [];
  for (const [index, properties] of values.entries()) {
    const transaction_id = `t${index}`;
    await client.must("POST", "/events", {
      event: { transaction_id, external_subscription_id: "s1", code: "gb", properties },
    });
    await client.run();
    const { fees } = await client.must("GET", `/fees?event_transaction_id=${transaction_id}`);
    const { explanation } = await client.must("GET", `/fees/${fees[0].lago_id}/explanation`);
    told.push({ fee: fees[0], explanation });
  }
  return { client, told };
}

const sumOf = ({ parts }: Json) => parts.reduce((total: number, { amount }: Json) => total + Number(amount), 0);

function explainsAll(told: readonly { fee: Json; explanation: Json }[], cents: readonly number[]): void {
  assert.deepEqual(
    told.map(({ fee }) => fee.amount_cents),
    cents,
  );
  for (const { fee, explanation } of told) {
    assert.equal(explanation.amount_cents, fee.amount_cents);
    assert.equal(explanation.reproduced, true, JSON.stringify(explanation));
    assert.ok(Math.abs(sumOf(explanation) - Number(fee.precise_amount)) < 1e-9, JSON.stringify(explanation));
  }
}

const gb = (...values: number[]) => values.map((value) => ({ gb: value }));

test("G7: only what rises above the highest level is charged", async () => {
  const { told } = await charged({}, { charge_model: "standard", properties: { amount: "1" } }, gb(10, -4, 3, 6));
  explainsAll(told, [1000, 0, 0, 500]);
  assert.ok(
    told[2]?.explanation.text.includes(
      "Not above the highest level of the period, which was charged already: nothing to charge",
    ),
  );
});

test("7.4: packages, tiers and percentages event by event", async () => {
  const packages = { charge_model: "package", properties: { amount: "100", package_size: 2, free_units: 3 } };
  explainsAll((await charged({}, packages, gb(3, 1, 2))).told, [0, 10_000, 10_000]);
  const graduated_ranges = [
    { from_value: 0, to_value: 5, per_unit_amount: "0.02", flat_amount: "0.01" },
    { from_value: 6, to_value: null, per_unit_amount: "0.01", flat_amount: "0.01" },
  ];
  const tiers = await charged({}, { charge_model: "graduated", properties: { graduated_ranges } }, gb(3, 1, 2));
  explainsAll(tiers.told, [7, 2, 4]);
  assert.deepEqual(
    tiers.told[2]?.explanation.parts.map(({ text }: Json) => text),
    [
      "Tier 0 to 5: 5 units × 0.02 EUR = 0.10 EUR",
      "Tier 0 to 5: flat fee 0.01 EUR",
      "Tier from 6: 1 unit × 0.01 EUR = 0.01 EUR",
      "Tier from 6: flat fee 0.01 EUR",
      "Less what 4 units cost: -0.09 EUR",
    ],
  );
  const percentage = { rate: "5", fixed_amount: "1", free_units_per_total_aggregation: "120" };
  const percent = await charged({}, { charge_model: "percentage", properties: percentage }, gb(100, 10, 20, 20));
  explainsAll(percent.told, [0, 0, 150, 200]);
  const graduated_percentage_ranges = [
    { from_value: 0, to_value: 100, rate: "20", flat_amount: "10" },
    { from_value: 101, to_value: 200, rate: "30", flat_amount: "7" },
    { from_value: 201, to_value: null, rate: "40", flat_amount: "5" },
  ];
  const model = { charge_model: "graduated_percentage", properties: { graduated_percentage_ranges } };
  explainsAll((await charged({}, model, gb(50, 100, 300))).told, [2000, 3200, 12_000]);
});

test("G8: prorated seats", async () => {
  const metric = { aggregation_type: "unique_count_agg", field_name: "user", recurring: true };
  const charge = { charge_model: "standard", prorated: true, properties: { amount: "30" } };
  const { told, client } = await charged(metric, charge, [{ user: "a" }, { user: "b" }]);
  explainsAll(told, [2000, 2000]);
  await client.at("2024-07-01T00:10:00Z");
  await client.run("billing");
  const { fees } = await client.must("GET", "/fees?external_subscription_id=s1&created_at_from=2024-07-01");
  const renewal = fees.find((fee: Json) => fee.event_transaction_id === null && fee.item.type === "charge");
  const { explanation } = await client.must("GET", `/fees/${renewal.lago_id}/explanation`);
  explainsAll([{ fee: renewal, explanation }], [6000]);
});

test("7.5: current usage of a charge in advance is told with what was charged already", async () => {
  const { client } = await charged({}, { charge_model: "standard", properties: { amount: "1" } }, gb(10, -4));
  const { explanation } = await client.must(
    "GET",
    "/customers/c1/current_usage/explanation?external_subscription_id=s1&charge_code=c",
  );
  assert.deepEqual([explanation.amount_cents, explanation.reproduced], [1000, true]);
  assert.deepEqual(
    explanation.units.map(({ step, units }: Json) => [step, units]),
    [
      ["counted", "6.0"],
      ["in_advance", "10.0"],
    ],
  );
  const { usages } = await client.must("GET", "/analytics/usage");
  assert.deepEqual([usages[0].units, usages[0].amount_cents], ["10.0", 1000]);
});

test("a fee without an invoice is paid, refused a payment, and deleted", async () => {
  const { client, told } = await charged({}, { charge_model: "standard", properties: { amount: "1" } }, gb(1));
  const path = `/fees/${told[0]?.fee.lago_id}`;
  const pay = (payment_status: unknown) => client.call("PUT", path, { fee: { payment_status } });
  const paid = (await pay("succeeded")).body.fee;
  assert.deepEqual(
    [paid.payment_status, paid.succeeded_at, paid.failed_at],
    ["succeeded", "2024-06-11T10:00:00Z", null],
  );
  for (const [query, expected] of [
    ["payment_status=succeeded", 1],
    ["payment_status=pending", 0],
    ["succeeded_at_from=2024-06-11", 1],
    ["succeeded_at_to=2024-06-10", 0],
    ["failed_at_from=2024-06-01", 0],
    ["external_customer_id=c1", 1],
    ["external_customer_id=c2", 0],
    ["external_customer_id=c1&external_subscription_id=s2", 0],
    ["billable_metric_code=gb&currency=eur&fee_type=charge", 1],
    ["event_transaction_id=t0", 1],
    ["fee_type=commitment", 0],
  ] as const)
    assert.equal((await client.must("GET", `/fees?${query}`)).meta.total_count, expected, query);
  const failed = (await pay("failed")).body.fee;
  assert.deepEqual([failed.succeeded_at, failed.failed_at], [null, "2024-06-11T10:00:00Z"]);
  const pending = (await pay("pending")).body.fee;
  assert.deepEqual([pending.succeeded_at, pending.failed_at, pending.refunded_at], [null, null, null]);
  const wrong = await pay("nope");
  assert.deepEqual([wrong.status, wrong.body.error_details], [422, { payment_status: ["value_is_invalid"] }]);
  assert.equal((await client.call("PUT", path, {})).status, 400);
  assert.equal((await client.call("PUT", "/fees/x", { fee: { payment_status: "failed" } })).status, 404);
  assert.equal((await client.must("DELETE", path)).fee.lago_id, told[0]?.fee.lago_id);
  assert.equal((await client.call("GET", path)).status, 404);
  assert.equal((await client.call("DELETE", path)).body.code, "fee_not_found");
});

test("a fee on an invoice stays as it is", async () => {
  const charge = { charge_model: "standard", invoiceable: true, properties: { amount: "1" } };
  const { client, told } = await charged({}, charge, gb(1));
  const path = `/fees/${told[0]?.fee.lago_id}`;
  explainsAll(told, [100]);
  for (const answer of [
    await client.call("PUT", path, { fee: { payment_status: "succeeded" } }),
    await client.call("DELETE", path),
  ])
    assert.deepEqual([answer.status, answer.body.code], [405, "invoiced_fee"]);
});

test("dynamic: what came with an event is explained where it adds no units", async () => {
  const client = await server.organization();
  await client.at("2024-06-01T00:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "gb", name: "Storage", aggregation_type: "sum_agg", field_name: "gb" },
  });
  const charge = { billable_metric_id: billable_metric.lago_id, charge_model: "dynamic", properties: {} };
  await client.must("POST", "/plans", {
    plan: {
      ...{
        code: "p",
        name: "Pro",
        interval: "monthly",
        amount_cents: 0,
        amount_currency: "EUR",
        pay_in_advance: false,
      },
      charges: [{ ...charge, code: "c", pay_in_advance: true, invoiceable: false }],
    },
  });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p" },
  });
  await client.at("2024-06-11T10:00:00Z");
  for (const [transaction_id, gb, precise_total_amount_cents] of [
    ["t0", 0, "50"],
    ["t1", -2, "0.2"],
  ]) {
    const event = { transaction_id, external_subscription_id: "s1", code: "gb", precise_total_amount_cents };
    await client.must("POST", "/events", { event: { ...event, properties: { gb } } });
    await client.run();
  }
  const { fees } = await client.must("GET", "/fees?event_transaction_id=t1");
  const { explanation } = await client.must("GET", `/fees/${fees[0].lago_id}/explanation`);
  assert.ok(Math.abs(sumOf(explanation) - Number(fees[0].precise_amount)) < 1e-9, JSON.stringify(explanation));
  assert.equal(sumOf(explanation), 0.002);
});
