import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const NOW = "2024-06-15T12:00:00Z";
const PLAN = {
  name: "P",
  code: "p",
  interval: "monthly",
  amount_cents: 0,
  amount_currency: "EUR",
  pay_in_advance: true,
};

/** An organization with the add-ons "seat" and "setup". */
async function organization(): Promise<{ client: Client; seat: string; setup: string }> {
  const client = await server.organization();
  await client.at(NOW);
  const addOn = async (code: string): Promise<string> => {
    const add_on = { name: code, code, amount_cents: 500, amount_currency: "EUR" };
    return (await client.must("POST", "/add_ons", { add_on })).add_on.lago_id;
  };
  return { client, seat: await addOn("seat"), setup: await addOn("setup") };
}

const codesOf = (plan: { fixed_charges: { code: string }[] }) => plan.fixed_charges.map(({ code }) => code);

test("a plan's fixed charges are shown whole, with codes made from their add-ons", async () => {
  const { client, seat } = await organization();
  const fixed_charges = [
    {
      ...{ add_on_id: seat.toUpperCase(), charge_model: "standard", units: 10.5, pay_in_advance: "true" },
      ...{ properties: { amount: "10", pricing_group_keys: ["a"] }, invoice_display_name: "Seats", prorated: true },
    },
    { add_on_code: "seat", charge_model: "graduated" },
    { add_on_code: "seat", charge_model: "volume", units: "3" },
  ];
  const { plan } = await client.must("POST", "/plans", { plan: { ...PLAN, fixed_charges } });
  assert.deepEqual(codesOf(plan), ["seat", "seat_2", "seat_3"]);
  const [first, second, third] = plan.fixed_charges;
  assert.deepEqual(first, {
    ...{ lago_id: first.lago_id, lago_add_on_id: seat, code: "seat", invoice_display_name: "Seats" },
    ...{ add_on_code: "seat", created_at: NOW, charge_model: "standard", pay_in_advance: true, prorated: true },
    ...{ properties: { amount: "10" }, units: "10.5", lago_parent_id: null, taxes: [] },
  });
  const open = { from_value: 0, to_value: null, per_unit_amount: "0", flat_amount: "0" };
  assert.deepEqual([second.units, second.properties], ["0.0", { graduated_ranges: [open] }]);
  assert.deepEqual([third.units, third.properties], ["3.0", { volume_ranges: [open] }]);
  assert.equal("fixed_charges" in (await client.must("GET", "/plans")).plans[0], false, "lists omit them");
});

test("a plan's list of fixed charges is the complete new one", async () => {
  const { client } = await organization();
  const standard = { charge_model: "standard", properties: { amount: "1" } };
  const created = await client.must("POST", "/plans", {
    plan: { ...PLAN, fixed_charges: ["seat", "setup"].map((add_on_code) => ({ add_on_code, ...standard, units: 2 })) },
  });
  const [seat, setup] = created.plan.fixed_charges;
  await client.must("PUT", "/plans/p", { plan: { name: "Q" } });
  assert.deepEqual(codesOf((await client.must("GET", "/plans/p")).plan), ["seat", "setup"], "absent: untouched");
  const { plan } = await client.must("PUT", "/plans/p", {
    plan: {
      fixed_charges: [
        // Payment time and proration are fixed; code and model change as long as nobody is on the plan.
        { id: setup.lago_id, units: 5, charge_model: "volume", code: "start", pay_in_advance: true, prorated: true },
        { id: "unknown", add_on_code: "seat", ...standard },
      ],
    },
  });
  assert.deepEqual(codesOf(plan), ["start", "seat"]);
  const [changed, added] = plan.fixed_charges;
  assert.deepEqual(
    [changed.lago_id, changed.units, changed.charge_model, changed.pay_in_advance, changed.prorated],
    [setup.lago_id, "5.0", "volume", false, false],
  );
  assert.notEqual(added.lago_id, seat.lago_id);
  const emptied = await client.must("PUT", "/plans/p", { plan: { fixed_charges: [] } });
  assert.deepEqual(emptied.plan.fixed_charges, []);
});

