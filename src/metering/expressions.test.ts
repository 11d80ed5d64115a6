import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

async function organization(expression: string | null = "event.properties.a + event.properties.b"): Promise<Client> {
  const client = await server.organization();
  await client.at("2024-06-15T12:00:00Z");
  await client.must("POST", "/billable_metrics", {
    billable_metric: { name: "M", code: "m", aggregation_type: "sum_agg", field_name: "total", expression },
  });
  return client;
}

let sent = 0;
const event = (properties: object, more: object = {}) => ({
  transaction_id: `t${sent++}`,
  external_subscription_id: "s",
  code: "m",
  properties,
  ...more,
});

const B_IS_MISSING = "expression_evaluation_failed: Variable: b not found";

test("the result replaces the property that was sent, as a decimal's text (1.5)", async () => {
  const client = await organization();
  const answered = await client.must("POST", "/events", { event: event({ a: "1", b: "2", total: 99 }) });
  assert.deepEqual(answered.event.properties, { a: "1", b: "2", total: "3.0" });
  const { transaction_id } = answered.event;
  const stored = await client.must("GET", `/events/${transaction_id}`);
  assert.deepEqual(stored.event.properties, { a: "1", b: "2", total: "3.0" });
  const exact = await client.must("POST", "/events", {
    event: event({ a: 0.1, b: 0.2 }, { code: "other" }),
  });
  assert.deepEqual(exact.event.properties, { a: 0.1, b: 0.2 });
});

test("an event whose expression fails is refused with a text (1.5)", async () => {
  const client = await organization();
  const single = await client.call("POST", "/events", { event: event({ a: 1 }) });
  assert.deepEqual(
    [single.status, single.body.code, single.body.error_details],
    [422, "validation_errors", B_IS_MISSING],
  );
  const batch = await client.call("POST", "/events/batch", {
    events: [event({ a: 1 }), event({ a: 1, b: 1 }), event({}, { code: "" })],
  });
  assert.equal(batch.status, 422);
  assert.deepEqual(batch.body.error_details, { 0: B_IS_MISSING, 2: { code: ["value_is_mandatory"] } });
  assert.equal((await client.must("GET", "/events")).meta.total_count, 0);
  const bulk = await client.call("POST", "/events/bulk", [event({ a: 1 }), event({ a: 1, b: 1 })]);
  assert.deepEqual(bulk.body.results, [{ status: "invalid", error_details: B_IS_MISSING }, { status: "accepted" }]);
  assert.deepEqual((await client.must("GET", "/events")).events[0].properties, { a: 1, b: 1, total: "2.0" });
});

test("a changed expression counts from the next event on, and never rewrites one that is stored", async () => {
  const client = await organization();
  const change = (expression: string | null) =>
    client.must("PUT", "/billable_metrics/m", {
      billable_metric: { name: "M", code: "m", aggregation_type: "sum_agg", field_name: "total", expression },
    });
  const totalOf = async () =>
    (await client.must("POST", "/events", { event: event({ a: 3, b: 2 }) })).event.properties.total;
  assert.equal(await totalOf(), "5.0");
  await change("event.properties.a * event.properties.b");
  assert.equal(await totalOf(), "6.0");
  await change(null);
  assert.equal(await totalOf(), undefined);
  await change("event.properties.a - event.properties.b");
  assert.equal(await totalOf(), "1.0");
  await client.must("DELETE", "/billable_metrics/m");
  assert.equal(await totalOf(), undefined);
  const totals = (await client.must("GET", "/events")).events.map(
    (stored: { properties: { total?: string } }) => stored.properties.total,
  );
  assert.deepEqual(totals.sort(), ["1.0", "5.0", "6.0", undefined, undefined]);
});

test("a catalog that changes while events come in: none is stored by an expression that was replaced before it was sent", async () => {
  const client = await organization("1");
  const bulk = (lines: number) =>
    client.call(
      "POST",
      "/events/bulk",
      Array.from({ length: lines }, () => event({})),
    );
  await bulk(1);
  for (let version = 2; version <= 12; version++) {
    const [changed] = await Promise.all([
      client.must("PUT", "/billable_metrics/m", {
        billable_metric: {
          name: "M",
          code: "m",
          aggregation_type: "sum_agg",
          field_name: "total",
          expression: String(version),
        },
      }),
      ...[1, 3, 700].map(async (lines) => {
        const { body } = await bulk(lines);
        assert.ok(body.results.every(({ status }: { status: string }) => status === "accepted"));
      }),
    ]);
    assert.equal(changed.billable_metric.expression, String(version));
    const after = event({});
    const [single, many] = await Promise.all([client.must("POST", "/events", { event: after }), bulk(600)]);
    assert.equal(single.event.properties.total, `${version}.0`);
    assert.equal(many.status, 200);
  }
  assert.equal((await client.must("GET", "/events")).meta.total_count, 1 + 11 * (1 + 3 + 700 + 1 + 600));
});
