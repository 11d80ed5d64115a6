import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { openDatabase } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const put = async (client: Client, customer: object) =>
  (await client.must("POST", "/customers", { customer })).customer;

test("a new customer has the contract's shape, its settings empty", async () => {
  const organization = await server.organization();
  await organization.at("2024-03-01T10:00:00Z");
  const customer = await put(organization, { external_id: " c1 " });
  const slug = `TES-${organization.organizationId.slice(-4).toUpperCase()}-001`;
  const { lago_id, ...rest } = customer;
  assert.match(lago_id, /^[0-9a-f-]{36}$/);
  const noAddress = { address_line1: null, address_line2: null, city: null, state: null, zipcode: null, country: null };
  assert.deepEqual(rest, {
    sequential_id: 1,
    slug,
    external_id: "c1",
    billing_entity_code: "test",
    name: null,
    firstname: null,
    lastname: null,
    customer_type: null,
    account_type: "customer",
    email: null,
    phone: null,
    url: null,
    logo_url: null,
    legal_name: null,
    legal_number: null,
    tax_identification_number: null,
    ...noAddress,
    currency: null,
    timezone: null,
    applicable_timezone: "UTC",
    net_payment_term: null,
    finalize_zero_amount_invoice: "inherit",
    skip_invoice_custom_sections: false,
    external_salesforce_id: null,
    billing_configuration: {
      subscription_invoice_issuing_date_anchor: null,
      subscription_invoice_issuing_date_adjustment: null,
      provider_payment_methods: null,
    },
    shipping_address: noAddress,
    metadata: [],
    integration_customers: [],
    created_at: "2024-03-01T10:00:00Z",
    updated_at: "2024-03-01T10:00:00Z",
    taxes: [],
    applicable_invoice_custom_sections: [],
    error_details: [],
  });
  assert.deepEqual((await organization.must("GET", "/customers/c1")).customer, customer);
});

const all = {
  name: "Acme",
  firstname: "Ann",
  lastname: "Lee",
  customer_type: "company",
  email: "a@b.co",
  phone: "1",
  url: "http://acme.co",
  logo_url: "http://acme.co/logo",
  legal_name: "Acme SA",
  legal_number: "552",
  tax_identification_number: "FR1",
  address_line1: "1 rue",
  address_line2: "b",
  city: "Paris",
  state: "IDF",
  zipcode: "75001",
  country: "FR",
  currency: "EUR",
  timezone: "Europe/Paris",
  net_payment_term: 0,
  finalize_zero_amount_invoice: "skip",
  external_salesforce_id: "sf",
};

test("an upsert changes the keys it names and leaves the others", async () => {
  const organization = await server.organization();
  await organization.at("2024-03-01T10:00:00Z");
  const shipping_address = {
    ...pick(all, ["address_line1", "address_line2", "city", "state", "zipcode"]),
    country: "DE",
  };
  const billing_configuration = {
    invoice_grace_period: 0,
    document_locale: "fr",
    subscription_invoice_issuing_date_anchor: "current_period_end",
    subscription_invoice_issuing_date_adjustment: "keep_anchor",
  };
  const made = await put(organization, {
    external_id: "c1",
    ...all,
    shipping_address,
    billing_configuration,
    tax_codes: [],
  });
  for (const [field, value] of Object.entries(all)) assert.deepEqual(made[field], value, field);
  assert.deepEqual(made.shipping_address, shipping_address);
  assert.deepEqual(made.billing_configuration, { ...billing_configuration, provider_payment_methods: null });
  assert.equal(made.applicable_timezone, "Europe/Paris");

  await organization.at("2024-03-02T10:00:00Z");
  const changed = await put(organization, {
    external_id: "c1",
    city: "Lyon",
    timezone: null,
    shipping_address: { city: null },
  });
  assert.deepEqual(changed, {
    ...made,
    city: "Lyon",
    timezone: null,
    applicable_timezone: "UTC",
    shipping_address: { ...shipping_address, city: null },
    updated_at: "2024-03-02T10:00:00Z",
  });
  await organization.at("2024-03-03T10:00:00Z");
  assert.deepEqual(await put(organization, { external_id: "c1", city: "Lyon" }), changed, "nothing changed");
});

