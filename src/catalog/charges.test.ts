import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPool } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const NOW = "2024-06-15T12:00:00Z";
const REGIONS = [
  { key: "region", values: ["us", "eu", "asia"] },
  { key: "tier", values: ["pro", "basic"] },
];

interface Catalog {
  readonly client: Client;
  readonly metricId: string;
}

/** An organization with a metric of filters and an empty plan "p". */
async function catalog(): Promise<Catalog> {
  const client = await server.organization();
  await client.at(NOW);
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "B", code: "bytes", aggregation_type: "sum_agg", field_name: "v", filters: REGIONS },
  });
  const terms = { interval: "monthly", amount_cents: 100, amount_currency: "EUR", pay_in_advance: false };
  await client.must("POST", "/plans", { plan: { name: "P", code: "p", ...terms } });
  return { client, metricId: billable_metric.lago_id };
}

const charge = (billable_metric_id: string, more: object = {}) => ({
  charge: { code: "c", billable_metric_id, charge_model: "standard", properties: { amount: "1" }, ...more },
});
const filter = (values: object, more: object = {}) => ({ filter: { values, properties: { amount: "2" }, ...more } });
const codesOf = ({ charges }: { charges: { code: string }[] }) => charges.map(({ code }) => code);

test("a charge is created, shown, listed, changed and deleted on its own", async () => {
  const { client, metricId } = await catalog();
  const created = await client.must(
    "POST",
    "/plans/p/charges",
    charge(metricId, {
      ...{ invoice_display_name: "C", min_amount_cents: "5", accepts_target_wallet: "true" },
      properties: { amount: "1", grouped_by: ["user", ""], junk: 1 },
      filters: [{ values: { region: ["us"] }, properties: { amount: "3" }, invoice_display_name: "US" }],
    }),
  );
  const { lago_id, filters } = created.charge;
  assert.deepEqual(created.charge, {
    ...{ lago_id, lago_billable_metric_id: metricId, code: "c", invoice_display_name: "C" },
    ...{ billable_metric_code: "bytes", created_at: NOW, charge_model: "standard", invoiceable: true },
    ...{ regroup_paid_fees: null, pay_in_advance: false, prorated: false, min_amount_cents: 5 },
    ...{ accepts_target_wallet: true, applied_pricing_unit: null, lago_parent_id: null, taxes: [] },
    properties: { amount: "1", pricing_group_keys: ["user"], grouped_by: ["user"] },
    filters: [
      {
        ...{ lago_id: filters[0].lago_id, invoice_display_name: "US", properties: { amount: "3" } },
        values: { region: ["us"] },
      },
    ],
  });
  assert.deepEqual(await client.must("GET", "/plans/p/charges/c"), created);
  assert.deepEqual((await client.must("GET", "/plans/p")).plan.charges, [created.charge]);
  await client.at("2024-06-16T12:00:00Z");
  await client.must("POST", "/plans/p/charges", charge(metricId, { code: "d" }));
  await client.must("POST", "/plans/p/charges", charge(metricId, { code: "e" }));
  assert.deepEqual(codesOf(await client.must("GET", "/plans/p/charges")), ["d", "e", "c"], "newest first");
  const page = await client.must("GET", "/plans/p/charges?per_page=2&page=2");
  assert.deepEqual([codesOf(page), page.meta.total_count], [["c"], 3]);

  const changed = await client.must("PUT", "/plans/p/charges/c", {
    charge: { code: "x", charge_model: "percentage", filters: [] },
  });
  assert.deepEqual(changed.charge.properties, { rate: "0" }, "absent properties are the model's defaults");
  assert.deepEqual(
    [changed.charge.lago_id, changed.charge.invoice_display_name, changed.charge.min_amount_cents],
    [lago_id, null, 0],
  );
  assert.deepEqual((await client.must("DELETE", "/plans/p/charges/x")).charge, changed.charge);
  assert.deepEqual(codesOf(await client.must("GET", "/plans/p/charges")), ["d", "e"]);
});

