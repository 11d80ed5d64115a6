import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDatabase, openPool } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";
import { meteredProperties } from "./index.ts";

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

const metric = (more: object = {}) => ({
  billable_metric: { name: "Storage", code: "storage", aggregation_type: "sum_agg", field_name: "gb", ...more },
});

const plan = (code: string, metricId: string) => ({
  plan: {
    ...{ name: code, code, interval: "monthly", amount_cents: 0, amount_currency: "EUR", pay_in_advance: false },
    charges: [{ billable_metric_id: metricId, charge_model: "standard", properties: { amount: "1" } }],
  },
});

test("a metric is created, shown, listed, changed and deleted", async () => {
  const client = await organization();
  const created = await client.must(
    "POST",
    "/billable_metrics",
    metric({
      ...{ description: "GB", recurring: true, rounding_function: "ceil", rounding_precision: 2 },
      ...{ expression: "event.properties.gb * 2", weighted_interval: null },
      filters: [
        { key: "region", values: ["us", "eu", "us"] },
        { key: "cloud", values: ["aws"] },
      ],
    }),
  );
  const { lago_id } = created.billable_metric;
  assert.deepEqual(created.billable_metric, {
    ...{ lago_id, name: "Storage", code: "storage", description: "GB", aggregation_type: "sum_agg" },
    ...{ weighted_interval: null, recurring: true, rounding_function: "ceil", rounding_precision: 2 },
    ...{ created_at: NOW, field_name: "gb", expression: "event.properties.gb * 2" },
    filters: [
      { key: "cloud", values: ["aws"] },
      { key: "region", values: ["eu", "us"] },
    ],
    ...{ active_subscriptions_count: 0, draft_invoices_count: 0, plans_count: 0 },
  });
  assert.deepEqual(await client.must("GET", "/billable_metrics/storage"), created);
  const changed = await client.must("PUT", "/billable_metrics/storage", {
    billable_metric: { name: "Disk", code: "disk", recurring: "false", filters: [], expression: null },
  });
  assert.deepEqual(changed.billable_metric, {
    ...created.billable_metric,
    ...{ name: "Disk", code: "disk", recurring: false, filters: [], expression: null },
  });
  assert.deepEqual(await client.must("GET", "/billable_metrics"), {
    billable_metrics: [changed.billable_metric],
    meta: { current_page: 1, next_page: null, prev_page: null, total_pages: 1, total_count: 1 },
  });
  assert.deepEqual(await client.must("DELETE", "/billable_metrics/disk"), changed);
  assert.equal((await client.call("GET", "/billable_metrics/disk")).status, 404);
  assert.equal((await client.must("GET", "/billable_metrics")).meta.total_count, 0);
  await client.must("POST", "/billable_metrics", metric({ code: "disk" }));
});