function pick<T extends object>(source: T, keys: readonly (keyof T)[]): Partial<T> {
  return Object.fromEntries(keys.map((key) => [key, source[key]])) as Partial<T>;
}

test("what a customer does not set is its billing entity's, and it can move to another entity", async () => {
  const organization = await server.organization();
  await organization.must("POST", "/billing_entities", {
    billing_entity: { code: "jp", name: "Acme KK", timezone: "Asia/Tokyo" },
  });
  const made = await put(organization, { external_id: "c1", billing_entity_code: "jp" });
  assert.deepEqual([made.billing_entity_code, made.applicable_timezone], ["jp", "Asia/Tokyo"]);
  assert.equal((await put(organization, { external_id: "c1", billing_entity_code: null })).billing_entity_code, "jp");
  const moved = await put(organization, { external_id: "c1", billing_entity_code: "test" });
  assert.deepEqual([moved.billing_entity_code, moved.applicable_timezone], ["test", "UTC"]);
  const unknown = await organization.call("POST", "/customers", {
    customer: { external_id: "c1", billing_entity_code: "nope", country: "XX" },
  });
  assert.deepEqual([unknown.status, unknown.body.code], [404, "billing_entity_not_found"]);
});

test("metadata is replaced as a set, entries with an id keep it", async () => {
  const organization = await server.organization();
  const made = await put(organization, {
    external_id: "c1",
    metadata: [
      { key: "po", value: "1", display_in_invoice: true },
      { key: "site", value: "x" },
    ],
  });
  const [po, site] = made.metadata;
  assert.deepEqual([po.display_in_invoice, site.display_in_invoice], [true, false]);
  const changed = await put(organization, {
    external_id: "c1",
    metadata: [
      { id: site.lago_id, key: "site", value: "y" },
      { key: "new", value: "z" },
    ],
  });
  assert.deepEqual(changed.metadata[0], { ...site, value: "y" });
  assert.equal(changed.metadata.length, 2);
  const [, other] = changed.metadata;
  assert.notEqual(other.lago_id, po.lago_id);
  assert.equal((await put(organization, { external_id: "c1", name: "n" })).metadata.length, 2);
  assert.deepEqual((await put(organization, { external_id: "c1", metadata: [] })).metadata, []);
});

test("bad bodies are refused with their fields, and nothing is stored", async () => {
  const organization = await server.organization();
  for (const [customer, status, details] of [
    [{}, 422, { external_id: ["value_is_mandatory"] }],
    [{ external_id: null }, 422, { external_id: ["value_is_mandatory"] }],
    [{ external_id: "  " }, 422, { external_id: ["value_is_mandatory"] }],
    [{ external_id: "x".repeat(256) }, 422, { external_id: ["value_is_too_long"] }],
    [{ external_id: 7 }, 422, { external_id: ["value_is_invalid"] }],
    [{ external_id: "c", name: 7 }, 422, { name: ["value_is_invalid"] }],
    [{ external_id: "c", net_payment_term: 1.5 }, 422, { net_payment_term: ["value_is_invalid"] }],
    [{ external_id: "c", net_payment_term: 1e30 }, 422, { net_payment_term: ["value_is_out_of_range"] }],
    [{ external_id: "c", metadata: {} }, 422, { metadata: ["value_is_invalid"] }],
    [{ external_id: "c", billing_configuration: [] }, 422, { billing_configuration: ["value_is_invalid"] }],
    [{ external_id: "c", country: "XX" }, 422, { country: ["not_a_valid_country_code"] }],
    [
      { external_id: "c", billing_configuration: { payment_provider: "stripe" } },
      422,
      { payment_provider: ["not_supported_yet"] },
    ],
    [{ external_id: "c", tax_codes: ["vat"] }, 404, undefined],
  ] as const) {
    const answer = await organization.call("POST", "/customers", { customer });
    assert.deepEqual([answer.status, answer.body.error_details], [status, details], JSON.stringify(customer));
  }
  for (const body of [{}, { customer: null }, { customer: [] }, [], "{"]) {
    assert.equal((await organization.call("POST", "/customers", body)).status, 400, JSON.stringify(body));
  }
  const { customers, meta } = await organization.must("GET", "/customers");
  assert.deepEqual([customers, meta.total_count, meta.current_page], [[], 0, 0]);
  assert.equal((await put(organization, { external_id: "c" })).sequential_id, 1);
});

