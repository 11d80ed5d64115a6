/** Estimates over HTTP: 3.8 of the metering spec. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../../testing/server.ts";
import { type Body, subscribe } from "../testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const standard = (amount: string): Body => ({ charge_model: "standard", properties: { amount } });
const asked = (event: Body = {}) => ({ event: { code: "m", external_subscription_id: "s1", ...event } });

async function refusal(client: Client, path: string, body: unknown) {
  const { status, body: answer } = await client.call("POST", path, body);
  return [status, answer.error_details ?? answer.code];
}

test("an estimate is the fee that the event then has, and leaves nothing behind", async () => {
  const client = await server.organization();
  const graduated_ranges = [
    { from_value: 0, to_value: 5, per_unit_amount: "1", flat_amount: "3" },
    { from_value: 6, to_value: null, per_unit_amount: "0.5", flat_amount: "2" },
  ];
  const charges = [
    { charge_model: "graduated", properties: { graduated_ranges } },
    { charge_model: "percentage", code: "rate", properties: { rate: "10", free_units_per_events: 1 } },
  ];
  await subscribe(client, { aggregation_type: "sum_agg" }, charges, ["s1"]);
  await client.at("2024-01-10T12:00:00Z");
  for (const [index, v] of [4, -2, 3, 6].entries()) {
    const event = { properties: { v } };
    const estimated = await client.must("POST", "/events/estimate_fees", asked(event));
    const again = await client.must("POST", "/events/estimate_fees", asked(event));
    const shown = ({ fees }: { fees: Body[] }) =>
      fees.map(({ units, amount_cents, item }) => [units, amount_cents, item]);
    assert.deepEqual(shown(again), shown(estimated));
    await client.must("POST", "/events", { event: { ...asked(event).event, transaction_id: `t${index}` } });
    await client.run();
    assert.deepEqual(shown(await client.must("GET", `/fees?event_transaction_id=t${index}`)), shown(estimated));
    const { lago_id, lago_invoice_id, created_at, amount_details, pay_in_advance, applied_taxes } = estimated.fees[0];
    assert.deepEqual(
      { lago_id, lago_invoice_id, created_at, amount_details, pay_in_advance, applied_taxes },
      {
        ...{ lago_id: null, lago_invoice_id: null, created_at: null, amount_details: null },
        ...{ pay_in_advance: true, applied_taxes: [] },
      },
    );
  }
});

test("an estimate refuses in the contract's order", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "sum_agg" }, [standard("1")], ["s1"]);
  const other = { code: "other", name: "Other", aggregation_type: "count_agg" };
  await client.must("POST", "/billable_metrics", { billable_metric: other });
  const path = "/events/estimate_fees";
  for (const [event, expected] of [
    [{ external_subscription_id: "unknown", timestamp: "soon" }, [404, "subscription_not_found"]],
    [{ external_subscription_id: "" }, [404, "subscription_not_found"]],
    [{ external_subscription_id: null }, [404, "subscription_not_found"]],
    [{ external_subscription_id: "s1\u0000" }, [404, "subscription_not_found"]],
    [{ timestamp: "soon", code: "unknown" }, [422, { timestamp: ["invalid_format"] }]],
    [{ code: "unknown", properties: { v: "x" } }, [404, "billable_metric_not_found"]],
    [{ properties: { v: "x" } }, [422, { properties: ["value_is_not_valid_number"] }]],
    [{ properties: [] }, [422, { properties: ["value_is_invalid"] }]],
    [{ code: "other" }, [422, { code: ["does_not_match_an_instant_charge"] }]],
  ] as const)
    assert.deepEqual(await refusal(client, path, asked(event)), expected, JSON.stringify(event));
  assert.equal((await client.call("POST", path, {})).status, 400);
  assert.deepEqual((await client.must("POST", path, asked())).fees, [], "without the property it would have no fee");
  await client.must("DELETE", "/subscriptions/s1");
  assert.deepEqual(await refusal(client, path, asked()), [404, "subscription_not_found"]);
});

test("an expression computes what is estimated, and is refused where it has no value", async () => {
  const client = await server.organization();
  const metric = { aggregation_type: "sum_agg", expression: "event.properties.a * 2" };
  await subscribe(client, metric, [standard("1")], ["s1"]);
  const { fees } = await client.must("POST", "/events/estimate_fees", asked({ properties: { a: 4 } }));
  assert.deepEqual([fees[0].units, fees[0].amount_cents], ["8.0", 800]);
  const failed = "expression_evaluation_failed: Variable: a not found";
  assert.deepEqual(await refusal(client, "/events/estimate_fees", asked()), [422, failed]);
  const instant = await client.must("POST", "/events/estimate_instant_fees", asked({ properties: { a: 4 } }));
  assert.equal(instant.fees[0].amount_cents, "800.0");
});

test("an instant estimate prices the event alone (3.8)", async () => {
  const client = await server.organization();
  const metric = { aggregation_type: "sum_agg", filters: [{ key: "region", values: ["eu"] }] };
  const percentage = {
    ...{ charge_model: "percentage", properties: { rate: "0.1", fixed_amount: "0", free_units_per_events: 5 } },
    filters: [{ values: { region: ["eu"] }, properties: { rate: "1", per_transaction_max_amount: "3" } }],
  };
  const { plan } = await subscribe(client, metric, [percentage], ["s1"]);
  const estimate = async (properties: Body) =>
    (await client.must("POST", "/events/estimate_instant_fees", asked({ properties, transaction_id: "mine" }))).fees[0];
  for (const [properties, amount] of [
    [{ v: 400 }, "40.0"],
    [{ v: "300" }, "30.0"],
    [{ v: -1 }, "0.0"],
    [{}, "0.0"],
    [{ v: 400, region: "eu" }, "300.0"],
  ] as const)
    assert.equal((await estimate(properties)).amount_cents, amount, JSON.stringify(properties));
  const fee = await estimate({ v: 400 });
  const { item, ...rest } = fee;
  assert.deepEqual(rest, {
    ...{ lago_id: null, lago_charge_id: plan.charges[0].lago_id, lago_charge_filter_id: null, lago_invoice_id: null },
    ...{ lago_true_up_fee_id: null, lago_true_up_parent_fee_id: null, lago_subscription_id: fee.lago_subscription_id },
    ...{ external_subscription_id: "s1", lago_customer_id: fee.lago_customer_id, external_customer_id: "c-s1" },
    ...{ pay_in_advance: true, invoiceable: false, amount_cents: "40.0", amount_currency: "EUR" },
    ...{
      precise_amount: "0.4",
      precise_total_amount: "0.4",
      taxes_amount_cents: 0,
      taxes_precise_amount: 0,
      taxes_rate: 0,
    },
    ...{ total_amount_cents: "40.0", total_amount_currency: "EUR", units: "400.0", description: null },
    ...{ precise_unit_amount: "0.1", precise_coupons_amount_cents: "0.0", events_count: 1, payment_status: "pending" },
    ...{ created_at: null, succeeded_at: null, failed_at: null, refunded_at: null, amount_details: null },
    event_transaction_id: "mine",
  });
  assert.deepEqual([item.type, item.code, item.item_type, item.grouped_by], ["charge", "m", "BillableMetric", {}]);
});

test("instant estimates are of standard and percentage charges in advance alone", async () => {
  const client = await server.organization();
  const packaged = { charge_model: "package", properties: { amount: "1", package_size: 1, free_units: 0 } };
  await subscribe(client, { aggregation_type: "count_agg" }, [packaged, { ...standard("1"), code: "b" }], ["s1", "s2"]);
  const path = "/events/estimate_instant_fees";
  const { fees } = await client.must("POST", path, asked());
  assert.deepEqual(
    fees.map(({ amount_cents, units }: Body) => [amount_cents, units]),
    [["100.0", "1.0"]],
  );
  assert.match(fees[0].event_transaction_id, /^[0-9a-f-]{36}$/);
  const none = [422, { code: ["does_not_match_an_instant_charge"] }];
  assert.deepEqual(await refusal(client, path, asked({ code: "other" })), none);
  assert.deepEqual(await refusal(client, path, asked({ external_subscription_id: "s3" })), [
    404,
    "subscription_not_found",
  ]);

  const batch = "/events/batch_estimate_instant_fees";
  const events = ["s1", "s2"].map((external_subscription_id) => asked({ external_subscription_id }).event);
  const many = await client.must("POST", batch, { events: [...events, asked({ code: "other" }).event] });
  assert.deepEqual(
    many.fees.map(({ external_subscription_id }: Body) => external_subscription_id),
    ["s1", "s2"],
    "an event that no charge counts has no fee",
  );
  const wrapped = await client.must("POST", batch, { events: [asked()] });
  assert.equal(wrapped.fees.length, 1);
  const unknown = { events: [...events, asked({ external_subscription_id: "s3" }).event] };
  assert.deepEqual(await refusal(client, batch, unknown), [404, "subscription_not_found"]);
});

test("an instant estimate of a standard charge: what is given back is worth nothing (3.8)", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "sum_agg" }, [standard("2.5")], ["s1"]);
  for (const [properties, units, amount] of [
    [{ v: 3 }, "3.0", "750.0"],
    [{ v: -3 }, "0.0", "0.0"],
    [{ v: 0 }, "0.0", "0.0"],
    [{}, "0.0", "0.0"],
  ] as const) {
    const { fees } = await client.must("POST", "/events/estimate_instant_fees", asked({ properties }));
    assert.deepEqual([fees[0].units, fees[0].amount_cents], [units, amount], JSON.stringify(properties));
  }
});

test("a plan without such a charge is refused in a batch too", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "count_agg" }, [], ["s1"]);
  const body = { events: [asked().event] };
  const none = [422, { code: ["does_not_match_an_instant_charge"] }];
  assert.deepEqual(await refusal(client, "/events/batch_estimate_instant_fees", body), none);
});
