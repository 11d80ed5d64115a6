import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPool } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

interface Setting {
  readonly start?: string;
  readonly customer?: Record<string, unknown>;
  readonly plan?: Record<string, unknown>;
  readonly subscription?: Record<string, unknown>;
}

/** A sandbox with a customer on a monthly plan of 30.00 and a charge of 0.10 a call. */
async function sandboxWith({ start = "2024-01-17T10:00:00Z", customer, plan, subscription }: Setting): Promise<Client> {
  const client = await server.organization();
  await client.at(start);
  const metric = { code: "calls", name: "Calls", aggregation_type: "count_agg", description: "API calls" };
  const { billable_metric } = await client.must("POST", "/billable_metrics", { billable_metric: metric });
  const charge = {
    billable_metric_id: billable_metric.lago_id,
    charge_model: "standard",
    properties: { amount: "0.1" },
  };
  await client.must("POST", "/plans", {
    plan: {
      code: "p",
      name: "Plan",
      interval: "monthly",
      amount_cents: 3000,
      amount_currency: "EUR",
      pay_in_advance: false,
      charges: [charge],
      ...plan,
    },
  });
  await client.must("POST", "/customers", {
    customer: { external_id: "c1", name: "Jane", currency: "EUR", ...customer },
  });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p", ...subscription },
  });
  await client.run();
  return client;
}

const call = (client: Client, count: number, timestamp: string) =>
  client.must("POST", "/events/batch", {
    events: Array.from({ length: count }, (_, index) => ({
      transaction_id: `${timestamp}/${index}`,
      external_subscription_id: "s1",
      code: "calls",
      timestamp: Temporal.Instant.from(timestamp).epochMilliseconds / 1000,
    })),
  });

async function invoicesOf(client: Client, query = "") {
  const { invoices } = await client.must("GET", `/invoices?external_customer_id=c1${query}`);
  return Promise.all(
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
    invoices.map(async (each: any) => (await client.must("GET", `/invoices/${each.lago_id}`)).invoice),
  );
}

test("a month in arrears becomes one final invoice with its fee and its usage", async () => {
  const client = await sandboxWith({});
  await call(client, 7, "2024-01-20T08:00:00Z");
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  await client.run("billing");
  const [invoice, ...more] = await invoicesOf(client);
  assert.deepEqual(more, []);
  assert.equal(invoice.status, "finalized");
  assert.match(invoice.number, /-001-001$/);
  assert.deepEqual(
    [
      invoice.sequential_id,
      invoice.issuing_date,
      invoice.payment_status,
      invoice.total_amount_cents,
      invoice.total_due_amount_cents,
    ],
    [1, "2024-02-01", "pending", 1522, 1522],
  );
  const [subscription, charge] = invoice.fees;
  assert.deepEqual(
    [
      subscription.item.type,
      subscription.amount_cents,
      subscription.precise_amount,
      subscription.from_date,
      subscription.to_date,
    ],
    ["subscription", 1452, "14.51612903225806452", "2024-01-17T00:00:00Z", "2024-01-31T23:59:59Z"],
  );
  assert.deepEqual(subscription.amount_details, { plan_amount_cents: 3000 });
  assert.deepEqual(
    [
      charge.item.code,
      charge.item.description,
      charge.units,
      charge.events_count,
      charge.amount_cents,
      charge.from_date,
    ],
    ["calls", "API calls", "7.0", 7, 70, "2024-01-17T10:00:00Z"],
  );
  assert.deepEqual(invoice.billing_periods, [
    {
      lago_subscription_id: invoice.subscriptions[0].lago_id,
      external_subscription_id: "s1",
      lago_plan_id: invoice.billing_periods[0].lago_plan_id,
      subscription_from_datetime: "2024-01-17T00:00:00Z",
      subscription_to_datetime: "2024-01-31T23:59:59Z",
      charges_from_datetime: "2024-01-17T10:00:00Z",
      charges_to_datetime: "2024-01-31T23:59:59Z",
      fixed_charges_from_datetime: "2024-01-17T10:00:00Z",
      fixed_charges_to_datetime: "2024-01-31T23:59:59Z",
      invoicing_reason: "subscription_periodic",
    },
  ]);
});

