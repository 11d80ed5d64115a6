/** Numbers of invoices as customers and entities go on: appendix A18 of the subscriptions spec. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { organizationAt } from "../subscriptions/testing.ts";
import { startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

test("A18: by customer, by entity and back again: each counter goes on while the other one is shown", async () => {
  const client = await organizationAt(server, "2023-06-15T10:00:00Z", { p: { amount_cents: 100 } });
  const [entity] = (await client.must("GET", "/billing_entities")).billing_entities;
  const numbering = (document_numbering: string) =>
    client.must("PUT", `/billing_entities/${entity.code}`, {
      billing_entity: { document_numbering, document_number_prefix: "BENT-11" },
    });
  const subscribe = (external_customer_id: string, external_id: string) =>
    client.must("POST", "/subscriptions", {
      subscription: { external_customer_id, external_id, plan_code: "p" },
    });
  const numbers = async (issued: string): Promise<string[]> => {
    const query = `issuing_date_from=${issued}&issuing_date_to=${issued}`;
    const { invoices } = await client.must("GET", `/invoices?${query}`);
    return invoices.map(({ number }: { number: string }) => number).sort();
  };
  const month = async (first: string): Promise<string[]> => {
    await client.at(`${first}T00:10:00Z`);
    await client.run("billing");
    return numbers(first);
  };
  const ofCustomers = (n: string) => ["001", "002", "003"].map((customer) => `BENT-11-${customer}-${n}`);

  await numbering("per_customer");
  for (const each of ["c1", "c2", "c3"]) await subscribe(each, `s-${each}`);
  assert.deepEqual(await month("2023-07-01"), ofCustomers("001"));
  assert.deepEqual(await month("2023-08-01"), ofCustomers("002"));
  assert.deepEqual(await month("2023-09-01"), ofCustomers("003"));
  await numbering("per_billing_entity");
  const ofEntity = (of: string, ...ns: string[]) => ns.map((n) => `BENT-11-${of}-${n}`);
  assert.deepEqual(await month("2023-10-01"), ofEntity("202310", "010", "011", "012"));
  await numbering("per_customer");
  assert.deepEqual(await month("2023-11-01"), ofCustomers("005"));
  await client.at("2023-11-05T00:00:00Z");
  await subscribe("c3", "more");
  await client.at("2023-11-10T00:00:00Z");
  await client.must("DELETE", "/subscriptions/more");
  await client.run();
  assert.deepEqual(await numbers("2023-11-10"), ["BENT-11-003-006"]);
  await numbering("per_billing_entity");
  assert.deepEqual(await month("2023-12-01"), ofEntity("202312", "017", "018", "019"));
  assert.deepEqual(await month("2024-01-01"), ofEntity("202401", "020", "021", "022"));
});
