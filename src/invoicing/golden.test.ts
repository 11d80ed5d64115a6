/** Golden scenarios and worked examples of the metering spec that are stories: from the event to the invoice. */
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

const CALLS = { code: "calls", name: "1 calls", aggregation_type: "count_agg" };
const SEATS = { code: "seats", name: "2 seats", aggregation_type: "sum_agg", recurring: true };
const LEVEL = {
  ...{ code: "level", name: "3 level", aggregation_type: "weighted_sum_agg", weighted_interval: "seconds" },
  recurring: true,
};
const at1 = (metric: string, more: object = {}) => ({
  ...{ metric, charge_model: "standard", properties: { amount: "1" } },
  ...more,
});

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
type Answers = readonly any[];
const shown = (entries: Answers, ...keys: string[]) => entries.map((entry) => keys.map((key) => entry[key]));
/** Code, units and cents of each fee, in the order of their codes. */
const billed = (fees: Answers) =>
  fees.map((fee) => `${fee.item.code} ${fee.units} ${fee.amount_cents}`).sort((a, b) => (a < b ? -1 : 1));

test("G1: the first window begins with the start and ends with the local month; a minimum is of its 21 days of 30", async () => {
  const { send, usage, bill } = await story([CALLS, SEATS], [at1("calls", { min_amount_cents: 3000 }), at1("seats")], {
    customer: { timezone: "America/New_York" },
    start: "2024-04-10T15:00:00Z",
  });
  for (const at of [
    "2024-04-10T14:59:59.999Z",
    "2024-04-10T15:00:00.000Z",
    "2024-05-01T03:59:59.500Z",
    "2024-05-01T04:00:00.000Z",
  ]) {
    await send("calls", {}, at);
    await send("seats", { value: 1 }, at);
  }
  const april = await usage();
  assert.deepEqual([april.from_datetime, april.to_datetime], ["2024-04-10T15:00:00Z", "2024-05-01T03:59:59Z"]);
  assert.deepEqual(shown(april.charges_usage, "units"), [["2.0"], ["3.0"]]);
  // 2100 less two calls.
  assert.deepEqual(billed(await bill("2024-05-01T04:10:00Z")), ["calls 1.0 1900", "calls 2.0 200", "seats 3.0 300"]);
  const may = await usage();
  assert.deepEqual(shown(may.charges_usage, "units"), [["1.0"], ["4.0"]]);
});

test("4.7: what is prorated, by charge and metric: on the way in, carried over, and at the end", async () => {
  const inAdvance = { pay_in_advance: true, invoiceable: true };
  const { client, send, bill } = await story(
    [CALLS, SEATS, LEVEL],
    [
      at1("calls"),
      at1("seats", { code: "arrears" }),
      at1("seats", { code: "arrears prorated", prorated: true }),
      at1("seats", { code: "advance", ...inAdvance }),
      at1("seats", { code: "advance prorated", prorated: true, ...inAdvance }),
      at1("level"),
    ],
  );
  await send("calls");
  await send("seats", { value: 31 });
  await send("level", { value: 31 });
  await client.run();
  const { fees: atTheEvent } = await client.must("GET", "/fees?fee_type=charge");
  // From the 10th on: 22 of 31 days.
  assert.deepEqual(billed(atTheEvent), ["seats 31.0 2200", "seats 31.0 3100"]);
  const april = await bill("2024-04-01T00:10:00Z");
  assert.deepEqual(shown(april, "units", "amount_cents", "from_date"), [
    ["1.0", 100, "2024-03-05T10:00:00Z"],
    ["31.0", 3_100, "2024-03-05T10:00:00Z"],
    ["31.0", 2_200, "2024-03-05T10:00:00Z"],
    ["31.0", 3_100, "2024-04-01T00:00:00Z"],
    ["31.0", 3_100, "2024-04-01T00:00:00Z"],
    ["22.0", 2_200, "2024-03-05T10:00:00Z"],
  ]);
  const may = await bill("2024-05-01T00:10:00Z");
  assert.deepEqual(shown(may, "units", "amount_cents"), Array(5).fill(["31.0", 3_100]), "no call, all else whole");
  await client.at("2024-05-11T00:00:00Z");
  await client.must("DELETE", "/subscriptions/s1");
  await client.run();
  const [ended] = (await client.must("GET", "/invoices")).invoices;
  const { invoice } = await client.must("GET", `/invoices/${ended.lago_id}`);
  const last = invoice.fees.filter(({ item }: { item: { type: string } }) => item.type === "charge");
  // The 11th has begun: 11 of 31 days; the level is counted by the second: 10 days.
  assert.deepEqual(shown(last, "units", "amount_cents"), [
    ["31.0", 3_100],
    ["31.0", 1_100],
    ["10.0", 1_000],
  ]);
});

