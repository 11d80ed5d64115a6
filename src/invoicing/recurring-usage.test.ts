import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../testing/server.ts";
import { type Telling, tellStory } from "./usage/testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const story: Telling = (...terms) => tellStory(server, ...terms);

const SEATS = { code: "seats", name: "Seats", aggregation_type: "sum_agg", recurring: true };
const LEVEL = {
  ...{ code: "level", name: "Level", aggregation_type: "weighted_sum_agg", weighted_interval: "seconds" },
  recurring: true,
};
const at10 = { metric: "seats", charge_model: "standard", properties: { amount: "10" } };

test("recurring usage is carried over, prorated charges pay the days of it", async () => {
  const { send, usage, bill } = await story([SEATS], [at10, { ...at10, code: "prorated", prorated: true }]);
  await send("seats", { value: 5 }, "2024-03-10T12:00:00Z");
  const shown = (charges: { units: string; amount_cents: number }[]) =>
    charges.map(({ units, amount_cents }) => [units, amount_cents]);
  const march = [
    ["5.0", 5_000],
    // 22 of 31 days: 3.54839 units.
    ["5.0", 3_548],
  ];
  assert.deepEqual(shown((await usage()).charges_usage), march);
  assert.deepEqual(shown(await bill("2024-04-01T00:10:00Z")), march);
  await send("seats", { value: 1 }, "2024-04-16T12:00:00Z");
  const april = [
    ["6.0", 6_000],
    // 5 and 15 of 30 days of 1.
    ["6.0", 5_500],
  ];
  assert.deepEqual(shown((await usage()).charges_usage), april);
  assert.deepEqual(shown(await bill("2024-05-01T00:10:00Z")), april);
});

test("2.6: a weighted sum carries its level, per filter and group, also over missed periods", async () => {
  const charge = {
    ...{ metric: "level", charge_model: "standard" },
    properties: { amount: "1", pricing_group_keys: ["host"] },
    filters: [{ properties: { amount: "2" }, values: { zone: ["a"] } }],
  };
  const metric = { ...LEVEL, filters: [{ key: "zone", values: ["a", "b"] }] };
  const { client, send, bill, usage } = await story([metric], [charge]);
  await send("level", { value: 31, host: "h1" }, "2024-03-11T00:00:00Z");
  await send("level", { value: 62, zone: "a" }, "2024-03-11T00:00:00Z");
  const shown = (fees: { units: string; total_aggregated_units: string }[]) =>
    fees.map((fee) => [fee.units, fee.total_aggregated_units]);
  assert.deepEqual(shown(await bill("2024-04-01T00:10:00Z")), [
    ["42.0", "62.0"],
    ["21.0", "31.0"],
  ]);
  await send("level", { value: -1, host: "h1" }, "2024-04-16T00:00:00Z");
  await send("level", { value: 3, host: "h2" }, "2024-05-01T00:00:00Z");
  // April and May at once.
  const may = await bill("2024-06-01T00:10:00Z");
  assert.deepEqual(shown(may), [
    ["62.0", "62.0"],
    ["30.0", "30.0"],
    ["3.0", "3.0"],
  ]);
  const { invoices } = await client.must("GET", "/invoices?external_customer_id=c1");
  assert.equal(invoices.length, 3);
  const { invoice } = await client.must("GET", `/invoices/${invoices[1].lago_id}`);
  const april = invoice.fees.filter(({ item }: { item: { type: string } }) => item.type === "charge");
  assert.deepEqual(shown(april), [
    ["62.0", "62.0"],
    ["30.5", "30.0"],
  ]);
  const [june] = (await usage()).charges_usage;
  assert.deepEqual([june.units, june.total_aggregated_units], ["95.0", "95.0"]);
  const whole = (await usage("&skip_grouping=true")).charges_usage[0];
  assert.deepEqual(shown(whole.filters), [
    ["62.0", "62.0"],
    ["33.0", "33.0"],
  ]);
  const ofHost = (await usage("&group[host]=h1")).charges_usage[0];
  assert.equal(ofHost.units, "30.0");
  const ofZone = (await usage("&group[zone]=a")).charges_usage[0];
  assert.equal(ofZone.units, "62.0", "the level of events that no stored level tells apart");
});

