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

async function metricOf(client: Client, code = "calls", more: object = {}): Promise<string> {
  const billable_metric = { name: code, code, aggregation_type: "sum_agg", field_name: "v", ...more };
  return (await client.must("POST", "/billable_metrics", { billable_metric })).billable_metric.lago_id;
}

const plan = (more: object = {}) => ({
  plan: {
    ...{ name: "P", code: "p", interval: "monthly", amount_cents: 100, amount_currency: "EUR", pay_in_advance: false },
    ...more,
  },
});

test("a plan is created, shown, listed, changed and deleted", async () => {
  const client = await organization();
  const billable_metric_id = await metricOf(client);
  const created = await client.must(
    "POST",
    "/plans",
    plan({
      ...{ interval: "yearly", amount_cents: "10000", pay_in_advance: "true", trial_period: 1.5 },
      ...{ invoice_display_name: "Plan", description: "D", bill_charges_monthly: true, tax_codes: [] },
      ...{ minimum_commitment: {}, usage_thresholds: [], metadata: {}, fixed_charges: [], cascade_updates: false },
      charges: [
        {
          ...{ billable_metric_id, charge_model: "package", invoice_display_name: "Calls", min_amount_cents: 5 },
          properties: { amount: "30", free_units: 100, package_size: 1000, pricing_group_keys: ["a"], junk: 1 },
          ...{ filters: [], tax_codes: [], applied_pricing_unit: null, accepts_target_wallet: false },
        },
      ],
    }),
  );
  const { lago_id, charges } = created.plan;
  const charge = {
    ...{ lago_id: charges[0].lago_id, lago_billable_metric_id: billable_metric_id, code: "calls" },
    ...{ invoice_display_name: "Calls", billable_metric_code: "calls", created_at: NOW, charge_model: "package" },
    ...{ invoiceable: true, regroup_paid_fees: null, pay_in_advance: false, prorated: false, min_amount_cents: 5 },
    accepts_target_wallet: false,
    properties: { amount: "30", free_units: 100, package_size: 1000, pricing_group_keys: ["a"], grouped_by: ["a"] },
    ...{ applied_pricing_unit: null, lago_parent_id: null, filters: [], taxes: [] },
  };
  const listed = {
    ...{ lago_id, name: "P", invoice_display_name: "Plan", created_at: NOW, code: "p", interval: "yearly" },
    ...{ description: "D", amount_cents: 10000, amount_currency: "EUR", trial_period: 1.5, pay_in_advance: true },
    ...{ bill_charges_monthly: true, bill_fixed_charges_monthly: false },
    ...{ customers_count: 0, active_subscriptions_count: 0, draft_invoices_count: 0 },
    ...{ parent_id: null, pending_deletion: false, charges: [charge], entitlements: [] },
    ...{ usage_thresholds: [], applicable_usage_thresholds: [], taxes: [], metadata: {} },
  };
  assert.deepEqual(created.plan, { ...listed, fixed_charges: [] });
  assert.deepEqual(await client.must("GET", "/plans/p"), created);
  assert.deepEqual(await client.must("GET", "/plans"), {
    plans: [listed],
    meta: { current_page: 1, next_page: null, prev_page: null, total_pages: 1, total_count: 1 },
  });
  const changed = await client.must("PUT", "/plans/p", { plan: { code: "q", description: null, trial_period: null } });
  assert.deepEqual(changed.plan, { ...created.plan, code: "q", description: null, trial_period: null });
  const deleted = await client.must("DELETE", "/plans/q");
  assert.deepEqual(deleted.plan, { ...changed.plan, pending_deletion: true });
  assert.equal((await client.call("GET", "/plans/q")).status, 404);
  assert.equal((await client.must("GET", "/plans")).meta.total_count, 0);
});

