/** Charges paid in advance, over HTTP. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPool } from "../../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";
import { type Body, subscribe } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

let sent = 0;

async function send(client: Client, properties: Body = {}, event: Body = {}): Promise<string> {
  sent += 1;
  const transaction_id = `t${sent}`;
  const body = { transaction_id, code: "m", external_subscription_id: "s1", properties, ...event };
  await client.must("POST", "/events", { event: body });
  await client.run();
  return transaction_id;
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
async function feesOf(client: Client, transactionId: string): Promise<any[]> {
  return (await client.must("GET", `/fees?event_transaction_id=${transactionId}`)).fees;
}

/** Units and cents of the only fee of an event that is sent now. */
async function charged(client: Client, properties: Body, event: Body = {}): Promise<[units: string, cents: number]> {
  const fees = await feesOf(client, await send(client, properties, event));
  assert.equal(fees.length, 1);
  return [fees[0].units, fees[0].amount_cents];
}

async function used(client: Client): Promise<[units: string, cents: number]> {
  const { customer_usage } = await client.must("GET", "/customers/c-s1/current_usage?external_subscription_id=s1");
  return [customer_usage.charges_usage[0].units, customer_usage.amount_cents];
}

const standard = (amount: string): Body => ({ charge_model: "standard", properties: { amount } });

test("an event of a charge that is not invoiced has a fee of its own at once", async () => {
  const client = await server.organization();
  const { plan } = await subscribe(client, { aggregation_type: "sum_agg" }, [standard("2.5")], ["s1"]);
  await client.at("2024-01-10T12:00:00Z");
  const transactionId = await send(client, { v: "4" });
  const [fee] = await feesOf(client, transactionId);
  const { lago_invoice_id, lago_charge_id, pay_in_advance, invoiceable, units, amount_cents, events_count } = fee;
  assert.deepEqual(
    { lago_invoice_id, lago_charge_id, pay_in_advance, invoiceable, units, amount_cents, events_count },
    {
      ...{ lago_invoice_id: null, lago_charge_id: plan.charges[0].lago_id, pay_in_advance: true, invoiceable: false },
      ...{ units: "4.0", amount_cents: 1000, events_count: 1 },
    },
  );
  assert.equal(fee.precise_unit_amount, "2.5");
  assert.equal(fee.created_at, "2024-01-10T12:00:00Z");
  assert.deepEqual([fee.from_date, fee.to_date], ["2024-01-01T00:00:00Z", "2024-01-31T23:59:59Z"]);
  assert.equal((await client.must("GET", "/invoices")).meta.total_count, 0);
});

test("an invoiceable one is on an invoice of its own, final whatever the grace period", async () => {
  const client = await server.organization();
  const charges = [{ ...standard("2.5"), invoiceable: true }];
  await subscribe(client, { aggregation_type: "sum_agg" }, charges, ["s1"]);
  await client.at("2024-01-10T12:00:00Z");
  const [fee] = await feesOf(client, await send(client, { v: 4 }));
  const { invoice } = await client.must("GET", `/invoices/${fee.lago_invoice_id}`);
  const { status, invoice_type, number, issuing_date, fees_amount_cents, total_amount_cents, payment_status } = invoice;
  assert.deepEqual(
    { status, invoice_type, issuing_date, fees_amount_cents, total_amount_cents, payment_status },
    {
      ...{ status: "finalized", invoice_type: "subscription", issuing_date: "2024-01-10", fees_amount_cents: 1000 },
      ...{ total_amount_cents: 1000, payment_status: "pending" },
    },
  );
  assert.match(number, /-001-001$/);
  assert.equal(invoice.fees.length, 1);
  const [period] = invoice.billing_periods;
  assert.equal(period.invoicing_reason, "in_advance_charge");
  assert.equal(period.charges_from_datetime, "2024-01-01T00:00:00Z");
  assert.equal(period.charges_to_datetime, "2024-01-31T23:59:59Z");
  const pool = openPool({ url: server.databaseUrl, poolSize: 1 });
  const { rows } = await pool.query(
    "select kind from domain_events where organization_id = $1 and kind in ('fee.created', 'invoice.created') order by ordinal",
    [client.organizationId],
  );
  await pool.end();
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ["fee.created", "invoice.created"],
  );
});