test("8.4: what is missing to a charge's minimum is a fee of its own, and hangs on one that is kept for it", async () => {
  const filtered = {
    ...{ metric: "seats", charge_model: "standard", min_amount_cents: 3_100 },
    properties: { amount: "0" },
    filters: [{ properties: { amount: "20" }, values: { region: ["europe"] } }],
  };
  const metric = { ...SEATS, recurring: false, filters: [{ key: "region", values: ["europe"] }] };
  const { client, send, usage, bill } = await story([metric], [filtered]);
  await send("seats", { value: 1, region: "europe" });
  assert.equal((await usage()).amount_cents, 2_000, "current usage knows no minimum");
  const fees = await bill("2024-04-01T00:10:00Z");
  // From the 5th: 27 of 31 days of 31.00.
  assert.deepEqual(
    fees.map((fee) => [fee.amount_cents, fee.units, fee.events_count]),
    [
      [2_000, "1.0", 1],
      [0, "0.0", 0],
      [700, "1.0", 0],
    ],
  );
  const [, parent, missing] = fees;
  assert.equal(missing.lago_true_up_parent_fee_id, parent.lago_id);
  assert.equal(parent.lago_true_up_fee_id, missing.lago_id);
  assert.equal(missing.lago_charge_filter_id, null);
  assert.equal(missing.precise_unit_amount, "7.0");
  const { fee } = await client.must("GET", `/fees/${missing.lago_id}`);
  assert.equal(fee.lago_true_up_parent_fee_id, parent.lago_id);
});

test("a reused external id begins a history of its own where the customer changes", async () => {
  const { client, send, usage } = await story([SEATS], [at10]);
  await send("seats", { value: 5 });
  await client.must("DELETE", "/subscriptions/s1");
  await client.must("POST", "/customers", { customer: { external_id: "c2", currency: "EUR" } });
  await client.at("2024-03-12T00:00:00Z");
  const subscription = { external_customer_id: "c2", external_id: "s1", plan_code: "p" };
  await client.must("POST", "/subscriptions", { subscription });
  const path = "/customers/c2/current_usage?external_subscription_id=s1";
  assert.equal((await client.must("GET", path)).customer_usage.charges_usage[0].units, "0.0");
  await send("seats", { value: 2 }, "2024-03-13T00:00:00Z");
  assert.equal((await client.must("GET", path)).customer_usage.charges_usage[0].units, "2.0");

  await client.must("DELETE", "/subscriptions/s1");
  await client.must("POST", "/subscriptions", { subscription });
  assert.equal(
    (await client.must("GET", path)).customer_usage.charges_usage[0].units,
    "2.0",
    "the same customer's level goes on",
  );
  await assert.rejects(usage());
});

test("G7: what an event charged in advance stays charged, current usage shows what is there", async () => {
  const charge = { metric: "seats", charge_model: "standard", pay_in_advance: true, properties: { amount: "1" } };
  const { client, send, usage, bill } = await story([{ ...SEATS, recurring: false }], [charge]);
  for (const [value, units, cents, shown, charged] of [
    [10, "10.0", 1_000, "10.0", 1_000],
    [-4, "0.0", 0, "6.0", 1_000],
    [3, "3.0", 0, "9.0", 1_000],
    [6, "5.0", 500, "15.0", 1_500],
  ] as const) {
    await send("seats", { value });
    await client.run();
    const { fees } = await client.must("GET", "/fees?external_subscription_id=s1&fee_type=charge");
    assert.deepEqual([fees.at(-1).units, fees.at(-1).amount_cents], [units, cents], `${value}`);
    const [current] = (await usage()).charges_usage;
    assert.deepEqual([current.units, current.amount_cents], [shown, charged], `after ${value}`);
  }
  assert.deepEqual(await bill("2024-04-01T00:10:00Z"), []);
  const [current] = (await usage()).charges_usage;
  assert.deepEqual([current.units, current.amount_cents], ["0.0", 0]);
});

test("7.6: seats in advance are renewed whole with the period to come, on the invoice or beside it", async () => {
  const seats = { ...SEATS, aggregation_type: "unique_count_agg" };
  const charge = {
    ...{ metric: "seats", charge_model: "standard", pay_in_advance: true, prorated: true },
    properties: { amount: "30" },
  };
  const alone = { ...charge, code: "alone", invoiceable: false };
  const { client, send, bill } = await story([seats], [charge, alone]);
  await send("seats", { value: "u1" });
  await send("seats", { value: "u2" });
  const fees = await bill("2024-04-01T00:10:00Z");
  const shown = (some: typeof fees) =>
    some.map((fee) => [fee.units, fee.amount_cents, fee.pay_in_advance, fee.invoiceable, fee.from_date, fee.to_date]);
  const april = ["2024-04-01T00:00:00Z", "2024-04-30T23:59:59Z"];
  assert.deepEqual(shown(fees), [["2.0", 6_000, false, true, ...april]]);
  const { fees: all } = await client.must(
    "GET",
    "/fees?external_subscription_id=s1&created_at_from=2024-04-01T00:00:00Z",
  );
  const beside = all.filter((fee: { lago_invoice_id: string | null }) => fee.lago_invoice_id === null);
  assert.deepEqual(shown(beside), [["2.0", 6_000, true, false, ...april]]);
});