test("the contract's refusals, the first part deciding", async () => {
  const client = await organization();
  const billable_metric_id = await metricOf(client);
  const latest = await metricOf(client, "latest", { aggregation_type: "latest_agg" });
  await client.must("POST", "/plans", plan());
  await client.must("POST", "/plans", plan({ code: "other" }));
  const nobody = "00000000-0000-4000-8000-000000000000";
  const charge = (more: object = {}) => ({
    charges: [{ billable_metric_id, charge_model: "standard", properties: { amount: "1" }, ...more }],
  });
  const create = (more: object) => ["POST", "", plan({ code: "new", ...more })] as const;
  for (const [[method, path, body], status, expected] of [
    [["POST", "", {}], 400, null],
    [["POST", "", { plan: null }], 400, null],
    [["POST", "", plan()], 422, { code: ["value_already_exist"] }],
    [create({ interval: null }), 422, { interval: ["value_is_invalid"] }],
    [create({ pay_in_advance: null }), 422, { pay_in_advance: ["value_is_invalid"] }],
    [create({ amount_currency: "XXX" }), 422, { amount_currency: ["value_is_invalid"] }],
    [create({ amount_cents: "1.5" }), 422, { amount_cents: ["value_is_invalid"] }],
    [create({ interval: null, ...charge({ billable_metric_id: nobody }) }), 404, "billable_metrics_not_found"],
    [create(charge({ billable_metric_id: "no-id" })), 404, "billable_metrics_not_found"],
    [create({ name: "", fixed_charges: [{ add_on_id: nobody }] }), 404, "add_ons_not_found"],
    [create({ fixed_charges: [{ add_on_code: "setup", charge_model: "standard" }] }), 404, "add_ons_not_found"],
    [create({ fixed_charges: [{ units: 1 }] }), 422, { add_on: ["value_is_mandatory"] }],
    [create({ tax_codes: ["vat"], ...charge({ charge_model: "x" }) }), 404, "tax_not_found"],
    [create(charge({ tax_codes: ["vat"] })), 404, "tax_not_found"],
    [create(charge({ charge_model: "x", tax_codes: ["vat"] })), 422, { charge_model: ["value_is_invalid"] }],
    [create(charge({ properties: { amount: 5 } })), 422, { properties: ["invalid_amount"] }],
    [
      create(charge({ billable_metric_id: latest, charge_model: "percentage", properties: { rate: "x" } })),
      422,
      { properties: ["invalid_value", "invalid_rate"] },
    ],
    [create(charge({ applied_pricing_unit: { code: "x" } })), 422, { pricing_unit: ["relation_must_exist"] }],
    [
      create(charge({ filters: [{ values: {} }] })),
      422,
      { values: ["value_is_mandatory"], properties: ["invalid_amount"] },
    ],
    [create({ minimum_commitment: { amount_cents: 0 } }), 422, { amount_cents: ["value_is_out_of_range"] }],
    [create({ minimum_commitment: { invoice_display_name: "x" } }), 422, { amount_cents: ["value_is_out_of_range"] }],
    [create({ minimum_commitment: { amount_cents: 1, tax_codes: ["vat"] } }), 404, "tax_not_found"],
    [create({ usage_thresholds: [{ recurring: true }] }), 422, { usage_thresholds: ["missing_amount_cents"] }],
    [create({ usage_thresholds: [{ amount_cents: -1 }] }), 422, { amount_cents: ["value_is_out_of_range"] }],
    [create({ metadata: { a: 1 }, tax_codes: ["vat"] }), 422, { value: ["value_is_invalid"] }],
    [["PUT", "/p", { plan: { code: "other" } }], 422, { code: ["value_already_exist"] }],
    [["PUT", "/p", { plan: { interval: "x" } }], 422, { interval: ["value_is_invalid"] }],
    [["PUT", "/nope", { plan: { name: "x" } }], 404, "plan_not_found"],
    [["GET", "/nope", undefined], 404, "plan_not_found"],
    [["DELETE", "/nope", undefined], 404, "plan_not_found"],
  ] as const) {
    const answer = await client.call(method, `/plans${path}`, body);
    assert.equal(answer.status, status, `${JSON.stringify(body)} ${JSON.stringify(answer.body)}`);
    if (status === 422) assert.deepEqual(answer.body.error_details, expected);
    if (status === 404) assert.deepEqual(answer.body, { status, error: "Not Found", code: expected });
  }
  assert.equal((await client.must("GET", "/plans")).meta.total_count, 2, "nothing was left behind");
});