test("a plan in advance is billed at its start, then for the new month together with the old month's usage", async () => {
  const client = await sandboxWith({ plan: { pay_in_advance: true } });
  const [starting] = await invoicesOf(client);
  assert.deepEqual([starting.total_amount_cents, starting.issuing_date], [1452, "2024-01-17"]);
  assert.equal(starting.billing_periods[0].invoicing_reason, "subscription_starting");
  assert.equal(starting.billing_periods[0].charges_to_datetime, "2024-01-17T10:00:00Z");
  assert.equal(starting.fees[0].pay_in_advance, true);
  await call(client, 3, "2024-01-31T23:00:00Z");
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  const [second] = await invoicesOf(client);
  assert.deepEqual(
    second.fees.map((fee: { amount_cents: number; to_date: string }) => [fee.amount_cents, fee.to_date]),
    [
      [3000, "2024-02-29T23:59:59Z"],
      [30, "2024-01-31T23:59:59Z"],
    ],
  );
});

test("missed months are made good one by one, the oldest first, and usage stays with its month", async () => {
  const client = await sandboxWith({ start: "2024-01-01T00:00:00Z" });
  await call(client, 1, "2024-01-05T00:00:00Z");
  await client.at("2024-04-20T09:00:00Z");
  await call(client, 2, "2024-02-05T00:00:00Z");
  await client.run("billing");
  const invoices = (await invoicesOf(client)).reverse();
  assert.deepEqual(
    invoices.map(({ issuing_date, total_amount_cents, billing_periods: [period], number }) => [
      issuing_date,
      total_amount_cents,
      period.charges_from_datetime,
      number.slice(-3),
    ]),
    [
      ["2024-04-20", 3010, "2024-01-01T00:00:00Z", "001"],
      ["2024-04-20", 3020, "2024-02-01T00:00:00Z", "002"],
      ["2024-04-20", 3000, "2024-03-01T00:00:00Z", "003"],
    ],
  );
});

test("a termination bills missed months first, then the days and the usage until the end", async () => {
  const client = await sandboxWith({ start: "2024-01-01T00:00:00Z" });
  await client.at("2024-02-12T15:30:00Z");
  await call(client, 4, "2024-02-12T15:30:00Z");
  await client.must("DELETE", "/subscriptions/s1");
  await client.run();
  const [last, missed, ...more] = await invoicesOf(client);
  assert.deepEqual(more, []);
  assert.deepEqual(
    [missed.total_amount_cents, missed.billing_periods[0].invoicing_reason],
    [3000, "subscription_periodic"],
  );
  assert.deepEqual(
    [last.total_amount_cents, last.billing_periods[0].invoicing_reason],
    [1241 + 40, "subscription_terminating"],
  );
  assert.equal(last.billing_periods[0].subscription_to_datetime, "2024-02-12T15:30:00Z");
  await client.at("2024-03-01T00:10:00Z");
  await client.run("billing");
  assert.equal((await invoicesOf(client)).length, 2);
});