test("the refusals of charges (4.2, 4.3 of the metering spec)", async () => {
  const { client, metricId } = await catalog();
  await client.must("POST", "/plans/p/charges", charge(metricId));
  const nobody = "00000000-0000-4000-8000-000000000000";
  const post = (more: object) => ["POST", "/plans/p/charges", charge(metricId, { code: "new", ...more })] as const;
  for (const [[method, path, body], status, expected] of [
    [["POST", "/plans/none/charges", charge(metricId)], 404, "plan_not_found"],
    [["GET", "/plans/none/charges", undefined], 404, "plan_not_found"],
    [["GET", "/plans/p/charges/none", undefined], 404, "charge_not_found"],
    [["PUT", "/plans/p/charges/none", { charge: {} }], 404, "charge_not_found"],
    [["DELETE", "/plans/p/charges/none", undefined], 404, "charge_not_found"],
    [["POST", "/plans/p/charges", {}], 400, undefined],
    [post({ billable_metric_id: nobody }), 404, "billable_metric_not_found"],
    [post({ billable_metric_id: null }), 404, "billable_metric_not_found"],
    [post({ tax_codes: ["vat"] }), 404, "tax_not_found"],
    [post({ code: " " }), 422, { code: ["value_is_mandatory"] }],
    [post({ code: "c" }), 422, { code: ["value_already_exist"] }],
    [post({ charge_model: "odd" }), 422, { charge_model: ["value_is_invalid"] }],
    [post({ charge_model: null }), 422, { charge_model: ["value_is_mandatory"] }],
    [post({ properties: { amount: 1 } }), 422, { properties: ["invalid_amount"] }],
    [
      post({ pay_in_advance: true, charge_model: "volume", properties: null, min_amount_cents: 1 }),
      422,
      {
        pay_in_advance: ["invalid_aggregation_type_or_charge_model"],
        min_amount_cents: ["not_compatible_with_pay_in_advance"],
      },
    ],
    [post({ invoiceable: false }), 422, { invoiceable: ["must_be_true_unless_pay_in_advance"] }],
    [post({ applied_pricing_unit: { code: "x" } }), 422, { pricing_unit: ["relation_must_exist"] }],
    [
      post({ filters: [{ values: { zone: ["a"] }, properties: { amount: "1" } }] }),
      422,
      { billable_metric_filter: ["relation_must_exist"], values: ["value_is_invalid"] },
    ],
    [
      ["PUT", "/plans/p/charges/c", { charge: { charge_model: "standard", billable_metric_id: nobody } }],
      404,
      "billable_metric_not_found",
    ],
  ] as const) {
    const answer = await client.call(method, path, body);
    const found = typeof expected === "object" ? answer.body.error_details : answer.body.code;
    assert.deepEqual([answer.status, found], [status, expected], `${method} ${path} ${JSON.stringify(body)}`);
  }
  assert.deepEqual(codesOf(await client.must("GET", "/plans/p/charges")), ["c"]);
});

test("filters are created, shown, listed, changed and deleted on their own", async () => {
  const { client, metricId } = await catalog();
  await client.must("POST", "/plans/p/charges", charge(metricId));
  const base = "/plans/p/charges/c/filters";
  const created = await client.must("POST", base, filter({ region: ["us", "eu"] }, { invoice_display_name: "West" }));
  const { lago_id } = created.filter;
  assert.deepEqual(created.filter, {
    ...{ lago_id, charge_code: "c", invoice_display_name: "West", properties: { amount: "2" } },
    values: { region: ["us", "eu"] },
  });
  const all = await client.must("POST", base, filter({ tier: ["__ALL_FILTER_VALUES__"] }));
  assert.deepEqual(await client.must("GET", `${base}/${lago_id.toUpperCase()}`), created);
  const { charge_code: _, ...embedded } = created.filter;
  assert.deepEqual((await client.must("GET", "/plans/p")).plan.charges[0].filters[0], embedded);

  const put = (body: object) => client.must("PUT", `${base}/${lago_id}`, { filter: body });
  const renamed = await put({ invoice_display_name: null, values: { region: ["asia"] } });
  assert.deepEqual(renamed.filter, { ...created.filter, invoice_display_name: null }, "values never change");
  const priced = await put({ properties: { amount: "9", pricing_group_keys: ["user"], presentation_group_keys: [] } });
  assert.deepEqual(priced.filter.properties, { amount: "9", pricing_group_keys: ["user"], grouped_by: ["user"] });

  const listed = await client.must("GET", `${base}?per_page=1&page=2`);
  assert.deepEqual([listed.filters, listed.meta.total_count], [[all.filter], 2]);
  assert.deepEqual((await client.must("DELETE", `${base}/${lago_id}`)).filter, priced.filter);
  assert.deepEqual((await client.must("GET", base)).filters, [all.filter]);
});

test("the refusals of filters (6.4 of the metering spec)", async () => {
  const { client, metricId } = await catalog();
  await client.must("POST", "/plans/p/charges", charge(metricId));
  await client.must("POST", "/plans/p/charges", charge(metricId, { code: "d" }));
  const base = "/plans/p/charges/c/filters";
  const other = await client.must("POST", "/plans/p/charges/d/filters", filter({ region: ["us"] }));
  const own = (await client.must("POST", base, filter({ region: ["us"] }))).filter.lago_id;
  const twin = (await client.must("POST", base, filter({ region: ["us"] }))).filter.lago_id;
  assert.notEqual(own, twin, "a plan's charge may have twins");
  for (const [[method, path, body], status, expected] of [
    [["GET", `${base}/${other.filter.lago_id}`, undefined], 404, "charge_filter_not_found"],
    [["GET", `${base}/nothing`, undefined], 404, "charge_filter_not_found"],
    [["PUT", `${base}/nothing`, { filter: {} }], 404, "charge_filter_not_found"],
    [["DELETE", `${base}/nothing`, undefined], 404, "charge_filter_not_found"],
    [["GET", "/plans/p/charges/none/filters", undefined], 404, "charge_not_found"],
    [["POST", "/plans/none/charges/c/filters", filter({})], 404, "plan_not_found"],
    [["POST", base, {}], 400, undefined],
    [["POST", base, filter({})], 422, { values: ["value_is_mandatory"] }],
    [["POST", base, filter({ region: [] })], 422, { values: ["value_is_mandatory"] }],
    [["POST", base, filter({ region: ["moon"] })], 422, { values: ["value_is_invalid"] }],
    [["POST", base, filter({ region: "us" })], 422, { values: ["value_is_invalid"] }],
    [["POST", base, filter({ region: ["us"] }, { properties: {} })], 422, { properties: ["invalid_amount"] }],
    [["PUT", `${base}/${own}`, { filter: { properties: { amount: "-1" } } }], 422, { properties: ["invalid_amount"] }],
  ] as const) {
    const answer = await client.call(method, path, body);
    const found = typeof expected === "object" ? answer.body.error_details : answer.body.code;
    assert.deepEqual([answer.status, found], [status, expected], `${method} ${path} ${JSON.stringify(body)}`);
  }
});