test("an invoice that comes to nothing is closed where such invoices are not wanted", async () => {
  const client = await server.organization();
  const charges = [{ ...standard("2.5"), invoiceable: true }];
  await subscribe(client, { aggregation_type: "sum_agg" }, charges, ["s1"]);
  await client.must("POST", "/customers", {
    customer: { external_id: "c-s1", finalize_zero_amount_invoice: "skip" },
  });
  const [fee] = await feesOf(client, await send(client, { v: 0 }));
  assert.equal(fee.amount_cents, 0);
  assert.equal((await client.must("GET", "/invoices")).meta.total_count, 0);
});

test("a sum's lifecycle: fees, and current usage after each (G7)", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "sum_agg" }, [standard("1")], ["s1"]);
  await client.at("2024-01-10T12:00:00Z");
  for (const [v, fee, usage] of [
    [10, ["10.0", 1000], ["10.0", 1000]],
    [-4, ["0.0", 0], ["6.0", 1000]],
    [3, ["3.0", 0], ["9.0", 1000]],
    [6, ["5.0", 500], ["15.0", 1500]],
  ] as const) {
    assert.deepEqual(await charged(client, { v }), fee);
    assert.deepEqual(await used(client), usage);
  }
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  const { invoices } = await client.must("GET", "/invoices");
  const { invoice } = await client.must("GET", `/invoices/${invoices[0].lago_id}`);
  assert.deepEqual(
    invoice.fees.map((fee: Body) => (fee.item as Body).type),
    ["subscription"],
  );
  assert.deepEqual(await used(client), ["0.0", 0]);
});

test("prorated seats: what is left of June, their renewal, and July anew (G8)", async () => {
  const client = await server.organization();
  const charge = { ...standard("30"), prorated: true };
  await subscribe(client, { aggregation_type: "unique_count_agg", recurring: true }, [charge], ["s1"]);
  for (const [at, properties, fee] of [
    ["2024-06-11T10:00:00Z", { v: "u1" }, ["1.0", 2000]],
    ["2024-06-12T10:00:00Z", { v: "u2" }, ["1.0", 1900]],
    ["2024-06-20T10:00:00Z", { v: "u1", operation_type: "remove" }, ["0.0", 0]],
    ["2024-06-25T10:00:00Z", { v: "u3" }, ["1.0", 0]],
    ["2024-06-26T10:00:00Z", { v: "u4" }, ["1.0", 500]],
  ] as const) {
    await client.at(at);
    if (at.startsWith("2024-06-11")) await client.run("billing");
    assert.deepEqual(await charged(client, properties), fee);
  }
  await client.at("2024-07-01T00:10:00Z");
  await client.run("billing");
  const { fees } = await client.must("GET", "/fees?fee_type=charge&created_at_from=2024-07-01T00:00:00Z");
  assert.deepEqual(
    fees.map((fee: Body) => [fee.units, fee.amount_cents, fee.from_date, fee.to_date, fee.lago_invoice_id]),
    [["3.0", 9000, "2024-07-01T00:00:00Z", "2024-07-31T23:59:59Z", null]],
  );
  await client.at("2024-07-17T10:00:00Z");
  assert.deepEqual(await charged(client, { v: "u5" }), ["1.0", 1452]);
});

test("renewals without an invoice are kept even where nothing is left", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "sum_agg", recurring: true }, [standard("1")], ["s1"]);
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  const { fees } = await client.must("GET", "/fees?fee_type=charge");
  assert.deepEqual(
    fees.map((fee: Body) => [fee.units, fee.amount_cents, fee.pay_in_advance, fee.lago_invoice_id]),
    [["0.0", 0, true, null]],
  );
});

test("three events of one moment take the tiers by ingestion (G16)", async () => {
  const client = await server.organization();
  const graduated_ranges = [
    { from_value: 0, to_value: 2, per_unit_amount: "0", flat_amount: "0" },
    { from_value: 3, to_value: null, per_unit_amount: "2", flat_amount: "0" },
  ];
  const charge = { charge_model: "graduated", properties: { graduated_ranges } };
  await subscribe(client, { aggregation_type: "count_agg" }, [charge], ["s1"]);
  const event = { code: "m", external_subscription_id: "s1", timestamp: 1_704_200_000 };
  await client.must("POST", "/events/batch", {
    events: ["a", "b", "c"].map((transaction_id) => ({ ...event, transaction_id })),
  });
  await client.run();
  const fees = await Promise.all(["a", "b", "c"].map((id) => feesOf(client, id)));
  assert.deepEqual(
    fees.map(([fee]) => [fee.units, fee.amount_cents]),
    [
      ["1.0", 0],
      ["1.0", 0],
      ["1.0", 200],
    ],
  );
});

