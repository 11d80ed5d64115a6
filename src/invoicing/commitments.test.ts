/** Minimum commitments over the API: 4.8 of the subscriptions spec, 10.4 of the metering spec, and their fees explained. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
type Json = any;

const TERMS = { interval: "monthly", amount_currency: "EUR", pay_in_advance: false };

/** s1 on a plan with a commitment and a metric `units` at 1.00 each. */
async function commit(start: string, plan: object): Promise<Client> {
  const client = await server.organization();
  await client.at(start);
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "units", name: "Units", aggregation_type: "sum_agg", field_name: "value" },
  });
  const price = { charge_model: "standard", properties: { amount: "1" } };
  const charges = [{ billable_metric_id: billable_metric.lago_id, ...price }];
  await client.must("POST", "/plans", { plan: { code: "p", name: "Pro", ...TERMS, charges, ...plan } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p" },
  });
  await client.run();
  return client;
}

let sent = 0;
const send = (client: Client, value: number, timestamp: string) =>
  client.must("POST", "/events", {
    event: {
      ...{ transaction_id: `t${++sent}`, external_subscription_id: "s1", code: "units", properties: { value } },
      timestamp: Temporal.Instant.from(timestamp).epochMilliseconds / 1000,
    },
  });

async function bill(client: Client, ...days: readonly string[]): Promise<void> {
  for (const day of days) {
    await client.at(`${day}T00:10:00Z`);
    await client.run("billing");
  }
}

async function terminate(client: Client, at: string): Promise<void> {
  await client.at(at);
  await client.must("DELETE", "/subscriptions/s1?on_termination_credit_note=skip");
  await client.run();
}

/** By their windows. */
async function missingFees(client: Client): Promise<Json[]> {
  const { fees } = await client.must("GET", "/fees?external_subscription_id=s1&fee_type=commitment");
  return fees.sort((a: Json, b: Json) => (a.from_date < b.from_date ? -1 : 1));
}

const cents = (fees: readonly Json[]) => fees.map(({ amount_cents }) => amount_cents);

/** The parts add up to the sum, and that becomes the fee. */
async function explain(client: Client, fee: Json, query = ""): Promise<Json> {
  const { explanation } = await client.must("GET", `/fees/${fee.lago_id}/explanation${query}`);
  assert.equal(explanation.reproduced, true, JSON.stringify(explanation));
  assert.equal(explanation.amount_cents, fee.amount_cents);
  const sum = explanation.parts.reduce((total: number, { amount }: Json) => total + Number(amount), 0);
  const [first] = explanation.amounts;
  assert.ok(Math.abs(sum - Number(first.amount)) < 1e-9, JSON.stringify(explanation));
  assert.equal(Number(explanation.amounts.at(-1).amount).toFixed(2), (fee.amount_cents / 100).toFixed(2));
  const { total_amount_cents } = explanation.counted_fees;
  const counted = explanation.parts.slice(1).reduce((total: number, { amount }: Json) => total - Number(amount), 0);
  assert.equal(counted.toFixed(2), (total_amount_cents / 100).toFixed(2));
  return explanation;
}

const COMMITTED = { amount_cents: 30_000, minimum_commitment: { amount_cents: 100_000 } };

test("G13 explained: what is committed, by days, less the fees that count, whatever is committed since", async () => {
  const client = await commit("2024-06-16T00:00:00Z", COMMITTED);
  await send(client, 100, "2024-06-20T00:00:00Z");
  await bill(client, "2024-07-01");
  await client.must("PUT", "/plans/p", { plan: { minimum_commitment: { amount_cents: 5 } } });
  await send(client, 7, "2024-07-02T00:00:00Z");
  await bill(client, "2024-08-01");
  const [fee, ...others] = await missingFees(client);
  assert.deepEqual([fee.amount_cents, others], [25_000, []]);
  const told = await explain(client, fee);
  assert.deepEqual(told.text, [
    "Minimum commitment - True up of s1: 250.00 EUR",
    "From 2024-06-16T00:00:00Z to 2024-06-30T23:59:59Z",
    "Committed for 15 of 30 days of 1000.00 EUR = 500.00 EUR",
    "1 fee of the plan billed for the period: −150.00 EUR",
    "1 fee of usage billed for the period: −100.00 EUR",
    "Together 250.00 EUR",
    "250.00 EUR (nothing to round)",
  ]);
  assert.deepEqual(
    told.parts.map(({ kind, quantity, amount }: Json) => [kind, quantity, amount]),
    [
      ["minimum_commitment", "15.0", "500.0"],
      ["counted_fees", "1.0", "-150.0"],
      ["counted_fees", "1.0", "-100.0"],
    ],
  );
  const { page, meta, ...sums } = (await explain(client, fee, "?per_page=1&page=2")).counted_fees;
  assert.deepEqual(sums, { total_count: 2, total_amount_cents: 25_000 });
  assert.deepEqual([page.length, page[0].fee_type, page[0].amount_cents, meta.total_pages], [1, "charge", 10_000, 2]);
  assert.equal(page[0].lago_invoice_id, fee.lago_invoice_id);
  const [plan] = (await client.must("GET", "/fees?fee_type=subscription")).fees;
  const { explanation } = await client.must("GET", `/fees/${plan.lago_id}/explanation`);
  assert.equal(explanation.counted_fees, null);
});