test("charges without properties cost nothing, in every model", async () => {
  const client = await organization();
  const billable_metric_id = await metricOf(client);
  const custom = await metricOf(client, "custom", {
    aggregation_type: "custom_agg",
    custom_aggregator: "function aggregate(state) { return state; }",
  });
  const models = ["standard", "graduated", "package", "percentage", "volume", "graduated_percentage", "dynamic"];
  const charges = models.map((charge_model) => ({ billable_metric_id, charge_model }));
  const created = await client.must(
    "POST",
    "/plans",
    plan({ charges: [...charges, { billable_metric_id: custom, charge_model: "custom", properties: {} }] }),
  );
  const open = { from_value: 0, to_value: null, flat_amount: "0" };
  assert.deepEqual(
    created.plan.charges.map(({ properties }: { properties: object }) => properties),
    [
      { amount: "0" },
      { graduated_ranges: [{ ...open, per_unit_amount: "0" }] },
      { amount: "0", free_units: 0, package_size: 1 },
      { rate: "0" },
      { volume_ranges: [{ ...open, per_unit_amount: "0" }] },
      { graduated_percentage_ranges: [{ ...open, rate: "0", fixed_amount: "0" }] },
      {},
      {},
    ],
  );
  assert.deepEqual(
    created.plan.charges.map(({ code }: { code: string }) => code),
    ["calls", ...[2, 3, 4, 5, 6, 7].map((n) => `calls_${n}`), "custom"],
  );
});

test("a list of charges is the complete new one: known ids change, the rest is new, the unlisted go", async () => {
  const client = await organization();
  const billable_metric_id = await metricOf(client);
  const entry = (code: string, amount: string) => ({
    ...{ billable_metric_id, charge_model: "standard", code, properties: { amount } },
    ...{ invoice_display_name: code, min_amount_cents: 7 },
  });
  const created = await client.must(
    "POST",
    "/plans",
    plan({ charges: [entry("a", "1"), entry("b", "2"), entry("c", "3")] }),
  );
  const [a, b] = created.plan.charges;
  const untouched = await client.must("PUT", "/plans/p", { plan: { name: "Q" } });
  assert.deepEqual(untouched.plan.charges, created.plan.charges);
  const changed = await client.must("PUT", "/plans/p", {
    plan: {
      charges: [
        { id: a.lago_id.toUpperCase(), charge_model: "standard", code: "b", properties: { amount: "10" } },
        { id: b.lago_id, code: "a" },
        { id: "00000000-0000-4000-8000-000000000000", ...entry("c", "30") },
        entry("", "40"),
      ],
    },
  });
  const cleared = { invoice_display_name: null, min_amount_cents: 0 };
  const [first, second, third, fourth] = changed.plan.charges;
  assert.deepEqual(first, { ...a, ...cleared, code: "b", properties: { amount: "10" } });
  assert.deepEqual(second, { ...b, ...cleared, code: "a", properties: { amount: "0" } });
  assert.deepEqual([third.code, third.properties, third.min_amount_cents], ["c", { amount: "30" }, 7]);
  assert.deepEqual([fourth.code, fourth.properties], ["calls", { amount: "40" }]);
  assert.equal(changed.plan.charges.length, 4);
  assert.deepEqual((await client.must("GET", "/plans/p")).plan, changed.plan);
  assert.deepEqual((await client.must("PUT", "/plans/p", { plan: { charges: [] } })).plan.charges, []);
});

test("a change is made as a whole or not at all", async () => {
  const client = await organization();
  const billable_metric_id = await metricOf(client);
  const charge = { billable_metric_id, charge_model: "standard", properties: { amount: "1" } };
  const { plan: before } = await client.must("POST", "/plans", plan({ charges: [charge] }));
  const refused = await client.call("PUT", "/plans/p", {
    plan: { name: "Q", amount_cents: 5, charges: [charge, { ...charge, properties: { amount: "x" } }] },
  });
  assert.equal(refused.status, 422);
  assert.deepEqual((await client.must("GET", "/plans/p")).plan, before);
});