test("each charge of the plan on the metric has its fee, with its filter and its group", async () => {
  const client = await server.organization();
  const metric = { aggregation_type: "sum_agg", filters: [{ key: "region", values: ["eu", "us"] }] };
  const filters = [{ values: { region: ["eu"] }, properties: { amount: "5" }, invoice_display_name: "Europe" }];
  const grouped = { charge_model: "standard", properties: { amount: "1", pricing_group_keys: ["team"] }, filters };
  const { plan } = await subscribe(client, metric, [grouped, { ...standard("2"), code: "other" }], ["s1"]);
  const fees = await feesOf(client, await send(client, { v: 3, region: "us", team: "red" }));
  assert.deepEqual(
    fees.map(({ amount_cents, lago_charge_filter_id, item }) => [amount_cents, lago_charge_filter_id, item.grouped_by]),
    [
      [300, null, { team: "red" }],
      [600, null, {}],
    ],
  );
  const [europe] = await feesOf(client, await send(client, { v: 3, region: "eu", team: "red" }));
  assert.deepEqual(
    [
      europe.amount_cents,
      europe.lago_charge_filter_id,
      europe.item.grouped_by,
      europe.item.filter_invoice_display_name,
    ],
    [1500, plan.charges[0].filters[0].lago_id, {}, "Europe"],
  );
});

test("events of nobody, of another time, and without the property have no fee; one without a number a fee of nothing", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "sum_agg" }, [standard("1")], ["s1", "s2"]);
  await client.at("2024-01-20T00:00:00Z");
  await client.must("DELETE", "/subscriptions/s2");
  const none: readonly [Body, Body][] = [
    [{ v: 1 }, { external_subscription_id: "unknown" }],
    [{ v: 1 }, { external_subscription_id: null }],
    [{ v: 1 }, { timestamp: 1_700_000_000 }],
    [{ v: 1 }, { external_subscription_id: "s2", timestamp: 1_706_000_000 }],
    [{ v: 1 }, { code: "other" }],
    [{}, {}],
    [{ v: "" }, {}],
    [{ v: null }, {}],
  ];
  for (const [properties, event] of none) {
    assert.deepEqual(
      await feesOf(client, await send(client, properties, event)),
      [],
      JSON.stringify([properties, event]),
    );
  }
  assert.deepEqual(await charged(client, { v: "abc" }), ["0.0", 0]);
  const ended = { external_subscription_id: "s2", timestamp: 1_705_000_000 };
  assert.deepEqual(await charged(client, { v: 2 }, ended), ["2.0", 200], "what was used before the end");
});

test("a charge that comes later counts what was there already", async () => {
  const client = await server.organization();
  const { plan, metric } = await subscribe(client, { aggregation_type: "sum_agg" }, [], ["s1"]);
  await send(client, { v: 4 });
  const charge = {
    ...{ billable_metric_id: metric.lago_id, code: "late", charge_model: "package", pay_in_advance: true },
    ...{ invoiceable: false, properties: { amount: "1", package_size: 5, free_units: 0 } },
  };
  await client.must("POST", `/plans/${plan.code}/charges`, { charge });
  assert.deepEqual(await charged(client, { v: 1 }), ["1.0", 0], "the fifth unit of a package that had begun");
  assert.deepEqual(await charged(client, { v: 1 }), ["1.0", 100]);
});

test("a changed filter counts the period anew", async () => {
  const client = await server.organization();
  const metric = { aggregation_type: "sum_agg", filters: [{ key: "region", values: ["eu", "us"] }] };
  const properties = { amount: "1", package_size: 5, free_units: 0 };
  const { plan } = await subscribe(client, metric, [{ charge_model: "package", properties }], ["s1"]);
  assert.deepEqual(await charged(client, { v: 4, region: "eu" }), ["4.0", 100]);
  const [charge] = plan.charges;
  await client.must("POST", `/plans/p/charges/${charge.code}/filters`, {
    filter: { values: { region: ["eu"] }, properties },
  });
  assert.deepEqual(await charged(client, { v: 1, region: "us" }), ["1.0", 100], "the default bucket is empty now");
  assert.deepEqual(await charged(client, { v: 1, region: "eu" }), ["1.0", 0], "the filter has taken the four units");
});

