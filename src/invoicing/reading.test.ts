import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPool } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let client: Client;

/** Two customers; c1 with two monthly subscriptions in arrears in EUR, c2 with one in USD; two months billed. */
before(async () => {
  server = await startTestServer();
  client = await server.organization();
  await client.at("2024-01-01T00:00:00Z");
  const metrics: string[] = [];
  for (const code of ["calls", "seats"]) {
    const { billable_metric } = await client.must("POST", "/billable_metrics", {
      billable_metric: { code, name: code.toUpperCase(), aggregation_type: "count_agg" },
    });
    metrics.push(billable_metric.lago_id);
  }
  const charges = metrics.map((billable_metric_id, index) => ({
    billable_metric_id,
    charge_model: "standard",
    invoice_display_name: index === 0 ? "Calls of the API" : null,
    properties: { amount: "0.015" },
  }));
  for (const [code, amount_currency] of [
    ["eur", "EUR"],
    ["usd", "USD"],
  ])
    await client.must("POST", "/plans", {
      plan: {
        code,
        name: code,
        interval: "monthly",
        amount_cents: 1000,
        amount_currency,
        pay_in_advance: false,
        charges,
      },
    });
  await client.must("POST", "/customers", { customer: { external_id: "c1", name: "Acme 100%", email: "a@acme.test" } });
  await client.must("POST", "/customers", { customer: { external_id: "c2", name: "Other", net_payment_term: 30 } });
  for (const [external_customer_id, external_id, plan_code] of [
    ["c1", "s1", "eur"],
    ["c1", "s2", "eur"],
    ["c2", "s3", "usd"],
  ])
    await client.must("POST", "/subscriptions", { subscription: { external_customer_id, external_id, plan_code } });
  const event = { transaction_id: "t1", external_subscription_id: "s1", code: "calls" };
  await client.must("POST", "/events", { event });
  for (const month of ["02", "03"]) {
    await client.at(`2024-${month}-01T00:10:00Z`);
    await client.run("billing");
  }
});
after(() => server.close());

const total = async (path: string) => (await client.must("GET", path)).meta.total_count;

test("invoices stand in order of issuing date, the newest first, with their customer", async () => {
  const { invoices, meta } = await client.must("GET", "/invoices?per_page=3");
  assert.deepEqual(
    invoices.map((invoice: { issuing_date: string }) => invoice.issuing_date),
    ["2024-03-01", "2024-03-01", "2024-02-01"],
  );
  assert.deepEqual(meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 4 });
  assert.equal(invoices[0].customer.external_id, "c2");
  assert.equal("fees" in invoices[0], false);
});

test("each filter of invoices finds what it names", async () => {
  for (const [query, expected] of [
    ["", 4],
    ["external_customer_id=c1", 2],
    ["external_customer_id=nobody", 0],
    ["status[]=finalized&status[]=draft", 4],
    ["statuses[]=voided", 0],
    ["status=closed", 0],
    ["payment_status=pending", 4],
    ["payment_statuses[]=succeeded", 0],
    ["payment_overdue=false", 4],
    ["payment_dispute_lost=true", 0],
    ["self_billed=true", 0],
    ["partially_paid=false", 4],
    ["invoice_type=subscription", 4],
    ["invoice_type=credit", 0],
    ["currency=usd", 2],
    ["issuing_date_from=2024-02-02", 2],
    ["issuing_date_to=2024-02-01", 2],
    ["issuing_date_from=2024-02-01T10:00:00Z", 4],
    ["issuing_date_from=someday", 4],
    ["amount_from=2000", 2],
    ["amount_to=1999", 2],
    ["search_term=acme", 2],
    ["search_term=100%25", 2],
    ["search_term=%25", 2],
    ["search_term=-001-002", 1],
    ["billing_entity_codes[]=nowhere", 0],
    ["settlements[]=payment", 0],
    ["metadata[color]=blue", 0],
    ["metadata[color]=", 4],
  ] as const)
    assert.equal(await total(`/invoices?${query}`), expected, query);
  const { invoices } = await client.must("GET", "/invoices?per_page=1");
  assert.equal(await total(`/invoices?search_term=${invoices[0].lago_id}`), 1);
});