test("a customer may decline sections and dunning, and become a partner", async () => {
  const organization = await server.organization();
  const made = await put(organization, {
    external_id: "c1",
    account_type: "partner",
    skip_invoice_custom_sections: true,
  });
  assert.deepEqual([made.account_type, made.skip_invoice_custom_sections], ["partner", true]);
  const changed = await put(organization, { external_id: "c1", account_type: "customer" });
  assert.deepEqual([changed.account_type, changed.skip_invoice_custom_sections], ["customer", true]);
  assert.equal((await put(organization, { external_id: "c1", account_type: null })).account_type, "customer");
  await put(organization, { external_id: "c2", account_type: "partner", exclude_from_dunning_campaign: false });
  const { customers } = await organization.must("GET", "/customers?account_type[]=partner");
  assert.deepEqual(
    customers.map(({ external_id }: { external_id: string }) => external_id),
    ["c2"],
  );
});

test("1.5: the currency is a preference that may change at any time", async () => {
  const organization = await server.organization();
  const plan = { name: "P", code: "p", interval: "monthly", amount_cents: 100, amount_currency: "USD" };
  await organization.must("POST", "/plans", { plan: { ...plan, pay_in_advance: false } });
  await organization.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p" },
  });
  assert.equal((await organization.must("GET", "/customers/c1")).customer.currency, "USD");
  assert.equal((await put(organization, { external_id: "c1", currency: "EUR" })).currency, "EUR");
  await organization.must("POST", "/subscriptions", {
    subscription: { external_customer_id: "c1", external_id: "s2", plan_code: "p" },
  });
  assert.equal((await organization.must("GET", "/customers/c1")).customer.currency, "EUR");
});

test("nobody enters a means of payment without a provider", async () => {
  const organization = await server.organization();
  const path = "/customers/c1/checkout_url";
  const unknown = await organization.call("POST", path);
  assert.deepEqual([unknown.status, unknown.body.code], [404, "customer_not_found"]);
  await put(organization, { external_id: "c1" });
  const refused = await organization.call("POST", path);
  assert.deepEqual([refused.status, refused.body.error_details], [422, { base: ["no_linked_payment_provider"] }]);
});

test("a deleted customer is gone, its external id is free again, its number is not", async () => {
  const organization = await server.organization();
  const first = await put(organization, { external_id: "c1" });
  const { customer: deleted } = await organization.must("DELETE", "/customers/c1");
  assert.equal(deleted.lago_id, first.lago_id);
  for (const method of ["GET", "DELETE"]) {
    const answer = await organization.call(method, "/customers/c1");
    assert.deepEqual([answer.status, answer.body.code], [404, "customer_not_found"]);
  }
  assert.equal((await organization.must("GET", "/customers")).meta.total_count, 0);
  const second = await put(organization, { external_id: "c1" });
  assert.notEqual(second.lago_id, first.lago_id);
  assert.equal(second.sequential_id, 2);
});

test("customers made at once are numbered 1 to 50", async () => {
  const organization = await server.organization();
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, index) => put(organization, { external_id: `c${index}` })),
  );
  const numbers = made.map(({ sequential_id }) => sequential_id).sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
});