test("4.8: of a year whose usage is billed by the month, every month's usage counts once a year", async () => {
  const yearly = { ...COMMITTED, interval: "yearly", bill_charges_monthly: true };
  const client = await commit("2023-11-01T00:00:00Z", yearly);
  await send(client, 10, "2023-11-05T00:00:00Z");
  await bill(client, "2023-12-01");
  await send(client, 20, "2023-12-05T00:00:00Z");
  assert.deepEqual(await missingFees(client), []);
  await bill(client, "2024-01-01");
  const [fee] = await missingFees(client);
  // 61 of 365 days: 16712.33 committed, 5013.70 of the plan, 3000 of usage.
  assert.equal(fee.amount_cents, 16_712 - 5_014 - 3_000);
  const told = await explain(client, fee);
  assert.deepEqual(told.text.slice(2, 5), [
    told.parts[0].text,
    "1 fee of the plan billed for the period: −50.14 EUR",
    "2 fees of usage billed for the period: −30.00 EUR",
  ]);
  assert.match(told.parts[0].text, /^Committed for 61 of 365 days of 1000\.00 EUR = 167\.1232876/);
  assert.match(told.text.at(-1), /^86\.98 EUR \(rounding -0\.003287/);
});

test("4.8: an end in arrears is held to its days", async () => {
  const client = await commit("2024-06-01T00:00:00Z", COMMITTED);
  await send(client, 3, "2024-06-02T00:00:00Z");
  await terminate(client, "2024-06-10T12:00:00Z");
  const [fee] = await missingFees(client);
  // 10 of 30 days: 33333.33 committed, 10000 of the plan, 300 of usage.
  assert.equal(fee.amount_cents, 33_333 - 10_000 - 300);
  const told = await explain(client, fee);
  assert.match(told.parts[0].text, /^Committed for 10 of 30 days of 1000\.00 EUR = 333\.333/);
});

test("4.8: in advance the month before is closed by the next invoice, and an end closes what is left", async () => {
  const client = await commit("2024-06-01T00:00:00Z", { ...COMMITTED, amount_cents: 10_000, pay_in_advance: true });
  await send(client, 50, "2024-06-20T00:00:00Z");
  assert.deepEqual(await missingFees(client), [], "none on the first invoice");
  await bill(client, "2024-07-01");
  await send(client, 20, "2024-07-02T00:00:00Z");
  await terminate(client, "2024-07-15T12:00:00Z");
  const fees = await missingFees(client);
  // June: 10000 of the plan, 5000 of usage. July: 15 of 31 days, 48387.10, less the whole month paid and 2000 of usage.
  assert.deepEqual(cents(fees), [85_000, 48_387 - 10_000 - 2_000]);
  const [june, july] = [await explain(client, fees[0]), await explain(client, fees[1])];
  assert.deepEqual([june.from_datetime, june.to_datetime], ["2024-06-01T00:00:00Z", "2024-06-30T23:59:59Z"]);
  assert.equal(june.parts[0].text, "Committed for 30 days of 1000.00 EUR = 1000.00 EUR");
  assert.match(july.parts[0].text, /^Committed for 15 of 31 days/);
  assert.equal(july.parts[1].amount, "-100.0", "what was paid in advance counts whole");
});

test("4.8: a trial lowers what counts, not what is committed", async () => {
  const client = await commit("2024-06-01T00:00:00Z", { ...COMMITTED, trial_period: 10 });
  await send(client, 40, "2024-06-03T00:00:00Z");
  await bill(client, "2024-07-01");
  const [fee] = await missingFees(client);
  // 20 of 30 days of the plan, and the usage of the trial too.
  assert.equal(fee.amount_cents, 100_000 - 20_000 - 4_000);
  const told = await explain(client, fee);
  assert.equal(told.parts[0].text, "Committed for 30 days of 1000.00 EUR = 1000.00 EUR");
});

/** s1 moves to the plan q: dearer or cheaper. */
async function changeTo(client: Client, at: string, plan: object): Promise<void> {
  await client.at(at);
  const { plan: p } = await client.must("GET", "/plans/p");
  const charges = p.charges.map(({ lago_billable_metric_id, charge_model, properties }: Json) => ({
    ...{ billable_metric_id: lago_billable_metric_id, charge_model, properties },
  }));
  await client.must("POST", "/plans", { plan: { code: "q", name: "Max", ...TERMS, charges, ...plan } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "q" },
  });
  await client.run();
}

