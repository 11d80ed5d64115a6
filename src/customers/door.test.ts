import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Organization } from "../identity/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { openDatabase, type Tx } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";
import {
  findCustomer,
  findOrCreateCustomer,
  loadBilledCustomers,
  markCustomerUsed,
  presentCustomersOf,
  setCurrencyIfBlank,
} from "./index.ts";

let server: TestServer;
let database: ReturnType<typeof openDatabase>;
before(async () => {
  server = await startTestServer();
  database = openDatabase({ url: server.databaseUrl, poolSize: 10 });
});
after(async () => {
  await database.close();
  await server.close();
});

const now = Temporal.Instant.from("2024-01-01T00:00:00Z");
const inTx = <T>(run: (tx: Tx) => Promise<T>) => database.db.transaction().execute(run);
const organizationOf = ({ organizationId }: Client): Organization => ({
  id: organizationId,
  name: "Test",
  sandbox: true,
  clock_now: now,
});

const SETTINGS = {
  timezone: "Europe/Paris",
  net_payment_term: 30,
  finalize_zero_amount_invoice: false,
  document_numbering: "per_billing_entity",
  document_number_prefix: "ACM",
  billing_configuration: {
    subscription_invoice_issuing_date_anchor: "current_period_end",
    subscription_invoice_issuing_date_adjustment: "keep_anchor",
  },
};

test("every setting that a customer leaves open is its billing entity's", async () => {
  const client = await server.organization();
  const put = async (customer: object) => (await client.must("POST", "/customers", { customer })).customer.lago_id;
  await client.must("PUT", "/billing_entities/test", { billing_entity: SETTINGS });
  const open = await put({ external_id: "open" });
  const own = await put({
    external_id: "own",
    timezone: "Asia/Tokyo",
    net_payment_term: 0,
    finalize_zero_amount_invoice: "finalize",
    currency: "JPY",
    billing_configuration: {
      invoice_grace_period: 0,
      subscription_invoice_issuing_date_anchor: "next_period_start",
      subscription_invoice_issuing_date_adjustment: "align_with_finalization_date",
    },
  });
  const skip = await put({ external_id: "skip", finalize_zero_amount_invoice: "skip" });
  const loaded = await loadBilledCustomers(database.db, client.organizationId, [open, own, skip]);
  const billing_entity = {
    id: client.organizationId,
    code: "test",
    timezone: "Europe/Paris",
    document_numbering: "per_billing_entity",
    document_number_prefix: "ACM",
  };
  assert.deepEqual(loaded.get(open), {
    id: open,
    external_id: "open",
    sequential_id: 1n,
    currency: null,
    account_type: "customer",
    timezone: "Europe/Paris",
    net_payment_term: 30,
    invoice_grace_period: 0,
    issuing_date_anchor: "current_period_end",
    issuing_date_adjustment: "keep_anchor",
    finalize_zero_amount_invoice: false,
    billing_entity,
  });
  assert.deepEqual(loaded.get(own), {
    id: own,
    external_id: "own",
    sequential_id: 2n,
    currency: "JPY",
    account_type: "customer",
    timezone: "Asia/Tokyo",
    net_payment_term: 0,
    invoice_grace_period: 0,
    issuing_date_anchor: "next_period_start",
    issuing_date_adjustment: "align_with_finalization_date",
    finalize_zero_amount_invoice: true,
    billing_entity,
  });
  assert.equal(loaded.get(skip)?.finalize_zero_amount_invoice, false);

  const other = await server.organization();
  assert.equal((await loadBilledCustomers(database.db, other.organizationId, [open, own])).size, 0);
  assert.equal((await presentCustomersOf(database.db, other.organizationId, [open])).size, 0);
  assert.equal(await findCustomer(database.db, other.organizationId, "open"), null);
});

test("a deleted customer is still billed and shown by id, and not found by its external id", async () => {
  const client = await server.organization();
  const { customer } = await client.must("POST", "/customers", { customer: { external_id: "c", name: "Gone" } });
  await client.must("DELETE", "/customers/c");
  assert.equal(await findCustomer(database.db, client.organizationId, "c"), null);
  assert.equal((await loadBilledCustomers(database.db, client.organizationId, [customer.lago_id])).size, 1);
  const shown = await presentCustomersOf(database.db, client.organizationId, [customer.lago_id]);
  assert.equal(shown.get(customer.lago_id)?.name, "Gone");
  await assert.rejects(
    inTx((tx) => markCustomerUsed(tx, client.organizationId, customer.lago_id)),
    (error) => error instanceof Refusal && error.code === "customer_not_found",
  );
});

test("a customer who is not there yet is made once, however many ask at once", async () => {
  const client = await server.organization();
  await client.must("POST", "/billing_entities", { billing_entity: { code: "fr", name: "France" } });
  const organization = organizationOf(client);
  const made = await Promise.all(
    Array.from({ length: 10 }, () => inTx((tx) => findOrCreateCustomer(tx, organization, " new ", "fr", now))),
  );
  assert.equal(new Set(made.map(({ id }) => id)).size, 1);
  assert.deepEqual([made[0]?.external_id, made[0]?.billing_entity.code], ["new", "fr"]);
  const next = await inTx((tx) => findOrCreateCustomer(tx, organization, "next", null, now));
  assert.deepEqual([next.sequential_id, next.billing_entity.code], [2n, "test"]);
  const known = await inTx((tx) => findOrCreateCustomer(tx, organization, "next", "fr", now));
  assert.equal(known.billing_entity.code, "test");
  for (const [externalId, code, refusal] of [
    ["x", "nope", "billing_entity_not_found"],
    [" ", null, "validation_errors"],
  ] as const) {
    await assert.rejects(
      inTx((tx) => findOrCreateCustomer(tx, organization, externalId, code, now)),
      (error) => error instanceof Refusal && error.code === refusal,
    );
  }
});

test("a currency is set once, and a used customer's account type is fixed", async () => {
  const client = await server.organization();
  const { customer } = await client.must("POST", "/customers", { customer: { external_id: "c" } });
  await inTx(async (tx) => {
    await setCurrencyIfBlank(tx, client.organizationId, customer.lago_id, "EUR");
    await setCurrencyIfBlank(tx, client.organizationId, customer.lago_id, "USD");
    await markCustomerUsed(tx, client.organizationId, customer.lago_id);
    await markCustomerUsed(tx, client.organizationId, customer.lago_id);
  });
  assert.equal((await client.must("GET", "/customers/c")).customer.currency, "EUR");
  const ignored = await client.must("POST", "/customers", { customer: { external_id: "c", account_type: "partner" } });
  assert.equal(ignored.customer.account_type, "customer");
});
