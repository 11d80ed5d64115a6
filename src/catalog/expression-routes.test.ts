import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let client: Client;
before(async () => {
  server = await startTestServer();
  client = await server.organization();
  await client.at("2024-06-15T12:00:00.750Z");
});
after(() => server.close());

const evaluate = (body: unknown) => client.call("POST", "/billable_metrics/evaluate_expression", body);

test("an expression is tried out on an event (1.5)", async () => {
  for (const [expression, event, value] of [
    ["round(event.properties.value * event.properties.units)", { properties: { value: 10.4, units: "2" } }, "21.0"],
    ["concat(event.properties.a, '-', 'suffix')", { code: "c", properties: { a: "test" } }, "test-suffix"],
    ["(123 - event.properties.p) / 10", { properties: { p: "1.23" } }, "12.177"],
    ["event.properties.a + event.properties.b", { properties: { a: "1", b: "2" } }, "3.0"],
    ["event.code", { code: "storage" }, "storage"],
    ["event.timestamp", { timestamp: 1651240791 }, "1651240791.0"],
    ["event.timestamp", { timestamp: "1651240791.987" }, "1651240791.0"],
    ["event.timestamp", {}, "1718452800.0"],
    ["1 / 3", {}, `0.${"3".repeat(100)}`],
  ] as const) {
    const { status, body } = await evaluate({ expression, event });
    assert.deepEqual([status, body], [200, { expression_result: { value } }], expression);
  }
});

test("what cannot be evaluated is refused by its field (1.5)", async () => {
  const fine = { expression: "1", event: {} };
  for (const [body, details] of [
    [{ ...fine, expression: undefined }, { expression: ["value_is_mandatory"] }],
    [{ ...fine, expression: null }, { expression: ["value_is_mandatory"] }],
    [{ ...fine, expression: " " }, { expression: ["value_is_mandatory"] }],
    [{ ...fine, expression: "1.1.1" }, { expression: ["invalid_expression"] }],
    [{ ...fine, expression: "round()" }, { expression: ["invalid_expression"] }],
    [{ ...fine, expression: 7 }, { expression: ["invalid_expression"] }],
    [{ expression: "1" }, { event: ["invalid_event"] }],
    [{ ...fine, event: [] }, { event: ["invalid_event"] }],
    [{ ...fine, event: { properties: "x" } }, { event: ["invalid_event"] }],
    [{ ...fine, event: { timestamp: "2024-01-01" } }, { event: ["invalid_event"] }],
    [{ ...fine, expression: "event.properties.b" }, { event: ["invalid_event"] }],
    [{ ...fine, expression: "event.code" }, { event: ["invalid_event"] }],
    [{ ...fine, expression: "1 / 0" }, { event: ["invalid_event"] }],
  ] as const) {
    const answer = await evaluate(body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.deepEqual(answer.body.error_details, details, JSON.stringify(body));
  }
});