test("the contract's refusals", async () => {
  const client = await organization();
  await client.must("POST", "/billable_metrics", metric());
  await client.must("POST", "/billable_metrics", metric({ code: "other" }));
  const notFound = { status: 404, error: "Not Found", code: "billable_metric_not_found" };
  for (const [method, path, body, status, expected] of [
    ["POST", "", {}, 400, undefined],
    ["POST", "", metric(), 422, { code: ["value_already_exist"] }],
    ["POST", "", metric({ code: "new", aggregation_type: "nope" }), 422, { aggregation_type: ["value_is_invalid"] }],
    ["POST", "", metric({ code: "new", field_name: null }), 422, { field_name: ["value_is_mandatory"] }],
    ["POST", "", metric({ code: "new", recurring: "maybe" }), 422, { recurring: ["value_is_invalid"] }],
    ["POST", "", metric({ code: "new", rounding_precision: 1.5 }), 422, { rounding_precision: ["value_is_invalid"] }],
    ["POST", "", metric({ code: "new", filters: [{ key: "a", values: [] }] }), 422, { values: ["value_is_mandatory"] }],
    ["POST", "", metric({ code: "new", expression: "1 +" }), 422, { expression: ["invalid_expression"] }],
    ["PUT", "/storage", { billable_metric: { code: "other" } }, 422, { code: ["value_already_exist"] }],
    ["PUT", "/nope", { billable_metric: { name: "x" } }, 404, notFound],
    ["GET", "/nope", undefined, 404, notFound],
    ["DELETE", "/nope", undefined, 404, notFound],
  ] as const) {
    const answer = await client.call(method, `/billable_metrics${path}`, body);
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(answer.body)}`);
    if (status === 422) assert.deepEqual(answer.body.error_details, expected);
    if (status === 404) assert.deepEqual(answer.body, expected);
  }
  assert.equal((await client.must("GET", "/billable_metrics")).meta.total_count, 2);
});

test("texts keep no character that a column cannot hold", async () => {
  const client = await organization();
  const { billable_metric } = await client.must(
    "POST",
    "/billable_metrics",
    metric({ name: "a\u0000b", code: "é\ud800" }),
  );
  assert.equal(billable_metric.name, "ab");
  assert.equal(billable_metric.code, "é\ufffd");
});

test("many who take one code at once: one gets it", async () => {
  const client = await organization();
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => client.call("POST", "/billable_metrics", metric())),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(11).fill(422)]);
  for (const { status, body } of answers) {
    if (status === 422) assert.deepEqual(body.error_details, { code: ["value_already_exist"] });
  }
});

test("another organization's metrics are not there", async () => {
  const [one, two] = [await organization(), await organization()];
  const { billable_metric } = await one.must("POST", "/billable_metrics", metric());
  assert.equal((await two.call("GET", "/billable_metrics/storage")).status, 404);
  assert.equal((await two.call("DELETE", "/billable_metrics/storage")).status, 404);
  assert.equal((await two.must("GET", "/billable_metrics")).meta.total_count, 0);
  const refused = await two.call("POST", "/plans", plan("p", billable_metric.lago_id));
  assert.deepEqual([refused.status, refused.body.code], [404, "billable_metrics_not_found"]);
  await two.must("POST", "/billable_metrics", metric());
});

test("metrics are listed newest first, in pages, those of one moment in order of creation", async () => {
  const client = await organization();
  for (const code of ["a", "b"]) await client.must("POST", "/billable_metrics", metric({ code }));
  await client.at("2024-06-16T00:00:00Z");
  await client.must("POST", "/billable_metrics", metric({ code: "c" }));
  const codes = async (query: string) => {
    const { billable_metrics, meta } = await client.must("GET", `/billable_metrics${query}`);
    return [billable_metrics.map(({ code }: { code: string }) => code), meta.total_pages, meta.next_page];
  };
  assert.deepEqual(await codes(""), [["c", "a", "b"], 1, null]);
  assert.deepEqual(await codes("?per_page=2"), [["c", "a"], 2, 2]);
  assert.deepEqual(await codes("?per_page=2&page=2"), [["b"], 2, null]);
  assert.equal((await client.call("GET", "/billable_metrics?page=x")).status, 422);
});

test("a metric that a plan uses is locked but for name, description and filters; its deletion takes the charges along", async () => {
  const client = await organization();
  const { billable_metric } = await client.must("POST", "/billable_metrics", metric());
  for (const code of ["p", "q"]) await client.must("POST", "/plans", plan(code, billable_metric.lago_id));
  const changed = await client.must("PUT", "/billable_metrics/storage", {
    billable_metric: {
      ...{ name: "Disk", description: "D", filters: [{ key: "k", values: ["v"] }] },
      ...{ code: "disk", aggregation_type: "max_agg", field_name: "mb", recurring: true, rounding_function: "up" },
    },
  });
  assert.deepEqual(changed.billable_metric, {
    ...billable_metric,
    ...{ name: "Disk", description: "D", filters: [{ key: "k", values: ["v"] }] },
  });
  await client.must("DELETE", "/plans/q");
  await client.must("DELETE", "/billable_metrics/storage");
  assert.deepEqual((await client.must("GET", "/plans/p")).plan.charges, []);
});

test("every change is told and counts as a version of the catalog; a refused one does not", async () => {
  const client = await organization();
  const { billable_metric } = await client.must("POST", "/billable_metrics", metric());
  const { plan: used } = await client.must("POST", "/plans", plan("p", billable_metric.lago_id));
  await client.call("POST", "/billable_metrics", metric());
  await client.must("PUT", "/billable_metrics/storage", { billable_metric: { name: "Disk" } });
  await client.must("DELETE", "/billable_metrics/storage");
  const pool = openPool({ url: server.databaseUrl, poolSize: 1 });
  try {
    const organizations = await pool.query("select catalog_version from organizations where id = $1", [
      client.organizationId,
    ]);
    assert.equal(organizations.rows[0].catalog_version, 4n);
    const { rows } = await pool.query(
      "select kind, subject_id, payload from domain_events where organization_id = $1 and kind like 'billable_metric.%' order by ordinal",
      [client.organizationId],
    );
    const subject_id = billable_metric.lago_id;
    assert.deepEqual(rows, [
      { kind: "billable_metric.created", subject_id, payload: { code: "storage" } },
      { kind: "billable_metric.updated", subject_id, payload: { code: "storage", plan_ids: [] } },
      { kind: "billable_metric.deleted", subject_id, payload: { code: "storage", plan_ids: [used.lago_id] } },
    ]);
    const versions = await pool.query("select no, content from plan_versions where plan_id = $1 order by no", [
      used.lago_id,
    ]);
    assert.deepEqual(
      versions.rows.map(({ no, content }) => [no, content.charges.length]),
      [
        [1, 1],
        [2, 0],
      ],
    );
  } finally {
    await pool.end();
  }
});

test("which properties of a code are read: those of live metrics on live charges, a count as none", async () => {
  const client = await organization();
  const add = async (code: string, more: object) =>
    (await client.must("POST", "/billable_metrics", metric({ code, ...more }))).billable_metric.lago_id;
  const sum = await add("sum", {});
  const count = await add("count", { aggregation_type: "count_agg" });
  await add("unused", {});
  for (const code of ["p", "q"]) await client.must("POST", "/plans", plan(code, sum));
  await client.must("POST", "/plans", plan("r", count));
  const { db, close } = openDatabase({ url: server.databaseUrl, poolSize: 1 });
  try {
    const organization_id = client.organizationId;
    const codes = ["sum", "count", "unused", "unknown"].map((code) => ({ organization_id, code }));
    assert.deepEqual(await meteredProperties(db, codes), [
      { organization_id, code: "count", aggregation_type: "count_agg", field_name: null },
      { organization_id, code: "sum", aggregation_type: "sum_agg", field_name: "gb" },
    ]);
    await client.must("DELETE", "/plans/p");
    assert.equal((await meteredProperties(db, codes)).length, 2);
    await client.must("DELETE", "/plans/q");
    assert.equal((await meteredProperties(db, codes)).length, 1);
    assert.deepEqual(await meteredProperties(db, []), []);
  } finally {
    await close();
  }
});
