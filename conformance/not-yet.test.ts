import assert from "node:assert/strict";
import { test } from "node:test";
import { notYetOf } from "./not-yet.ts";
import { operationOf, readOperations } from "./operations.ts";
import type { Exchange } from "./story.ts";

const paths = (...list: string[]) => ({
  paths: Object.fromEntries(list.map((path) => [path, { get: {}, post: {} }])),
});
const contracts = {
  built: readOperations(paths("/api/v1/plans", "/api/v1/plans/{code}"), "/api/v1"),
  whole: readOperations(paths("/plans", "/plans/{code}", "/plans/latest", "/wallets/{id}", "/taxes")),
};

function answered(method: string, path: string, status: number, body: unknown) {
  const exchange: Exchange = { scenario: "s", step: 4, method, path, status, body, text: "", contentType: "", size: 0 };
  return notYetOf({ step: 4, message: "", exchange }, contracts)?.missing ?? null;
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

test("a literal segment of a path goes before a parameter", () => {
  assert.equal(operationOf(contracts.whole, "GET", "/plans/latest")?.template, "/plans/latest");
  assert.equal(operationOf(contracts.whole, "GET", "/plans/other/")?.template, "/plans/{code}");
  assert.equal(operationOf(contracts.whole, "PUT", "/plans/other"), null);
});