test("a voided event is not charged, and does not count for the price of others; a charged one cannot be voided", async () => {
  const client = await server.organization();
  const graduated_ranges = [
    { from_value: 0, to_value: 5, per_unit_amount: "1", flat_amount: "0" },
    { from_value: 5, to_value: null, per_unit_amount: "10", flat_amount: "0" },
  ];
  const { plan, metric } = await subscribe(client, { aggregation_type: "sum_agg" }, [], ["s1"]);
  const early = await send(client, { v: 5 });
  const charge = {
    ...{ billable_metric_id: metric.lago_id, code: "late", charge_model: "graduated", pay_in_advance: true },
    ...{ invoiceable: false, properties: { graduated_ranges } },
  };
  await client.must("POST", `/plans/${plan.code}/charges`, { charge });
  assert.deepEqual(await charged(client, { v: 1 }), ["1.0", 1000]);
  await client.must("POST", `/events/${early}/void`, { void: { reason: "sent twice" } });
  const second = await send(client, { v: 1 });
  assert.equal((await feesOf(client, second))[0].amount_cents, 100, "the second unit now");
  const refused = await client.call("POST", `/events/${second}/void`, { void: {} });
  assert.deepEqual([refused.status, refused.body.code], [405, "event_already_billed"]);
});

test("a script is shown each event, also one that comes late", async () => {
  const client = await server.organization();
  const custom_aggregator = `function aggregate(state, event, properties) {
    const total_units = decimal.add(state.total_units, event.properties.v);
    return { total_units, amount: decimal.add(state.amount, decimal.mul(total_units, properties.factor)) };
  }`;
  const charge = { charge_model: "custom", properties: { custom_properties: { factor: "2" } } };
  await subscribe(client, { aggregation_type: "custom_agg", custom_aggregator }, [charge], ["s1"]);
  await client.at("2024-01-10T00:00:00Z");
  assert.deepEqual(await charged(client, { v: 1 }), ["1.0", 200]);
  assert.deepEqual(await charged(client, { v: 2 }), ["2.0", 600]);
  const late = { timestamp: Date.UTC(2024, 0, 5) / 1000 };
  assert.deepEqual(await charged(client, { v: 4 }, late), ["4.0", 800], "it stands before the others");
  assert.deepEqual(await charged(client, { v: 1 }), ["1.0", 1600], "the eighth unit");
});

test("a metric's rounding is left out at the event and its estimate, and applied to current usage and to an instant estimate (1.6)", async () => {
  const client = await server.organization();
  const metric = { aggregation_type: "sum_agg", rounding_function: "ceil", rounding_precision: 0 };
  await subscribe(client, metric, [standard("1")], ["s1"]);
  await client.at("2024-01-10T12:00:00Z");
  const event = { code: "m", external_subscription_id: "s1", properties: { v: "1.2" } };
  const estimated = await client.must("POST", "/events/estimate_fees", { event });
  assert.deepEqual([estimated.fees[0].units, estimated.fees[0].amount_cents], ["1.2", 120]);
  const instant = await client.must("POST", "/events/estimate_instant_fees", { event });
  assert.deepEqual([instant.fees[0].units, instant.fees[0].amount_cents], ["2.0", "200.0"]);
  assert.deepEqual(await charged(client, { v: "1.2" }), ["1.2", 120]);
  assert.deepEqual(await used(client), ["2.0", 200]);
});

test("credits are rounded to their cents, then converted", async () => {
  const client = await server.organization();
  await client.must("POST", "/pricing_units", { pricing_unit: { name: "Credits", code: "cr", short_name: "CR" } });
  const charge = { ...standard("0.333"), applied_pricing_unit: { code: "cr", conversion_rate: "0.5" } };
  await subscribe(client, { aggregation_type: "count_agg" }, [charge], ["s1"]);
  const [fee] = await feesOf(client, await send(client));
  assert.equal(fee.amount_cents, 17);
  assert.equal(fee.pricing_unit_details.amount_cents, 33);
});

test("an event sent twice is charged once", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "count_agg" }, [standard("1")], ["s1"]);
  const id = await send(client);
  const event = { transaction_id: id, code: "m", external_subscription_id: "s1" };
  assert.equal((await client.call("POST", "/events", { event })).status, 422);
  await client.must("POST", "/events/bulk", [event]);
  await client.run();
  assert.equal((await feesOf(client, id)).length, 1);
});