test("a list of filters replaces the other: equal values keep their id, and the order is the list's (6.5 of the metering spec)", async () => {
  const { client, metricId } = await catalog();
  const entry = (values: object, amount: string) => ({ values, properties: { amount } });
  const [us, eu, asia] = [{ region: ["us"], tier: ["pro"] }, { region: ["eu"] }, { region: ["asia"] }];
  const body = charge(metricId, { filters: [entry(us, "1"), entry(eu, "2")] });
  const { filters: before } = (await client.must("POST", "/plans/p/charges", body)).charge;
  const put = async (more: object) =>
    (await client.must("PUT", "/plans/p/charges/c", { charge: { properties: { amount: "1" }, ...more } })).charge
      .filters;
  assert.deepEqual(await put({}), before, "without the key they stay");
  const after = await put({ filters: [entry(asia, "3"), entry({ tier: ["pro"], region: ["us"] }, "4")] });
  assert.deepEqual(
    after.map(({ properties }: { properties: { amount: string } }) => properties.amount),
    ["3", "4"],
  );
  assert.equal(after[1].lago_id, before[0].lago_id);
  assert.deepEqual(await put({ filters: [] }), []);
});

test("a metric's filters trim those of charges, and deleting the metric takes both along (1.3, 1.4 of the metering spec)", async () => {
  const { client, metricId } = await catalog();
  const { plan } = await client.must("GET", "/plans/p");
  const entry = (values: object) => ({ values, properties: { amount: "1" } });
  const ALL = ["__ALL_FILTER_VALUES__"];
  const lists = [{ region: ["us", "eu"] }, { region: ["us"], tier: ["pro"] }, { region: ["us"] }, { region: ALL }];
  await client.must("POST", "/plans/p/charges", charge(metricId, { filters: lists.map(entry) }));
  const valuesNow = async () =>
    (await client.must("GET", "/plans/p/charges/c")).charge.filters.map(({ values }: { values: object }) => values);
  const trim = (filters: object) => client.must("PUT", "/billable_metrics/bytes", { billable_metric: { filters } });
  await trim([{ key: "region", values: ["eu", "asia"] }, REGIONS[1]]);
  assert.deepEqual(await valuesNow(), [{ region: ["eu"] }, { tier: ["pro"] }, { region: ALL }]);
  await trim([REGIONS[1]]);
  assert.deepEqual(await valuesNow(), [{ tier: ["pro"] }]);
  await client.must("DELETE", "/billable_metrics/bytes");
  assert.equal((await client.call("GET", "/plans/p/charges/c")).status, 404);
  const pool = openPool({ url: server.databaseUrl, poolSize: 1 });
  try {
    const live = await pool.query("select from charge_filters where organization_id = $1 and deleted_at is null", [
      client.organizationId,
    ]);
    assert.equal(live.rowCount, 0);
    const { rows } = await pool.query("select content from plan_versions where plan_id = $1 order by no", [
      plan.lago_id,
    ]);
    const filtersOf = ({ content }: (typeof rows)[number]) =>
      content.charges[0]?.filters.map(({ values }: { values: object }) => values);
    assert.deepEqual(rows.map(filtersOf), [
      undefined,
      [
        { region: ["us", "eu"] },
        { region: ["us"], tier: ["pro"] },
        { region: ["us"] },
        { region: ["us", "eu", "asia"] },
      ],
      [{ region: ["eu"] }, { tier: ["pro"] }, { region: ["eu", "asia"] }],
      [{ tier: ["pro"] }],
      undefined,
    ]);
  } finally {
    await pool.end();
  }
});

test("another organization's charges and filters are not there", async () => {
  const [mine, theirs] = [await catalog(), await catalog()];
  await mine.client.must("POST", "/plans/p/charges", charge(mine.metricId));
  const { filter: own } = await mine.client.must("POST", "/plans/p/charges/c/filters", filter({ region: ["us"] }));
  await theirs.client.must("POST", "/plans/p/charges", charge(theirs.metricId));
  assert.equal((await theirs.client.call("GET", `/plans/p/charges/c/filters/${own.lago_id}`)).status, 404);
  assert.equal(
    (await theirs.client.call("POST", "/plans/p/charges", charge(mine.metricId, { code: "x" }))).status,
    404,
  );
});
