import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { badRequest, invalid, Refusal } from "../kernel/failure.ts";
import { createLogger } from "./logger.ts";
import { Cents, Flag, Int, optional, ShortText, t } from "./schemas.ts";
import { buildServer, type Server } from "./server.ts";

let server: Server;

const Tier = t.Object({ up_to: optional(Int), label: t.String({ minLength: 1 }) });
const Plan = t.Object({
  code: t.String({ minLength: 1, maxLength: 10 }),
  name: optional(ShortText),
  amount_cents: Cents,
  interval: t.Union([t.Literal("weekly"), t.Literal("monthly")]),
  active: optional(Flag),
  tiers: optional(t.Array(Tier, { maxItems: 2 })),
  metadata: optional(t.Record(t.String(), t.String())),
});

before(async () => {
  server = await buildServer({ logger: createLogger("silent"), notReady: async () => ({}) });
  server.post("/plans", { schema: { body: t.Object({ plan: Plan }) } }, async () => ({ plan: {} }));
  server.get("/throw/:what", async (request) => {
    throw thrown[(request.params as { what: string }).what];
  });
});
after(() => server.close());

const thrown: Readonly<Record<string, Error>> = {
  bad: badRequest("no"),
  unauthorized: new Refusal("unauthorized"),
  forbidden: new Refusal("action_not_allowed", undefined, "write_action_not_allowed_for_plan"),
  missing: new Refusal("plan_not_found"),
  state: new Refusal("not_a_sandbox"),
  work: new Refusal("background_work_failed", [{ task: "t" }]),
  field: invalid("name", "value_is_mandatory"),
  data: Object.assign(new Error("numeric field overflow"), { code: "22003" }),
  bug: new TypeError("secret detail"),
};

test("each refusal has its status and its shape", async () => {
  for (const [what, body] of [
    ["bad", { status: 400, error: "BadRequest: no" }],
    ["unauthorized", { status: 401, error: "Unauthorized" }],
    ["forbidden", { status: 403, error: "Forbidden", code: "write_action_not_allowed_for_plan" }],
    ["missing", { status: 404, error: "Not Found", code: "plan_not_found" }],
    ["state", { status: 405, error: "Method Not Allowed", code: "not_a_sandbox" }],
    ["work", { status: 409, error: "Conflict", code: "background_work_failed", error_details: [{ task: "t" }] }],
    ["field", { ...unprocessable, error_details: { name: ["value_is_mandatory"] } }],
    ["data", { ...unprocessable, error_details: { base: ["value_is_invalid"] } }],
  ] as const) {
    const answer = await server.inject({ url: `/throw/${what}` });
    assert.equal(answer.statusCode, body.status, what);
    assert.deepEqual(answer.json(), body, what);
  }
});

const unprocessable = { status: 422, error: "Unprocessable Entity", code: "validation_errors" } as const;

test("a bug is a 500 that names the request and tells nothing else", async () => {
  const answer = await server.inject({ url: "/throw/bug", headers: { "x-request-id": "req-1" } });
  assert.equal(answer.statusCode, 500);
  assert.equal(answer.headers["x-request-id"], "req-1");
  const { code, error_details } = answer.json();
  assert.deepEqual([code, error_details.request_id], ["internal_error", "req-1"]);
  assert.doesNotMatch(answer.body, /secret/);
});

test("what is no route is a 404 of the same shape", async () => {
  for (const url of ["/nowhere", "/plans", "/throw/a%00b", "/throw/%zz"]) {
    const answer = await server.inject({ url });
    const expected = url.endsWith("%zz") ? 400 : 404;
    assert.equal(answer.statusCode, expected, url);
    assert.equal(answer.json().status, expected, url);
  }
});

const valid = { code: "p1", amount_cents: 100, interval: "monthly" };
const post = (payload: unknown, type = "application/json") =>
  server.inject({
    method: "POST",
    url: "/plans",
    headers: { "content-type": type },
    payload: typeof payload === "string" ? payload : JSON.stringify(payload),
  });

test("a body that cannot be read, or lacks its root key, is a 400", async () => {
  for (const body of ["{", "", "null", "[]", "7", {}, { plan: null }, { plan: [] }, { plan: "x" }, { plans: {} }]) {
    const answer = await post(body);
    assert.equal(answer.statusCode, 400, JSON.stringify(body));
    assert.match(answer.json().error, /^BadRequest: /);
  }
});

test("JSON is read under the types that clients send it with, others are refused", async () => {
  assert.equal((await post({ plan: valid }, "text/plain")).statusCode, 200);
  assert.equal((await post({ plan: valid }, "application/vnd.api+json; charset=utf-8")).statusCode, 200);
  for (const type of ["application/xml", "multipart/form-data; boundary=x", "nonsense"]) {
    const answer = await post({ plan: valid }, type);
    assert.equal(answer.statusCode, 415, type);
    assert.equal(answer.json().status, 415);
  }
});

test("every wrong field is named with its code, and with one code for one mistake", async () => {
  const cases: readonly (readonly [object, object])[] = [
    [{ code: undefined }, { code: ["value_is_mandatory"] }],
    [{ code: "" }, { code: ["value_is_mandatory"] }],
    [{ code: 7 }, { code: ["value_is_invalid"] }],
    [{ code: "x".repeat(11) }, { code: ["value_is_too_long"] }],
    [{ name: "x".repeat(256) }, { name: ["value_is_too_long"] }],
    [{ name: 7 }, { name: ["value_is_invalid"] }],
    [{ amount_cents: 1e20 }, { amount_cents: ["value_is_out_of_range"] }],
    [{ amount_cents: 1.5 }, { amount_cents: ["value_is_invalid"] }],
    [{ amount_cents: "a" }, { amount_cents: ["value_is_invalid"] }],
    [{ amount_cents: null }, { amount_cents: ["value_is_invalid"] }],
    [{ interval: "hourly" }, { interval: ["value_is_invalid"] }],
    [{ active: "yes" }, { active: ["value_is_invalid"] }],
    [{ tiers: {} }, { tiers: ["value_is_invalid"] }],
    [{ tiers: [{ up_to: 1e10, label: "a" }] }, { up_to: ["value_is_out_of_range"] }],
    [
      { tiers: [{ up_to: 1 }, { up_to: "x", label: "" }] },
      { label: ["value_is_mandatory"], up_to: ["value_is_invalid"] },
    ],
    [{ metadata: { constructor: 7 } }, { constructor: ["value_is_invalid"] }],
    [
      { code: undefined, interval: 1 },
      { code: ["value_is_mandatory"], interval: ["value_is_invalid"] },
    ],
  ];
  for (const [change, details] of cases) {
    const answer = await post({ plan: { ...valid, ...change } });
    assert.deepEqual(answer.json(), { ...unprocessable, error_details: details }, JSON.stringify(change));
  }
});