test("many who take one code at once: one gets it", async () => {
  const client = await organization();
  const answers = await Promise.all(Array.from({ length: 12 }, () => client.call("POST", "/plans", plan())));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(11).fill(422)]);
  await client.must("DELETE", "/plans/p");
  await client.must("POST", "/plans", plan());
});

test("another organization's plans and charges are not there", async () => {
  const [one, two] = [await organization(), await organization()];
  const charge = { billable_metric_id: await metricOf(one), charge_model: "standard", properties: { amount: "1" } };
  const { plan: first } = await one.must("POST", "/plans", plan({ charges: [charge] }));
  for (const [method, body] of [["GET"], ["PUT", { plan: { name: "x" } }], ["DELETE"]] as const) {
    assert.equal((await two.call(method, "/plans/p", body)).status, 404);
  }
  const own = { ...charge, billable_metric_id: await metricOf(two), properties: { amount: "2" } };
  await two.must("POST", "/plans", plan());
  const { plan: second } = await two.must("PUT", "/plans/p", {
    plan: { charges: [{ ...own, id: first.charges[0].lago_id }] },
  });
  assert.notEqual(second.charges[0].lago_id, first.charges[0].lago_id);
  assert.deepEqual((await one.must("GET", "/plans/p")).plan, first);
});

test("plans are listed newest first, in pages, without their fixed charges", async () => {
  const client = await organization();
  for (const code of ["a", "b"]) await client.must("POST", "/plans", plan({ code }));
  await client.at("2024-06-16T00:00:00Z");
  await client.must("POST", "/plans", plan({ code: "c" }));
  const codes = async (query: string) => {
    const { plans } = await client.must("GET", `/plans${query}`);
    assert.ok(plans.every((listed: object) => !("fixed_charges" in listed)));
    return plans.map(({ code }: { code: string }) => code);
  };
  assert.deepEqual(await codes(""), ["c", "a", "b"]);
  assert.deepEqual(await codes("?per_page=2&page=2"), ["b"]);
  assert.deepEqual(await codes("?page=9"), []);
});

test("odd bodies are refused in the contract's shape", async () => {
  const client = await organization();
  const billable_metric_id = await metricOf(client);
  const charge = (more: object) => ({ billable_metric_id, charge_model: "graduated", ...more });
  const ranges = (from_value: unknown) => ({
    graduated_ranges: [{ from_value, to_value: null, per_unit_amount: "1", flat_amount: "1" }],
  });
  for (const odd of [
    { charges: {} },
    { charges: [null] },
    { charges: ["x"] },
    { charges: [charge({ properties: [] })] },
    { charges: [charge({ properties: ranges({}) })] },
    { charges: [charge({ properties: ranges(1e300) })] },
    { charges: [charge({ code: "x".repeat(300) })] },
    { charges: [charge({ min_amount_cents: -1 })] },
    { amount_cents: 1e30 },
    { amount_cents: "999999999999999999999" },
    { trial_period: "1".repeat(61) },
    { name: { a: 1 } },
    { name: "\u0000" },
    { interval: ["monthly"] },
    { metadata: "x" },
  ]) {
    const answer = await client.call("POST", "/plans", plan(odd));
    assert.equal(answer.status, 422, `${JSON.stringify(odd)} ${JSON.stringify(answer.body)}`);
    assert.equal(answer.body.code, "validation_errors");
  }
  const exact = `{"plan": {"name": "N", "code": "exact", "interval": "weekly", "amount_cents": 1, "amount_currency": "EUR", "pay_in_advance": false,
    "charges": [{"billable_metric_id": "${billable_metric_id}", "charge_model": "graduated", "properties": {"graduated_ranges": [
      {"from_value": 0, "to_value": 0.12345678901234567891, "per_unit_amount": "1", "flat_amount": "0"},
      {"from_value": 0.12345678901234567891, "to_value": null, "per_unit_amount": "1", "flat_amount": "0"}]}}]}}`;
  const { plan: kept } = await client.must("POST", "/plans", exact);
  assert.equal(kept.charges[0].properties.graduated_ranges[1].from_value, "0.12345678901234567891");
});
