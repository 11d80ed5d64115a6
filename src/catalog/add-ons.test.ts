import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const NOW = "2024-06-15T12:00:00Z";

async function organization(): Promise<Client> {
  const client = await server.organization();
  await client.at(NOW);
  return client;
}

const addOn = (more: object = {}) => ({
  add_on: { name: "Setup", code: "setup", amount_cents: 500, amount_currency: "EUR", ...more },
});

test("an add-on is created, shown, listed, changed and deleted", async () => {
  const client = await organization();
  const created = await client.must(
    "POST",
    "/add_ons",
    addOn({ amount_cents: "500", description: "D", invoice_display_name: "Once", tax_codes: [] }),
  );
  const { lago_id } = created.add_on;
  const shown = {
    ...{ lago_id, name: "Setup", invoice_display_name: "Once", code: "setup", amount_cents: 500 },
    ...{ amount_currency: "EUR", created_at: NOW, description: "D", taxes: [] },
  };
  assert.deepEqual(created.add_on, shown);
  assert.deepEqual(await client.must("GET", "/add_ons/setup"), created);
  assert.deepEqual((await client.must("GET", "/add_ons")).add_ons, [shown]);
  const changes = { code: "start", description: null, amount_cents: 700 };
  const changed = await client.must("PUT", "/add_ons/setup", { add_on: changes });
  assert.deepEqual(changed.add_on, { ...shown, ...changes });
  assert.deepEqual(await client.must("DELETE", "/add_ons/start"), changed);
  assert.equal((await client.call("GET", "/add_ons/start")).body.code, "add_on_not_found");
  await client.must("POST", "/add_ons", addOn({ code: "start" }));
});

test("the contract's refusals of add-ons", async () => {
  const client = await organization();
  await client.must("POST", "/add_ons", addOn());
  await client.must("POST", "/add_ons", addOn({ code: "other" }));
  const others = await organization();
  for (const [method, path, body, status, expected] of [
    ["POST", "", {}, 400, null],
    ["POST", "", addOn(), 422, { code: ["value_already_exist"] }],
    ["POST", "", addOn({ name: null, code: " " }), 422, { name: ["value_is_mandatory"], code: ["value_is_mandatory"] }],
    ["POST", "", addOn({ code: "x", amount_cents: 0 }), 422, { amount_cents: ["value_is_out_of_range"] }],
    ["POST", "", addOn({ code: "x", amount_cents: null }), 422, { amount_cents: ["value_is_out_of_range"] }],
    ["POST", "", addOn({ code: "x", amount_currency: "eur" }), 422, { amount_currency: ["value_is_invalid"] }],
    ["POST", "", addOn({ code: "x", tax_codes: ["vat"] }), 404, "tax_not_found"],
    ["PUT", "/setup", { add_on: { code: "other" } }, 422, { code: ["value_already_exist"] }],
    ["PUT", "/setup", { add_on: { name: "" } }, 422, { name: ["value_is_mandatory"] }],
    ["PUT", "/nope", { add_on: {} }, 404, "add_on_not_found"],
    ["DELETE", "/nope", undefined, 404, "add_on_not_found"],
  ] as const) {
    const answer = await client.call(method, `/add_ons${path}`, body);
    assert.equal(answer.status, status, `${JSON.stringify(body)} ${JSON.stringify(answer.body)}`);
    if (status === 422) assert.deepEqual(answer.body.error_details, expected);
    if (status === 404) assert.deepEqual(answer.body, { status, error: "Not Found", code: expected });
  }
  assert.equal((await client.must("GET", "/add_ons")).meta.total_count, 2, "nothing was left behind");
  assert.equal((await others.call("GET", "/add_ons/setup")).status, 404);
});

test("an add-on goes with every fixed charge on it", async () => {
  const client = await organization();
  await client.must("POST", "/add_ons", addOn());
  await client.must("POST", "/add_ons", addOn({ code: "kept" }));
  const terms = { name: "P", code: "p", interval: "monthly", amount_cents: 0, amount_currency: "EUR" };
  const fixed_charges = ["setup", "kept"].map((add_on_code) => ({ add_on_code, charge_model: "standard" }));
  await client.must("POST", "/plans", { plan: { ...terms, pay_in_advance: false, fixed_charges } });
  await client.must("DELETE", "/add_ons/setup");
  const { plan } = await client.must("GET", "/plans/p");
  assert.deepEqual(
    plan.fixed_charges.map(({ code }: { code: string }) => code),
    ["kept"],
  );
});