test("fixed charges are created, shown, listed, changed and deleted one by one", async () => {
  const { client, setup } = await organization();
  await client.must("POST", "/plans", { plan: PLAN });
  const create = (fixed_charge: object) => client.must("POST", "/plans/p/fixed_charges", { fixed_charge });
  const standard = { charge_model: "standard", properties: { amount: "5" }, units: "2" };
  const { fixed_charge } = await create({ code: "once", add_on_id: setup, invoice_display_name: "Once", ...standard });
  await client.at("2024-06-16T00:00:00Z");
  await create({ code: "seats", add_on_code: "seat", ...standard });
  assert.deepEqual(await client.must("GET", "/plans/p/fixed_charges/once"), { fixed_charge });
  const list = await client.must("GET", "/plans/p/fixed_charges?per_page=1");
  assert.deepEqual([codesOf(list), list.meta.total_count], [["seats"], 2], "newest first");
  const changed = await client.must("PUT", "/plans/p/fixed_charges/once", {
    fixed_charge: { properties: { amount: "7" }, apply_units_immediately: true },
  });
  assert.deepEqual(changed.fixed_charge, { ...fixed_charge, properties: { amount: "7" }, invoice_display_name: null });
  const renamed = await client.must("PUT", "/plans/p/fixed_charges/once", {
    fixed_charge: { code: "first", units: 3 },
  });
  assert.deepEqual(
    [renamed.fixed_charge.code, renamed.fixed_charge.units, renamed.fixed_charge.properties],
    ["first", "3.0", { amount: "0" }],
    "absent properties are reset",
  );
  assert.deepEqual(await client.must("DELETE", "/plans/p/fixed_charges/first"), renamed);
  assert.deepEqual(codesOf((await client.must("GET", "/plans/p")).plan), ["seats"]);
  await create({ code: "first", add_on_id: setup, ...standard });
});

test("the contract's refusals of fixed charges", async () => {
  const { client, seat } = await organization();
  await client.must("POST", "/plans", { plan: PLAN });
  const given = { code: "a", add_on_id: seat, charge_model: "standard" };
  await client.must("POST", "/plans/p/fixed_charges", { fixed_charge: given });
  await client.must("POST", "/plans/p/fixed_charges", { fixed_charge: { ...given, code: "b" } });
  const nobody = "00000000-0000-4000-8000-000000000000";
  const one = (more: object) =>
    ["POST", "/p/fixed_charges", { fixed_charge: { ...given, code: "c", ...more } }] as const;
  const all = (...fixed_charges: object[]) => ["POST", "", { plan: { ...PLAN, code: "q", fixed_charges } }] as const;
  for (const [[method, path, body], status, expected] of [
    [["POST", "/p/fixed_charges", {}], 400, null],
    [["POST", "/nope/fixed_charges", { fixed_charge: given }], 404, "plan_not_found"],
    [["GET", "/p/fixed_charges/nope", undefined], 404, "fixed_charge_not_found"],
    [["PUT", "/p/fixed_charges/nope", { fixed_charge: {} }], 404, "fixed_charge_not_found"],
    [["DELETE", "/p/fixed_charges/nope", undefined], 404, "fixed_charge_not_found"],
    [one({ add_on_id: nobody }), 404, "add_on_not_found"],
    [one({ add_on_id: null, add_on_code: "nope" }), 404, "add_on_not_found"],
    [one({ add_on_id: null }), 422, { add_on: ["value_is_mandatory"] }],
    [one({ code: "" }), 422, { code: ["value_is_mandatory"] }],
    [one({ code: "a" }), 422, { code: ["value_already_exist"] }],
    [one({ charge_model: "package" }), 422, { charge_model: ["value_is_invalid"] }],
    [one({ charge_model: null }), 422, { charge_model: ["value_is_mandatory"] }],
    [one({ units: -1 }), 422, { units: ["value_is_out_of_range"] }],
    [one({ units: 1e15 }), 422, { units: ["value_is_out_of_range"] }],
    [one({ units: "0.12345678901" }), 422, { units: ["value_is_invalid"] }],
    [one({ charge_model: "volume", pay_in_advance: true }), 422, { pay_in_advance: ["invalid_charge_model"] }],
    [
      one({ charge_model: "graduated", pay_in_advance: true, prorated: true }),
      422,
      { prorated: ["invalid_charge_model"] },
    ],
    [one({ properties: { amount: 5 } }), 422, { properties: ["invalid_amount"] }],
    [one({ tax_codes: ["vat"] }), 404, "tax_not_found"],
    [["PUT", "/p/fixed_charges/a", { fixed_charge: { code: "b" } }], 422, { code: ["value_already_exist"] }],
    [all({ ...given, add_on_id: nobody, units: -1 }), 404, "add_ons_not_found"],
    [all({ ...given, add_on_id: null }), 422, { add_on: ["value_is_mandatory"] }],
    [all(given, given), 422, { code: ["value_already_exist"] }],
    [all({ ...given, units: "-0.5" }), 422, { units: ["value_is_out_of_range"] }],
  ] as const) {
    const answer = await client.call(method, `/plans${path}`, body);
    assert.equal(answer.status, status, `${JSON.stringify(body)} ${JSON.stringify(answer.body)}`);
    if (status === 422) assert.deepEqual(answer.body.error_details, expected);
    if (status === 404) assert.deepEqual(answer.body, { status, error: "Not Found", code: expected });
  }
  assert.deepEqual(codesOf((await client.must("GET", "/plans/p")).plan), ["a", "b"], "nothing was left behind");
});