test("a filter that means nothing is refused by its name", async () => {
  for (const [path, field, code] of [
    ["/invoices?status=paid", "status", "value_is_invalid"],
    ["/invoices?payment_status=none", "payment_status", "value_is_invalid"],
    ["/invoices?invoice_type=x", "invoice_type", "value_is_invalid"],
    ["/invoices?self_billed=maybe", "self_billed", "value_is_invalid"],
    ["/invoices?amount_from=much", "amount_from", "value_is_invalid"],
    ["/fees?fee_type=x", "fee_type", "value_is_invalid"],
    ["/fees?payment_status=x", "payment_status", "value_is_invalid"],
    ["/fees?created_at_from=x", "created_at_from", "invalid_date"],
    ["/fees?refunded_at_to=2024-02-30", "refunded_at_to", "invalid_date"],
  ] as const) {
    const { status, body } = await client.call("GET", path);
    assert.deepEqual([status, body.code, body.error_details], [422, "validation_errors", { [field]: [code] }], path);
  }
});

test("each filter of fees finds what it names, the oldest first", async () => {
  for (const [query, expected] of [
    ["", 7],
    ["fee_type=subscription", 6],
    ["fee_type=charge", 1],
    ["fee_type=product", 0],
    ["external_subscription_id=s1", 3],
    ["external_customer_id=c1", 5],
    ["external_customer_id=c2&external_subscription_id=s1", 0],
    ["currency=Usd", 2],
    ["billable_metric_code=calls", 1],
    ["billable_metric_code=seats", 0],
    ["payment_status=pending", 7],
    ["payment_status=refunded", 0],
    ["event_transaction_id=t1", 0],
    ["created_at_from=2024-02-02", 3],
    ["created_at_to=2024-02-01", 4],
    ["created_at_from=2024-02-01T00:10:00Z&created_at_to=2024-02-01T00:10:00Z", 4],
    ["succeeded_at_from=2000-01-01", 0],
    ["failed_at_to=2050-01-01", 0],
  ] as const)
    assert.equal(await total(`/fees?${query}`), expected, query);
  const { fees } = await client.must("GET", "/fees?external_subscription_id=s1");
  assert.deepEqual(
    fees.map((fee: { created_at: string; item: { type: string } }) => [fee.created_at, fee.item.type]),
    [
      ["2024-02-01T00:10:00Z", "subscription"],
      ["2024-02-01T00:10:00Z", "charge"],
      ["2024-03-01T00:10:00Z", "subscription"],
    ],
  );
});

test("a fee says what it is for, and its amounts with what rounding dropped", async () => {
  const { fees } = await client.must("GET", "/fees?fee_type=charge");
  const { fee } = await client.must("GET", `/fees/${fees[0].lago_id}`);
  assert.deepEqual(fee, fees[0]);
  assert.deepEqual(
    [
      fee.amount_cents,
      fee.precise_amount,
      fee.precise_total_amount,
      fee.precise_unit_amount,
      fee.units,
      fee.events_count,
    ],
    [2, "0.015", "0.015", "0.015", "1.0", 1],
  );
  assert.deepEqual(
    [fee.sub_total_excluding_taxes_amount_cents, fee.sub_total_excluding_taxes_precise_amount_cents],
    [2, "1.5"],
  );
  const { type, code, name, invoice_display_name, item_type, grouped_by, filters } = fee.item;
  assert.deepEqual(
    [type, code, name, invoice_display_name, item_type, grouped_by, filters],
    ["charge", "calls", "CALLS", "Calls of the API", "BillableMetric", {}, null],
  );
  assert.deepEqual([fee.from_date, fee.to_date], ["2024-01-01T00:00:00Z", "2024-01-31T23:59:59Z"]);
});

