/** Paid fees of their own on invoices: 5.8 of the subscriptions spec. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";
import { type Body, subscribe } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const regrouped = { charge_model: "standard", regroup_paid_fees: "invoice", properties: { amount: "1" } };

async function send(client: Client, transaction_id: string, event: Body = {}): Promise<string> {
  const sent = { transaction_id, code: "m", external_subscription_id: "s1", ...event };
  await client.must("POST", "/events", { event: sent });
  await client.run();
  return (await client.must("GET", `/fees?event_transaction_id=${transaction_id}`)).fees[0].lago_id;
}

const pay = (client: Client, id: string) => client.must("PUT", `/fees/${id}`, { fee: { payment_status: "succeeded" } });

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
async function regroupedInvoices(client: Client): Promise<any[]> {
  const { invoices } = await client.must("GET", "/invoices?invoice_type=advance_charges");
  return Promise.all(
    invoices.map(
      async ({ lago_id }: { lago_id: string }) => (await client.must("GET", `/invoices/${lago_id}`)).invoice,
    ),
  );
}

const idsOf = (invoice: { fees: Body[] }) => invoice.fees.map(({ lago_id }) => lago_id);

test("at the end of the period what was paid is taken up, once; what is not, waits", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "count_agg" }, [regrouped], ["s1"]);
  await client.at("2024-01-10T12:00:00Z");
  const [first, second, third] = [await send(client, "a"), await send(client, "b"), await send(client, "c")];
  await pay(client, first);
  await pay(client, second);
  await client.at("2024-02-01T00:05:00Z");
  const next = await send(client, "d");
  await pay(client, next);
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  await client.run("billing");
  const [invoice, ...more] = await regroupedInvoices(client);
  assert.equal(more.length, 0);
  assert.deepEqual(idsOf(invoice), [first, second], "the fee of February is not over yet");
  const { status, payment_status, fees_amount_cents, total_amount_cents, total_paid_amount_cents } = invoice;
  assert.deepEqual(
    { status, payment_status, fees_amount_cents, total_amount_cents, total_paid_amount_cents },
    {
      ...{ status: "finalized", payment_status: "succeeded", fees_amount_cents: 200 },
      ...{ total_amount_cents: 200, total_paid_amount_cents: 200 },
    },
  );
  const [period] = invoice.billing_periods;
  assert.deepEqual(
    [
      period.invoicing_reason,
      period.subscription_from_datetime,
      period.charges_from_datetime,
      period.charges_to_datetime,
    ],
    ["in_advance_charge_periodic", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-31T23:59:59Z"],
  );
  assert.equal((await client.call("PUT", `/fees/${first}`, { fee: { payment_status: "failed" } })).status, 405);

  await pay(client, third);
  await client.at("2024-03-01T00:10:00Z");
  await client.run("billing");
  const later = (await regroupedInvoices(client)).find(({ lago_id }) => lago_id !== invoice.lago_id);
  assert.deepEqual(idsOf(later), [third, next]);
  await client.at("2024-04-01T00:10:00Z");
  await client.run("billing");
  assert.equal((await regroupedInvoices(client)).length, 2, "nothing paid, no invoice");
});

test("a termination takes up all that was paid, also where its own invoice is waived", async () => {
  for (const query of ["", "?on_termination_invoice=skip"]) {
    const client = await server.organization();
    await subscribe(client, { aggregation_type: "count_agg" }, [regrouped], ["s1", "s2"]);
    await client.at("2024-01-10T12:00:00Z");
    const paid = await send(client, "a");
    await pay(client, paid);
    const other = await send(client, "b", { external_subscription_id: "s2" });
    await pay(client, other);
    await client.must("DELETE", `/subscriptions/s1${query}`);
    await client.run();
    const invoices = await regroupedInvoices(client);
    assert.deepEqual(invoices.map(idsOf), [[paid]], query);
  }
});

test("fees that are not to be regrouped stay without an invoice", async () => {
  const client = await server.organization();
  await subscribe(client, { aggregation_type: "count_agg" }, [{ ...regrouped, regroup_paid_fees: null }], ["s1"]);
  await pay(client, await send(client, "a"));
  await client.at("2024-02-01T00:10:00Z");
  await client.run("billing");
  assert.deepEqual(await regroupedInvoices(client), []);
});
