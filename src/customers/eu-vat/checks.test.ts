import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openDatabase } from "../../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../../testing/server.ts";
import { customersAwaitingVies } from "../index.ts";
import { busy, found, json, startViesDouble, type ViesDouble } from "./testing.ts";

let vies: ViesDouble;
let server: TestServer;
let unasking: TestServer;
let database: ReturnType<typeof openDatabase>;
before(async () => {
  vies = await startViesDouble();
  server = await startTestServer({ VIES_URL: vies.url });
  unasking = await startTestServer({ VIES_URL: "off" });
  database = openDatabase({ url: server.databaseUrl, poolSize: 5 });
});
after(async () => {
  await database.close();
  await server.close();
  await unasking.close();
  await vies.close();
});
beforeEach(() => {
  vies.asked.length = 0;
  vies.reply(found(true));
});

/** No request switches EU VAT management on yet: what it does is seen in the tables. */
async function french(on: ReturnType<typeof openDatabase> = database, of: TestServer = server): Promise<Client> {
  const client = await of.organization();
  await client.at("2024-03-10T10:00:00Z");
  const refused = await client.call("PUT", "/billing_entities/test", {
    billing_entity: { country: "FR", eu_tax_management: true },
  });
  assert.deepEqual(refused.body.error_details, { eu_tax_management: ["not_supported_yet"] });
  await on.db
    .updateTable("billing_entities")
    .set({ country: "FR", eu_tax_management: true })
    .where("organization_id", "=", client.organizationId)
    .execute();
  return client;
}

const put = async (client: Client, customer: object) => {
  const made = await client.must("POST", "/customers", { customer: { external_id: "c", ...customer } });
  await client.run();
  return made.customer;
};

const taxOf = async (client: Client, on = database) => {
  const row = await on.db
    .selectFrom("customers")
    .select("eu_tax_code")
    .where("organization_id", "=", client.organizationId)
    .where("deleted_at", "is", null)
    .executeTakeFirstOrThrow();
  return row.eu_tax_code;
};

const checksOf = (client: Client) =>
  database.db.selectFrom("vies_checks").selectAll().where("organization_id", "=", client.organizationId).execute();

const toldOf = async (client: Client) => {
  const rows = await database.db
    .selectFrom("domain_events")
    .select("payload")
    .where("organization_id", "=", client.organizationId)
    .where("kind", "=", "customer.vies_check")
    .orderBy("ordinal")
    .execute();
  return rows.map(({ payload }) => payload.vies_check);
};

test("1.9: the tax follows the country", async () => {
  const client = await french();
  await put(client, { country: "FR", zipcode: "75018" });
  assert.equal(await taxOf(client), "lago_eu_fr_standard");
  await put(client, { country: "DE" });
  assert.equal(await taxOf(client), "lago_eu_de_standard");
  assert.deepEqual([vies.asked, await checksOf(client)], [[], []]);
});

test("1.9: a number that VIES knows reverses the charge, and what it told is kept", async () => {
  const client = await french();
  const { lago_id } = await put(client, { country: "IT", tax_identification_number: "IT 123.456.789-01" });
  assert.equal(await taxOf(client), "lago_eu_reverse_charge");
  assert.deepEqual(
    vies.asked.map(({ body }) => body),
    [{ countryCode: "IT", vatNumber: "12345678901" }],
  );
  const details = {
    name: "GIANNI SRL",
    address: "VIA MARCONI 123\nROMA",
    request_date: "2024-03-10T10:00:00.000Z",
    request_identifier: "WAPIAAAAX",
  };
  const [check] = await checksOf(client);
  assert.deepEqual([check?.status, check?.attempts, check?.answer, check?.customer_id], ["valid", 1, details, lago_id]);
  assert.deepEqual(await toldOf(client), [
    { valid: true, valid_format: true, country_code: "IT", vat_number: "12345678901", ...details },
  ]);
  // Nothing that decides has changed.
  await put(client, { name: "Gianni", tax_identification_number: "IT 123.456.789-01" });
  assert.equal(vies.asked.length, 1);
  await put(client, { tax_identification_number: null });
  assert.equal(await taxOf(client), "lago_eu_it_standard");
  assert.deepEqual(await checksOf(client), []);
});

test("1.9: a number that is nobody's counts for nothing", async () => {
  const client = await french();
  vies.reply(found(false));
  await put(client, { country: "IT", tax_identification_number: "IT12345678901" });
  assert.equal(await taxOf(client), "lago_eu_it_standard");
  assert.equal((await checksOf(client))[0]?.status, "invalid");
  assert.deepEqual(
    (await toldOf(client)).map(({ valid, valid_format }) => [valid, valid_format]),
    [[false, true]],
  );
});

test("1.9: VIES is not asked about what no member could have issued", async () => {
  const client = await french();
  await put(client, { country: "US", tax_identification_number: "US-111" });
  assert.equal(await taxOf(client), "lago_eu_tax_exempt");
  assert.deepEqual(vies.asked, []);
  assert.deepEqual(await toldOf(client), [{ valid: false, valid_format: false }]);
});