test("the first and the last invoice are made once, however often their jobs run", async () => {
  const client = await sandboxWith({
    plan: { pay_in_advance: true },
    subscription: { on_termination_credit_note: "skip" },
  });
  const { subscription } = await client.must("GET", "/subscriptions/s1");
  const pool = openPool({ url: server.databaseUrl, poolSize: 2 });
  const again = (task: string, payload: object) =>
    Promise.all(
      [1, 2, 3].map(() =>
        pool.query("select graphile_worker.add_job($1, $2::json)", [
          task,
          JSON.stringify({ organization_id: client.organizationId, subject_id: subscription.lago_id, payload }),
        ]),
      ),
    );
  const untilDone = async () => {
    for (;;) {
      const { rows } = await pool.query("select from graphile_worker._private_jobs");
      if (rows.length === 0) return;
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  await again("invoicing.bill_start", { bill_start: true });
  await untilDone();
  assert.equal((await invoicesOf(client)).length, 1);
  await client.at("2024-01-20T10:00:00Z");
  await client.must("DELETE", "/subscriptions/s1?on_termination_credit_note=skip");
  await again("invoicing.bill_end", { generate_invoice: true });
  await again("invoicing.bill_end", { generate_invoice: false });
  await untilDone();
  const invoices = await invoicesOf(client);
  assert.deepEqual(
    invoices.map(({ number, total_amount_cents, billing_periods: [period] }) => [
      number.slice(-3),
      total_amount_cents,
      period.invoicing_reason,
    ]),
    [
      ["002", 0, "subscription_terminating"],
      ["001", 1452, "subscription_starting"],
    ],
  );
  await pool.end();
});

test("a yearly plan whose usage is billed monthly bills its fee with the year", async () => {
  const client = await sandboxWith({
    start: "2024-02-10T00:00:00Z",
    plan: { interval: "yearly", amount_cents: 36600, bill_charges_monthly: true },
  });
  await call(client, 2, "2024-02-20T00:00:00Z");
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2025-01-02T00:00:00Z" } });
  const invoices = (await invoicesOf(client)).reverse();
  assert.equal(invoices.length, 11);
  const [march] = invoices;
  const january = invoices.at(-1);
  assert.deepEqual(
    march.fees.map((fee: { item: { type: string }; amount_cents: number }) => [fee.item.type, fee.amount_cents]),
    [["charge", 20]],
  );
  assert.equal(march.billing_periods[0].charges_to_datetime, "2024-02-29T23:59:59Z");
  assert.deepEqual(
    january.fees.map((fee: { item: { type: string }; amount_cents: number }) => [fee.item.type, fee.amount_cents]),
    [["subscription", 32600]],
  );
});

test("advance bills every period of a year at its due moment, ten minutes after local midnight", async () => {
  const client = await sandboxWith({ start: "2024-01-01T00:00:00Z", customer: { timezone: "Asia/Kolkata" } });
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2025-01-15T00:00:00Z" } });
  const invoices = await invoicesOf(client);
  assert.equal(invoices.length, 12);
  assert.deepEqual([invoices[11].created_at, invoices[11].issuing_date], ["2024-01-31T18:40:00Z", "2024-02-01"]);
  assert.equal(invoices[0].issuing_date, "2025-01-01");
});

test("advance makes good what was overdue at the next hourly run", async () => {
  const client = await sandboxWith({ start: "2024-01-01T00:00:00Z" });
  await client.at("2024-02-10T09:30:00Z");
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-02-11T00:00:00Z" } });
  const [invoice] = await invoicesOf(client);
  assert.equal(invoice.created_at, "2024-02-10T10:10:00Z");
});

test("an invoice of nothing is closed and unseen where it is not wanted, and takes no number", async () => {
  const client = await sandboxWith({
    start: "2024-01-01T00:00:00Z",
    plan: { amount_cents: 0 },
    customer: { finalize_zero_amount_invoice: "skip" },
  });
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  assert.deepEqual(await invoicesOf(client), []);
  await call(client, 1, "2024-02-03T00:00:00Z");
  await client.at("2024-03-01T00:10:00Z");
  await client.run("billing");
  const [invoice] = await invoicesOf(client);
  assert.deepEqual([invoice.total_amount_cents, invoice.sequential_id], [10, 1]);
});

test("subscriptions of one customer share an invoice, unless they say otherwise", async () => {
  const client = await sandboxWith({ start: "2024-01-01T00:00:00Z" });
  for (const [external_id, more] of [
    ["s2", {}],
    ["s3", { consolidate_invoice: false }],
    ["s4", { purchase_order_number: "PO-9" }],
  ] as const)
    await client.must("POST", "/subscriptions", {
      subscription: { external_customer_id: "c1", external_id, plan_code: "p", ...more },
    });
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  const invoices = (await invoicesOf(client)).reverse();
  assert.deepEqual(
    invoices.map(({ billing_periods, purchase_order_number }) => [
      billing_periods.map((period: { external_subscription_id: string }) => period.external_subscription_id),
      purchase_order_number,
    ]),
    [
      [["s1", "s2"], null],
      [["s3"], null],
      [["s4"], "PO-9"],
    ],
  );
  const found = await client.must("GET", "/invoices?purchase_order_number=po-9");
  assert.equal(found.meta.total_count, 1);
});