test("upserts of one external id at once make one customer, with every field and no number lost", async () => {
  const organization = await server.organization();
  const fields = [
    "name",
    "firstname",
    "lastname",
    "phone",
    "url",
    "city",
    "state",
    "zipcode",
    "legal_name",
    "legal_number",
  ];
  const made = await Promise.all(fields.map((field) => put(organization, { external_id: "same", [field]: field })));
  assert.equal(new Set(made.map(({ lago_id }) => lago_id)).size, 1);
  const { customer } = await organization.must("GET", "/customers/same");
  for (const field of fields) assert.equal(customer[field], field);
  assert.equal((await put(organization, { external_id: "next" })).sequential_id, 2);
});

test("one organization's customers are not another's", async () => {
  const [one, other] = [await server.organization(), await server.organization()];
  const mine = await put(one, { external_id: "c1", name: "Mine", metadata: [{ key: "k", value: "v" }] });
  for (const path of ["/customers/c1", `/customers/${mine.lago_id}`]) {
    for (const method of ["GET", "DELETE"]) {
      const answer = await other.call(method, path);
      assert.deepEqual([answer.status, answer.body.code], [404, "customer_not_found"]);
    }
  }
  const theirs = await put(other, {
    external_id: "c1",
    metadata: [{ id: mine.metadata[0].lago_id, key: "k", value: "w" }],
  });
  assert.notEqual(theirs.lago_id, mine.lago_id);
  assert.notEqual(theirs.metadata[0].lago_id, mine.metadata[0].lago_id);
  assert.deepEqual((await one.must("GET", "/customers/c1")).customer, mine);
  assert.equal((await other.must("GET", "/customers?search_term=Mine")).meta.total_count, 0);
  const entity = await other.call("GET", "/customers?billing_entity_codes[]=nope");
  assert.deepEqual([entity.status, entity.body.code], [404, "billing_entity_not_found"]);
});

test("what happened is written down with it", async () => {
  const organization = await server.organization();
  const customer = await put(organization, { external_id: "c1", timezone: "UTC" });
  await put(organization, { external_id: "c1", timezone: "Asia/Tokyo", name: "N" });
  await put(organization, { external_id: "c1", name: "N" });
  await organization.must("DELETE", "/customers/c1");
  const database = openDatabase({ url: server.databaseUrl, poolSize: 1 });
  const events = await database.db
    .selectFrom("domain_events")
    .select(["kind", "subject_id", "payload"])
    .where("organization_id", "=", organization.organizationId)
    .orderBy("ordinal")
    .execute();
  await database.close();
  const subject_id = customer.lago_id;
  assert.deepEqual(events, [
    { kind: "customer.created", subject_id, payload: {} },
    { kind: "customer.updated", subject_id, payload: { changed: ["name", "timezone"] } },
    { kind: "customer.deleted", subject_id, payload: {} },
  ]);
});

test("no body makes a 5xx", async () => {
  const organization = await server.organization();
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.string({ unit: "binary" }),
    fc.constantFrom("\u0000", "\ud800", "a\u0000b", 1e308, -1, "9".repeat(40), "{}", [null], [{}]),
  );
  const fields = fc.constantFrom(
    ..."external_id billing_entity_code name email country currency timezone customer_type account_type net_payment_term".split(
      " ",
    ),
    ..."finalize_zero_amount_invoice shipping_address billing_configuration metadata tax_codes integration_customers".split(
      " ",
    ),
  );
  const bodies = fc.dictionary(fields, odd, { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(bodies, fc.string({ unit: "binary", maxLength: 20 }), async (customer, name) => {
      const answers = [
        await organization.call("POST", "/customers", { customer: { external_id: "odd", ...customer } }),
        await organization.call("POST", "/customers", {
          customer: { external_id: name, metadata: [{ key: "k", value: name }] },
        }),
        await organization.call("GET", `/customers/${encodeURIComponent(name.toWellFormed())}`),
        await organization.call("GET", `/customers?search_term=${encodeURIComponent(name.toWellFormed())}`),
      ];
      for (const { status } of answers) assert.ok(status < 500, `${status}`);
    }),
    { numRuns: 40 },
  );
});
