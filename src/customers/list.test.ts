import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let organization: Client;

before(async () => {
  server = await startTestServer();
  organization = await server.organization();
  await organization.at("2024-01-01T00:00:00Z");
  await organization.must("POST", "/billing_entities", { billing_entity: { code: "fr", name: "France" } });
  for (const customer of [
    {
      external_id: "a",
      name: "Hooli 100%",
      email: "gavin@hooli.com",
      country: "US",
      state: "CA",
      zipcode: "94000",
      currency: "USD",
      customer_type: "company",
      tax_identification_number: "US1",
      metadata: [
        { key: "site", value: "1" },
        { key: "tier", value: "gold" },
      ],
    },
    {
      external_id: "b",
      firstname: "Richard",
      lastname: "Hendricks",
      legal_name: "Pied_Piper",
      country: "FR",
      currency: "EUR",
      customer_type: "individual",
      billing_entity_code: "fr",
      tax_identification_number: "",
      metadata: [{ key: "site", value: "2" }],
    },
    { external_id: "c-100", name: "Aviato", country: "DE", zipcode: "10115" },
  ]) {
    await organization.must("POST", "/customers", { customer });
  }
});
after(() => server.close());

const idsOf = async (query: string): Promise<string[]> => {
  const { customers } = await organization.must("GET", `/customers${query}`);
  return customers.map(({ external_id }: { external_id: string }) => external_id);
};

test("a list can be narrowed by every filter, and by several at once", async () => {
  for (const [query, ids] of [
    ["", ["a", "b", "c-100"]],
    ["?external_id=b", ["b"]],
    ["?external_id=B", []],
    ["?search_term=hooli", ["a"]],
    ["?search_term=HENDRICKS", ["b"]],
    ["?search_term=gavin@", ["a"]],
    ["?search_term=richard", ["b"]],
    ["?search_term=c-1", ["c-100"]],
    ["?search_term=pied_piper", ["b"]],
    ["?search_term=100%25", ["a"]],
    ["?search_term=_", ["b"]],
    ["?search_term=%5C", []],
    ["?account_type[]=customer", ["a", "b", "c-100"]],
    ["?account_type[]=partner", []],
    ["?billing_entity_codes[]=fr", ["b"]],
    ["?billing_entity_codes[]=fr&billing_entity_codes[]=test", ["a", "b", "c-100"]],
    ["?currencies[]=EUR", ["b"]],
    ["?countries[]=us&countries[]=FR", ["a", "b"]],
    ["?states[]=CA", ["a"]],
    ["?zipcodes[]=10115&zipcodes[]=94000", ["a", "c-100"]],
    ["?has_tax_identification_number=true", ["a"]],
    ["?has_tax_identification_number=false", ["b", "c-100"]],
    ["?customer_type=company", ["a"]],
    ["?has_customer_type=true", ["a", "b"]],
    ["?has_customer_type=0", ["c-100"]],
    ["?has_customer_type=true&customer_type=individual", ["b"]],
    ["?metadata[site]=1", ["a"]],
    ["?metadata[site]=", ["c-100"]],
    ["?metadata[site]=1&metadata[tier]=gold", ["a"]],
    ["?metadata[site]=2&metadata[tier]=", ["b"]],
    ["?metadata[site]=gold", []],
    ["?countries[]=US&currencies[]=EUR", []],
  ] as const) {
    assert.deepEqual(await idsOf(query), ids, query);
  }
});

test("filters that say nothing sensible are refused", async () => {
  for (const [query, details] of [
    ["?countries[]=XX", { countries: ["value_is_invalid"] }],
    ["?currencies[]=eur", { currencies: ["value_is_invalid"] }],
    ["?account_type[]=other", { account_type: ["value_is_invalid"] }],
    ["?customer_type=other", { customer_type: ["value_is_invalid"] }],
    ["?has_customer_type=maybe", { has_customer_type: ["value_is_invalid"] }],
    ["?has_tax_identification_number=maybe", { has_tax_identification_number: ["value_is_invalid"] }],
    ["?has_customer_type=false&customer_type=company", { customer_type: ["value_must_be_blank"] }],
    ["?page=0", { page: ["value_is_invalid"] }],
  ] as const) {
    const answer = await organization.call("GET", `/customers${query}`);
    assert.deepEqual([answer.status, answer.body.error_details], [422, details], query);
  }
});

test("newest first, those of one moment in the order in which they came, in pages", async () => {
  const other = await server.organization();
  await other.at("2024-01-01T00:00:00Z");
  for (const external_id of ["one", "two", "three"])
    await other.must("POST", "/customers", { customer: { external_id } });
  await other.at("2024-01-02T00:00:00Z");
  await other.must("POST", "/customers", { customer: { external_id: "four" } });
  const pages = [
    await other.must("GET", "/customers?per_page=3"),
    await other.must("GET", "/customers?per_page=3&page=2"),
    await other.must("GET", "/customers?per_page=3&page=9"),
  ];
  assert.deepEqual(
    pages.map(({ customers }) => customers.map(({ external_id }: { external_id: string }) => external_id)),
    [["four", "one", "two"], ["three"], []],
  );
  assert.deepEqual(pages[1].meta, { current_page: 2, next_page: null, prev_page: 1, total_pages: 2, total_count: 4 });
});
