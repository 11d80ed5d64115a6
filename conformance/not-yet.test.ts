import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, notYetOf } from "./not-yet.ts";
import { operationOf, readOperations } from "./operations.ts";
import type { Exchange } from "./story.ts";

const paths = (...list: string[]) => ({
  paths: Object.fromEntries(list.map((path) => [path, { get: {}, post: {} }])),
});
const contracts = {
  built: readOperations(paths("/api/v1/plans", "/api/v1/plans/{code}"), "/api/v1"),
  whole: readOperations(paths("/plans", "/plans/{code}", "/plans/latest", "/wallets/{id}", "/taxes")),
};

function exchange(method: string, path: string, status: number, body: unknown): Exchange {
  return { scenario: "s", step: 4, method, path, status, body, text: "", contentType: "", size: 0 };
}
function answered(method: string, path: string, status: number, body: unknown): string | null {
  const failure = { step: 4, message: "", exchange: exchange(method, path, status, body) };
  return notYetOf(failure, contracts)?.missing ?? null;
}
const invalid = (error_details: unknown) => ({ status: 422, code: "validation_errors", error_details });

test("what is missing is told by the answer", () => {
  for (const [method, path, status, body, missing] of [
    ["GET", "/wallets/w1?page=1", 404, { code: "resource_not_found" }, "GET /wallets/{id}"],
    ["POST", "/unheard_of", 404, { code: "resource_not_found" }, "POST /unheard_of"],
    ["POST", "/plans", 404, { code: "tax_not_found" }, "POST /taxes"],
    ["POST", "/plans", 422, invalid({ filters: ["not_supported_yet"] }), "filters"],
    ["POST", "/plans", 422, invalid({ 0: { coupons: ["not_supported_yet"] } }), "coupons"],
    ["POST", "/plans", 422, invalid({ pricing_unit: ["relation_must_exist"] }), "pricing_unit"],
  ] as const) {
    assert.equal(answered(method, path, status, body), missing, path);
  }
});

test("any other way of failing is a failure", () => {
  for (const [method, path, status, body] of [
    ["POST", "/plans", 200, {}],
    ["POST", "/plans", 500, { code: "internal_error" }],
    ["GET", "/plans/p1", 404, { code: "plan_not_found" }],
    ["GET", "/plans/p1", 404, { code: "resource_not_found" }],
    ["POST", "/plans", 422, invalid({ name: ["value_is_mandatory"] })],
    ["POST", "/plans", 422, invalid({ filters: ["not_supported_yet"], name: ["value_is_mandatory"] })],
    ["POST", "/plans", 422, invalid({})],
    ["POST", "/plans", 422, { code: "clock_goes_backwards", error_details: { now: ["not_supported_yet"] } }],
    ["GET", "/wallets/w1", 405, {}],
  ] as const) {
    assert.equal(answered(method, path, status, body), null, `${method} ${path} ${status}`);
  }
  assert.equal(notYetOf({ step: 1, message: "nothing is saved", exchange: null }, contracts), null);
});

test("the list is kept true in both directions", () => {
  const failure = { step: 4, message: "GET /wallets/w1 → 404", exchange: exchange("GET", "/wallets/w1", 404, {}) };
  const listed = { step: 4, call: "GET /wallets/{id}", status: 404, missing: "GET /wallets/{id}" };
  assert.equal(judge(null, undefined, contracts), null);
  assert.equal(judge(failure, listed, contracts), null);
  assert.match(judge(null, listed, contracts) ?? "", /^passes: take it out/);
  assert.match(judge(failure, undefined, contracts) ?? "", /^step 4: GET/);
  assert.match(judge({ ...failure, step: 3 }, listed, contracts) ?? "", /^ends elsewhere/);
  const wrong = { ...failure, exchange: exchange("GET", "/plans", 200, { plans: [] }) };
  assert.match(judge(wrong, listed, contracts) ?? "", /fails otherwise/);
});

test("a literal segment of a path goes before a parameter", () => {
  assert.equal(operationOf(contracts.whole, "GET", "/plans/latest")?.template, "/plans/latest");
  assert.equal(operationOf(contracts.whole, "GET", "/plans/other/")?.template, "/plans/{code}");
  assert.equal(operationOf(contracts.whole, "PUT", "/plans/other"), null);
});