test("G9: an upgrade carries a level that is not stored yet: all that was sent up to a second before", async () => {
  const { client, send, usage } = await story([LEVEL], [at1("level")]);
  const { lago_id } = (await client.must("GET", "/billable_metrics/level")).billable_metric;
  await client.must("POST", "/plans", {
    plan: {
      ...{ code: "up", name: "Up", interval: "monthly", amount_cents: 100, amount_currency: "EUR" },
      ...{ pay_in_advance: false },
      charges: [{ billable_metric_id: lago_id, charge_model: "standard", properties: { amount: "1" } }],
    },
  });
  await send("level", { value: 31 }, "2024-03-06T00:00:00Z");
  await send("level", { value: 62 }, "2024-03-15T23:59:59Z");
  await client.at("2024-03-16T00:00:00Z");
  const subscription = { external_customer_id: "c1", external_id: "s1", plan_code: "up" };
  await client.must("POST", "/subscriptions", { subscription });
  await client.run();
  const { fees } = await client.must("GET", "/fees?fee_type=charge");
  assert.deepEqual(fees, [], "8.1: it is the new plan's to bill");
  await send("level", { value: -31 }, "2024-03-24T00:00:00Z");
  const [level] = (await usage()).charges_usage;
  // 93 for 8 days and 62 for 8 days of 31.
  assert.deepEqual([level.units, level.total_aggregated_units], ["40.0", "62.0"]);
});

test("G17: an event of a month that is billed already raises what recurs, and nothing else", async () => {
  const charges = [at1("calls"), at1("seats"), at1("seats", { code: "prorated", prorated: true })];
  const { client, send, bill } = await story([CALLS, SEATS], charges, { start: "2024-01-01T00:00:00Z" });
  await send("calls", {}, "2024-01-10T00:00:00Z");
  await send("seats", { value: 10 }, "2024-01-01T12:00:00Z");
  const january = await bill("2024-02-01T00:10:00Z");
  assert.deepEqual(billed(january), ["calls 1.0 100", "seats 10.0 1000", "seats 10.0 1000"]);
  await client.at("2024-02-10T00:00:00Z");
  await send("calls", {}, "2024-01-31T12:00:00Z");
  await send("seats", { value: 19 }, "2024-01-31T12:00:00Z");
  const { fee } = await client.must("GET", `/fees/${january[1].lago_id}`);
  assert.equal(fee.amount_cents, 1_000, "January stays as it was");
  await client.at("2024-02-15T12:00:00Z");
  await client.must("DELETE", "/subscriptions/s1");
  await client.run();
  const { fees } = await client.must("GET", "/fees?fee_type=charge&created_at_from=2024-02-10T00:00:00Z");
  // In full, and for 15 of 29 days.
  assert.deepEqual(billed(fees), ["seats 29.0 1500", "seats 29.0 2900"]);
});

test("G13: a commitment is of the days that were billed, and then of whole months", async () => {
  const minimum_commitment = { amount_cents: 100_000 };
  const units = { ...CALLS, code: "units", aggregation_type: "sum_agg" };
  const { send, bill, client } = await story([units], [at1("units")], {
    plan: { amount_cents: 30_000, minimum_commitment },
    start: "2024-06-16T00:00:00Z",
  });
  const all = async () => {
    const { invoices } = await client.must("GET", "/invoices");
    const { invoice } = await client.must("GET", `/invoices/${invoices[0].lago_id}`);
    return invoice.fees.map((fee: { item: { type: string }; amount_cents: number }) => [
      fee.item.type,
      fee.amount_cents,
    ]);
  };
  await send("units", { value: 100 }, "2024-06-20T00:00:00Z");
  await bill("2024-07-01T00:10:00Z");
  assert.deepEqual(await all(), [
    ["subscription", 15_000],
    ["charge", 10_000],
    ["commitment", 25_000],
  ]);
  await send("units", { value: 450 }, "2024-07-20T00:00:00Z");
  await bill("2024-08-01T00:10:00Z");
  assert.deepEqual(await all(), [
    ["subscription", 30_000],
    ["charge", 45_000],
    ["commitment", 25_000],
  ]);
});

test("A9 of the subscriptions spec: a minimum at the end of a plan in advance is of the 25 days of 28", async () => {
  const { client, send } = await story(
    [{ ...CALLS, code: "units", aggregation_type: "sum_agg" }],
    [{ ...at1("units", { min_amount_cents: 1000 }), properties: { amount: "8" } }],
    { plan: { amount_cents: 5000, pay_in_advance: true }, start: "2023-01-08T00:00:00Z" },
  );
  await client.run();
  const [first] = (await client.must("GET", "/invoices")).invoices;
  assert.equal(first.fees_amount_cents, 3_871, "24 of 31 days");
  await client.at("2023-02-01T00:10:00Z");
  await client.run("billing");
  await send("units", { value: 1 }, "2023-02-10T00:00:00Z");
  await client.at("2023-02-25T12:00:00Z");
  await client.must("DELETE", "/subscriptions/s1?on_termination_credit_note=skip");
  await client.run();
  const { fees } = await client.must("GET", "/fees?fee_type=charge&created_at_from=2023-02-25T00:00:00Z");
  assert.deepEqual(billed(fees), ["units 1.0 800", "units 1.0 93"]);
});
