import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const TERMS = { name: "P", code: "p", interval: "monthly", amount_cents: 3100, amount_currency: "EUR" };

async function stage(more: object = {}): Promise<Client> {
  const client = await server.organization();
  await client.at("2024-03-01T00:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "Calls", code: "calls", aggregation_type: "count_agg" },
  });
  const charges = [
    { billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "2" } },
  ];
  await client.must("POST", "/plans", { plan: { ...TERMS, pay_in_advance: false, charges, ...more } });
  await client.must("POST", "/customers", { customer: { external_id: "c", currency: "EUR" } });
  return client;
}

const subscribe = (client: Client, external_id: string, more: object = {}) =>
  client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c", external_id, plan_code: "p", ...more },
  });

const linkOf = async (client: Client, external_id: string, status: string) =>
  (await client.must("GET", `/subscriptions/${external_id}?status=${status}`)).subscription;

const amountsOf = async (client: Client) => {
  const { invoices } = await client.must("GET", "/invoices");
  return invoices
    .map((invoice: { fees_amount_cents: number }) => invoice.fees_amount_cents)
    .sort((a: number, b: number) => a - b);
};

test("1.11: a deleted customer's subscriptions end and are billed, what waits is canceled, what was billed stays", async () => {
  const client = await stage();
  await subscribe(client, "running");
  await subscribe(client, "free", { billing_time: "anniversary" });
  await subscribe(client, "coming", { subscription_at: "2024-05-01T00:00:00Z" });
  await client.must("POST", "/plans", { plan: { ...TERMS, code: "cheap", amount_cents: 100, pay_in_advance: false } });
  await client.at("2024-03-10T12:00:00Z");
  await subscribe(client, "running", { plan_code: "cheap" });
  await client.must("POST", "/events", {
    event: { transaction_id: "e", external_subscription_id: "running", code: "calls" },
  });
  const { customer } = await client.must("DELETE", "/customers/c");
  await client.run();

  const gone = await client.call("GET", "/customers/c");
  assert.deepEqual([gone.status, gone.body.code], [404, "customer_not_found"]);
  assert.equal((await linkOf(client, "running", "terminated")).terminated_at, "2024-03-10T12:00:00Z");
  assert.equal((await linkOf(client, "free", "terminated")).lago_customer_id, customer.lago_id);
  for (const name of ["running", "coming"]) assert.ok((await linkOf(client, name, "canceled")).canceled_at);
  // 10 of 31 days each, and a call.
  assert.deepEqual(await amountsOf(client), [1000, 1000 + 200]);
  const { invoices } = await client.must("GET", "/invoices?external_customer_id=c");
  assert.equal(invoices.length, 2);
  const { invoice } = await client.must("GET", `/invoices/${invoices[0].lago_id}`);
  assert.equal(invoice.customer.lago_id, customer.lago_id);
  assert.equal((await client.must("GET", "/fees?external_customer_id=c")).meta.total_count, 3);

  // Nothing comes after it.
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-07-01T12:00:00Z" } });
  assert.equal((await amountsOf(client)).length, 2);
});

test("the external ids of a deleted customer and of its subscriptions are free again", async () => {
  const client = await stage();
  await subscribe(client, "s");
  await client.at("2024-03-10T12:00:00Z");
  const first = await client.must("DELETE", "/customers/c");
  await subscribe(client, "s");
  await client.run();
  const { customer } = await client.must("GET", "/customers/c");
  assert.notEqual(customer.lago_id, first.customer.lago_id);
  assert.equal(customer.sequential_id, first.customer.sequential_id + 1);
  assert.equal((await linkOf(client, "s", "active")).lago_customer_id, customer.lago_id);
  // Usage of the first one is not the second one's.
  const { customer_usage } = await client.must("GET", "/customers/c/current_usage?external_subscription_id=s");
  assert.equal(customer_usage.amount_cents, 0);
});