test("dates due follow the customer's payment term", async () => {
  const { invoices } = await client.must("GET", "/invoices?external_customer_id=c2&issuing_date_to=2024-02-01");
  assert.deepEqual([invoices[0].net_payment_term, invoices[0].payment_due_date], [30, "2024-03-02"]);
});

test("a customer's invoices are listed under it, and an unknown customer is 404", async () => {
  assert.equal(await total("/customers/c1/invoices"), 2);
  assert.equal(await total("/customers/c1/invoices?currency=USD"), 0);
  const { status, body } = await client.call("GET", "/customers/nobody/invoices");
  assert.deepEqual([status, body.code], [404, "customer_not_found"]);
});

test("what a deleted customer owes is still listed, with the customer", async () => {
  const gone = await server.organization();
  await gone.at("2024-01-01T00:00:00Z");
  const plan = {
    code: "p",
    name: "P",
    interval: "monthly",
    amount_cents: 100,
    amount_currency: "EUR",
    pay_in_advance: true,
  };
  await gone.must("POST", "/plans", { plan });
  await gone.must("POST", "/customers", { customer: { external_id: "c9", name: "Gone" } });
  await gone.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c9", external_id: "s9", plan_code: "p" },
  });
  await gone.run();
  await gone.must("DELETE", "/subscriptions/s9?on_termination_credit_note=skip");
  await gone.run();
  const pool = openPool({ url: server.databaseUrl, poolSize: 1 });
  await pool.query("update customers set deleted_at = now() where external_id = 'c9'");
  await pool.end();
  const { invoices } = await gone.must("GET", "/invoices?external_customer_id=c9");
  assert.deepEqual(
    invoices.map((invoice: { customer: { name: string } }) => invoice.customer.name),
    ["Gone", "Gone"],
  );
  const { invoice } = await gone.must("GET", `/invoices/${invoices[0].lago_id}`);
  assert.equal(invoice.subscriptions[0].external_id, "s9");
  const { meta } = await gone.must("GET", "/fees?external_customer_id=c9");
  assert.equal(meta.total_count, 1);
});

test("what is unknown, or another organization's, is 404", async () => {
  const other = await server.organization();
  const { invoices } = await client.must("GET", "/invoices");
  const { fees } = await client.must("GET", "/fees");
  for (const [who, path, code] of [
    [other, `/invoices/${invoices[0].lago_id}`, "invoice_not_found"],
    [other, `/fees/${fees[0].lago_id}`, "fee_not_found"],
    [client, "/invoices/00000000-0000-4000-8000-000000000000", "invoice_not_found"],
    [client, "/invoices/nothing", "invoice_not_found"],
    [client, "/fees/nothing", "fee_not_found"],
  ] as const) {
    const answer = await who.call("GET", path);
    assert.deepEqual([answer.status, answer.body.code], [404, code], path);
  }
  assert.deepEqual((await other.must("GET", "/invoices")).meta, {
    current_page: 0,
    next_page: null,
    prev_page: null,
    total_pages: 0,
    total_count: 0,
  });
});

test("what comes later is no route yet", async () => {
  const { invoices } = await client.must("GET", "/invoices");
  for (const [method, path] of [
    ["POST", "/invoices"],
    ["PUT", `/invoices/${invoices[0].lago_id}`],
    ["POST", `/invoices/${invoices[0].lago_id}/void`],
    ["PUT", `/invoices/${invoices[0].lago_id}/finalize`],
    ["DELETE", `/invoices/${invoices[0].lago_id}`],
  ] as const) {
    const answer = await client.call(method, path, {});
    assert.deepEqual([answer.status, answer.body.code], [404, "resource_not_found"], `${method} ${path}`);
  }
});