test("4.8: an upgrade holds the old plan to the days up to its moment and the new one to those from its day on, and both are explained", async () => {
  const client = await commit("2024-06-01T00:00:00Z", COMMITTED);
  await send(client, 30, "2024-06-05T00:00:00Z");
  const dearer = { amount_cents: 60_000, minimum_commitment: { amount_cents: 120_000 } };
  await changeTo(client, "2024-06-11T00:00:00Z", dearer);
  await send(client, 50, "2024-06-20T00:00:00Z");
  await bill(client, "2024-07-01");
  const fees = await missingFees(client);
  // p: committed up to the moment of the upgrade, 11 of 30 days; its fee is that of the 10 days before, with 3000 of usage.
  // q: 20 of 30 days, 80000, 40000 and 5000.
  assert.deepEqual(cents(fees), [36_667 - 10_000 - 3_000, 80_000 - 40_000 - 5_000]);
  const [old, next] = [await explain(client, fees[0]), await explain(client, fees[1])];
  assert.match(old.parts[0].text, /^Committed for 11 of 30 days of 1000\.00 EUR = 366\.666/);
  assert.equal(next.parts[0].text, "Committed for 20 of 30 days of 1200.00 EUR = 800.00 EUR");
  assert.deepEqual([old.counted_fees.total_count, next.counted_fees.total_count], [2, 2]);
});

test("4.8: a downgrade leaves the period to the plan that it began with", async () => {
  const client = await commit("2024-06-01T00:00:00Z", COMMITTED);
  await changeTo(client, "2024-06-11T00:00:00Z", { amount_cents: 5_000, minimum_commitment: { amount_cents: 6_000 } });
  await bill(client, "2024-07-01", "2024-08-01");
  const fees = await missingFees(client);
  assert.deepEqual(cents(fees), [70_000, 1_000]);
  const [old, next] = [await explain(client, fees[0]), await explain(client, fees[1])];
  assert.equal(old.parts[0].text, "Committed for 30 days of 1000.00 EUR = 1000.00 EUR");
  assert.equal(next.parts[0].text, "Committed for 31 days of 60.00 EUR = 60.00 EUR");
});

async function turn(client: Client, way: "pause" | "resume", at: string): Promise<void> {
  await client.at(at);
  await client.must("POST", `/subscriptions/s1/${way}`);
  await client.run();
}

test("a pause lowers the plan's fee, not what is committed", async () => {
  const client = await commit("2024-06-01T00:00:00Z", COMMITTED);
  await turn(client, "pause", "2024-06-10T12:00:00Z");
  await turn(client, "resume", "2024-06-20T12:00:00Z");
  await bill(client, "2024-07-01");
  const [fee, ...others] = await missingFees(client);
  // 21 of 30 days of the plan.
  assert.deepEqual([fee.amount_cents, others], [100_000 - 21_000, []]);
  const told = await explain(client, fee);
  assert.equal(told.parts[0].text, "Committed for 30 days of 1000.00 EUR = 1000.00 EUR");
  assert.equal(told.parts[1].amount, "-210.0");
});

test("in advance, what a resumption pays for counts in its own period", async () => {
  const client = await commit("2024-06-01T00:00:00Z", { ...COMMITTED, pay_in_advance: true });
  await turn(client, "pause", "2024-06-10T12:00:00Z");
  await bill(client, "2024-07-01");
  await turn(client, "resume", "2024-07-12T12:00:00Z");
  await bill(client, "2024-08-01");
  const fees = await missingFees(client);
  // June is paid whole. Of July 20 of 31 days are, on the 12th: 19354.84.
  assert.deepEqual(cents(fees), [70_000, 100_000 - 19_355]);
  const [june, july] = [await explain(client, fees[0]), await explain(client, fees[1])];
  assert.deepEqual([june.parts[1].amount, july.parts[1].amount], ["-300.0", "-193.55"]);
  assert.deepEqual([june.from_datetime, july.from_datetime], ["2024-06-01T00:00:00Z", "2024-07-01T00:00:00Z"]);
});

for (const pay_in_advance of [false, true])
  test(`months that were missed are held to their own each, ${pay_in_advance ? "in advance" : "in arrears"}`, async () => {
    const client = await commit("2024-05-01T00:00:00Z", { ...COMMITTED, pay_in_advance });
    for (const [month, value] of [5, 6, 7].entries()) {
      const day = `2024-0${value}-15T00:00:00Z`;
      await client.at(day);
      await send(client, (month + 1) * 100, day);
    }
    await bill(client, "2024-08-01");
    const fees = await missingFees(client);
    assert.deepEqual(cents(fees), [60_000, 50_000, 40_000]);
    for (const fee of fees) {
      const told = await explain(client, fee);
      assert.deepEqual([told.counted_fees.total_count, told.parts.length], [2, 3]);
    }
  });