test("decisions 2: periods that no run has billed are billed before the end, each on its own invoice", async () => {
  const client = await stage();
  await subscribe(client, "s");
  await client.at("2024-05-11T00:00:00Z");
  await client.must("DELETE", "/customers/c");
  await client.run();
  // March, April, and 11 of May's 31 days.
  assert.deepEqual(await amountsOf(client), [1100, 3100, 3100]);
});

test("decisions 1c: an end that was due before, and that no run has made, was on its day", async () => {
  const client = await stage();
  await subscribe(client, "s", { ending_at: "2024-03-20T12:00:00Z" });
  await client.at("2024-03-25T00:00:00Z");
  await client.must("DELETE", "/customers/c");
  await client.run();
  assert.equal((await linkOf(client, "s", "terminated")).terminated_at, "2024-03-20T00:00:00Z");
  assert.deepEqual(await amountsOf(client), [2000]);
});

test("a customer whose unused days would have to be credited stays as it is, until nothing is to be credited", async () => {
  const client = await stage({ pay_in_advance: true });
  await subscribe(client, "s");
  await subscribe(client, "coming", { subscription_at: "2024-05-01T00:00:00Z" });
  const refused = await client.call("DELETE", "/customers/c");
  assert.deepEqual(
    [refused.status, refused.body.error_details],
    [422, { on_termination_credit_note: ["not_supported_yet"] }],
  );
  assert.equal((await client.must("GET", "/subscriptions?status[]=active&status[]=pending")).meta.total_count, 2);
  await client.must("PUT", "/subscriptions/s", { subscription: { on_termination_credit_note: "skip" } });
  await client.must("DELETE", "/customers/c");
  await client.run();
  assert.equal((await client.must("GET", "/subscriptions?status[]=active&status[]=pending")).meta.total_count, 0);
});

test("deletions at once: one does it, the others find nothing", async () => {
  const client = await stage();
  await subscribe(client, "s");
  const answers = await Promise.all(Array.from({ length: 8 }, () => client.call("DELETE", "/customers/c")));
  await client.run();
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(404)]);
  assert.deepEqual(await amountsOf(client), [100]);
});

test("deletion beside upserts and new subscriptions: nothing is left standing without its customer", async () => {
  const client = await stage();
  for (let round = 0; round < 5; round++) {
    const calls = await Promise.all([
      client.call("POST", "/customers", { customer: { external_id: "c", name: `${round}` } }),
      client.call("DELETE", "/customers/c"),
      ...Array.from({ length: 3 }, (_, index) =>
        client.call("POST", "/subscriptions", {
          subscription: { external_customer_id: "c", external_id: `s${round}.${index}`, plan_code: "p" },
        }),
      ),
      client.call("POST", "/customers", { customer: { external_id: "c", city: "Paris" } }),
    ]);
    for (const { status } of calls) assert.ok([200, 404].includes(status), `${status}`);
    await client.run();
    const living = await client.call("GET", "/customers/c");
    const { subscriptions } = await client.must("GET", "/subscriptions?per_page=100");
    const owners = new Set(subscriptions.map((each: { lago_customer_id: string }) => each.lago_customer_id));
    owners.delete(living.body.customer?.lago_id);
    assert.deepEqual(owners, new Set(), "of a deleted customer");
  }
});

test("deletion beside billing runs: each day is billed once", async () => {
  const client = await stage();
  for (const name of ["a", "b", "d"]) await subscribe(client, name);
  await client.at("2024-05-11T00:00:00Z");
  const [deleted] = await Promise.all([
    client.call("DELETE", "/customers/c"),
    client.run("billing"),
    client.run("billing"),
  ]);
  assert.equal(deleted.status, 200);
  await client.run("billing");
  const { invoices } = await client.must("GET", "/invoices?per_page=100");
  const sum = (all: { fees_amount_cents: number }[]) => all.reduce((total, each) => total + each.fees_amount_cents, 0);
  assert.equal(sum(invoices), 3 * (3100 + 3100 + 1100));
  const numbers = invoices.map(({ sequential_id }: { sequential_id: number }) => sequential_id).sort();
  assert.deepEqual(
    numbers,
    numbers.map((_: number, index: number) => index + 1),
  );
});
