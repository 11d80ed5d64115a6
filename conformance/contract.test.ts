import assert from "node:assert/strict";
import { test } from "node:test";
import { createContract } from "./contract.ts";
import { createFindings, sift } from "./exceptions.ts";
import type { Exchange } from "./story.ts";

const json = (schema: unknown) => ({ content: { "application/json": { schema } } });
const document = {
  openapi: "3.1.0",
  paths: {
    "/plans/{code}": {
      get: {
        responses: { 200: json({ $ref: "#/components/schemas/Answer" }), 404: { $ref: "#/components/responses/No" } },
      },
    },
  },
  components: {
    responses: { No: json({ type: "object", required: ["code"] }) },
    schemas: {
      Answer: { type: "object", required: ["plan"], properties: { plan: { $ref: "#/components/schemas/Plan" } } },
      Plan: {
        type: "object",
        required: ["charges"],
        properties: {
          charges: { type: "array", items: { type: "object", properties: { amount: { type: "string" } } } },
          at: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] },
        },
      },
    },
  },
};
const contract = createContract("test", document, "");
const answer = (status: number, body: unknown, path = "/plans/p1"): Exchange => ({
  scenario: "usage/one",
  step: 1,
  method: "GET",
  path,
  status,
  body,
  text: "",
  contentType: "application/json",
  size: 0,
});
const breaches = (status: number, body: unknown, path?: string) =>
  contract.check(answer(status, body, path)).map(({ schema, at }) => [schema, at]);

test("an answer is held against the schema of its status, through references", () => {
  assert.deepEqual(breaches(200, { plan: { charges: [], at: null } }), []);
  assert.deepEqual(breaches(404, { code: "plan_not_found" }), []);
  assert.deepEqual(breaches(404, {}), [["#/components/responses/No/content/application~1json/schema/required", ""]]);
  assert.deepEqual(breaches(200, { plan: { charges: [{ amount: "1" }, { amount: 1 }] } }), [
    ["#/components/schemas/Plan/properties/charges/items/properties/amount/type", "/plan/charges/*/amount"],
  ]);
});

test("a failed alternative is one breach, not one for each of its branches", () => {
  assert.deepEqual(breaches(200, { plan: { charges: [], at: "yesterday" } }), [
    ["#/components/schemas/Plan/properties/at/anyOf", "/plan/at"],
  ]);
});

test("a status that is not described is a breach; an unknown operation is none", () => {
  assert.deepEqual(breaches(422, {}), [["#/paths/~1plans~1{code}/get", ""]]);
  assert.deepEqual(breaches(200, {}, "/wallets"), []);
});

test("an exception excuses what it names, and must be shown by its scenario", () => {
  const findings = createFindings();
  for (const breach of contract.check(answer(200, { plan: { charges: [{ amount: 1 }], at: 1 } }))) findings.add(breach);
  const amount = { contract: "test", schema: "*/amount/type", reason: "r", scenario: "usage/one" };
  const other = { ...amount, scenario: "usage/other" };
  const { unexcused, unused } = sift(findings.all(), [amount, other]);
  assert.deepEqual(
    unexcused.map(({ breach }) => breach.at),
    ["/plan/at"],
  );
  assert.deepEqual(unused, [other]);
});