test("1.9: while VIES gives no answer the tax is open; it is asked again, more and more rarely, until it answers", async () => {
  const client = await french();
  vies.reply(busy("MS_UNAVAILABLE"));
  const { lago_id } = await put(client, { country: "IT", tax_identification_number: "IT12345678901" });
  assert.equal(await taxOf(client), null);
  const awaiting = () => customersAwaitingVies(database.db, client.organizationId, [lago_id]);
  assert.deepEqual(await awaiting(), new Set([lago_id]));
  const [check] = await checksOf(client);
  const next = check?.next_attempt_at?.toString();
  assert.deepEqual([check?.attempts, check?.last_error, next], [1, "MS_UNAVAILABLE", "2024-03-10T10:05:00Z"]);
  assert.deepEqual(await toldOf(client), [{ error: "MS_UNAVAILABLE" }]);

  // Not before its time, and not by an upsert that changes nothing.
  await client.run("retries");
  await put(client, { name: "Gianni" });
  assert.equal(vies.asked.length, 1);
  vies.reply(json(200, "{"));
  await client.must("POST", "/test_clock/advance", { test_clock: { now: "2024-03-10T13:00:00Z" } });
  const failed = (await checksOf(client))[0];
  // At 10:05, 10:10, 10:20, 10:40, 11:20; the next one, at 12:20, is left to the runs.
  assert.deepEqual([vies.asked.length, failed?.attempts, failed?.last_error], [6, 6, "MALFORMED_ANSWER"]);
  assert.equal(failed?.next_attempt_at?.toString(), "2024-03-10T12:20:00Z");

  vies.reply(found(true));
  await client.run("retries");
  assert.equal(await taxOf(client), "lago_eu_reverse_charge");
  assert.deepEqual(await awaiting(), new Set());
  await client.run("retries");
  assert.equal(vies.asked.length, 7);
});

test("an answer to an older question is dropped, and so is one for a customer that is gone", async () => {
  const client = await french();
  let answer = () => {};
  const asked = new Promise<void>((isAsked) => {
    vies.reply((response) => {
      answer = () => found(true)(response);
      isAsked();
    });
  });
  const post = (customer: object) => client.must("POST", "/customers", { customer: { external_id: "c", ...customer } });
  await post({ country: "IT", tax_identification_number: "IT12345678901" });
  await asked;
  vies.reply(found(false));
  await post({ tax_identification_number: "IT99999999999" });
  answer();
  await client.run();
  assert.equal(await taxOf(client), "lago_eu_it_standard");
  assert.deepEqual(
    (await toldOf(client)).map(({ vat_number }) => vat_number),
    ["99999999999"],
  );

  const [again, isAgain] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  vies.reply((response) => {
    isAgain.resolve();
    void again.promise.then(() => found(true)(response));
  });
  await post({ tax_identification_number: "IT11111111111" });
  await isAgain.promise;
  await client.must("DELETE", "/customers/c");
  again.resolve();
  await client.run();
  assert.deepEqual(await checksOf(client), []);
});

test("upserts of one number at once ask about it once", async () => {
  const client = await french();
  const customer = { external_id: "c", country: "IT", tax_identification_number: "IT12345678901" };
  vies.reply(busy("TIMEOUT"));
  await Promise.all(Array.from({ length: 10 }, () => client.must("POST", "/customers", { customer })));
  await client.run();
  assert.equal(vies.asked.length, 1);
});

test("1.9: a customer that a subscription makes has the tax of the billing entity's country", async () => {
  const client = await french();
  const plan = { name: "P", code: "p", interval: "monthly", amount_cents: 100, amount_currency: "EUR" };
  await client.must("POST", "/plans", { plan: { ...plan, pay_in_advance: false } });
  await client.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "new", external_id: "s", plan_code: "p" },
  });
  assert.equal(await taxOf(client), "lago_eu_fr_standard");
});

test("where VIES is switched off a number counts for nothing", async () => {
  const other = openDatabase({ url: unasking.databaseUrl, poolSize: 2 });
  try {
    const client = await french(other, unasking);
    await put(client, { country: "IT", tax_identification_number: "IT12345678901" });
    assert.equal(await taxOf(client, other), "lago_eu_it_standard");
  } finally {
    await other.close();
  }
});

test("a customer that moves to an entity without EU VAT management loses its tax", async () => {
  const client = await french();
  await put(client, { country: "IT" });
  await client.must("POST", "/billing_entities", { billing_entity: { code: "us", name: "US", country: "US" } });
  await put(client, { billing_entity_code: "us" });
  assert.equal(await taxOf(client), null);
  await put(client, { billing_entity_code: "test" });
  assert.equal(await taxOf(client), "lago_eu_it_standard");
});

test("real organizations are asked for again by the schedule", async () => {
  const client = await server.organization({ sandbox: false });
  await database.db
    .updateTable("billing_entities")
    .set({ country: "FR", eu_tax_management: true })
    .where("organization_id", "=", client.organizationId)
    .execute();
  const until = async (isSo: () => Promise<boolean>) => {
    for (let round = 0; !(await isSo()); round++) {
      assert.ok(round < 200, "takes too long");
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  vies.reply(busy("MS_UNAVAILABLE"));
  const customer = { external_id: "c", country: "IT", tax_identification_number: "IT12345678901" };
  await client.must("POST", "/customers", { customer });
  await until(async () => (await checksOf(client))[0]?.attempts === 1);
  vies.reply(found(true));
  await database.db
    .updateTable("vies_checks")
    .set({ next_attempt_at: "2024-01-01T00:00:00Z" })
    .where("organization_id", "=", client.organizationId)
    .execute();
  await database.pool.query("select graphile_worker.add_job('customers.ask_vies_again_everywhere')");
  await until(async () => (await taxOf(client)) === "lago_eu_reverse_charge");
});
