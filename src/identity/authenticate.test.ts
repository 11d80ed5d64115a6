import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, request, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let sandbox: Client;
before(async () => {
  server = await startTestServer();
  sandbox = await server.organization();
  await sandbox.at("2024-03-01T00:00:00Z");
});
after(() => server.close());

const get = (path: string, headers: Record<string, string>) =>
  request(`${server.url}/api/v1${path}`, "GET", undefined, headers);

async function keyWith(settings: Record<string, unknown>) {
  const { api_key } = await sandbox.must("POST", "/api_keys", { api_key: settings });
  return (method: string, path: string, body?: unknown) =>
    request(`${server.url}/api/v1${path}`, method, body, { authorization: `Bearer ${api_key.value}` });
}

test("the second word of the Authorization header is the key, whatever the scheme", async () => {
  for (const authorization of [`Bearer ${sandbox.apiKey}`, `bearer  ${sandbox.apiKey}`, `Token ${sandbox.apiKey}`]) {
    assert.equal((await get("/organizations", { authorization })).status, 200, authorization);
  }
});

test("without a key, or with one that nobody has, the answer is 401", async () => {
  const wrong = [
    {},
    { authorization: "" },
    { authorization: "Bearer" },
    { authorization: sandbox.apiKey },
    { authorization: `Bearer ${sandbox.apiKey}x` },
    { authorization: `Bearer ${sandbox.apiKey.toUpperCase()}` },
    { authorization: "Bearer ' or 1=1 --" },
    { "x-api-key": sandbox.apiKey },
  ];
  for (const headers of wrong) {
    const answer = await get("/organizations", headers as Record<string, string>);
    assert.deepEqual(
      [answer.status, answer.body],
      [401, { status: 401, error: "Unauthorized" }],
      JSON.stringify(headers),
    );
  }
});

test("a key does what it is allowed to and no more", async () => {
  const reader = await keyWith({ name: "reader", permissions: { billable_metric: ["read"] } });
  assert.equal((await reader("GET", "/billable_metrics")).status, 200);
  for (const [method, path, code] of [
    ["POST", "/billable_metrics", "write_action_not_allowed_for_billable_metric"],
    ["DELETE", "/billable_metrics/x", "write_action_not_allowed_for_billable_metric"],
    ["GET", "/plans", "read_action_not_allowed_for_plan"],
  ] as const) {
    const { status, body } = await reader(method, path, method === "POST" ? {} : undefined);
    assert.deepEqual([status, body], [403, { status: 403, error: "Forbidden", code }], `${method} ${path}`);
  }
});

test("a key works until the moment it ends, on its organization's clock", async () => {
  const brief = await keyWith({ name: "brief", expires_at: "2024-03-02T00:00:00Z" });
  assert.equal((await brief("GET", "/organizations")).status, 200);
  await sandbox.at("2024-03-01T23:59:59Z");
  assert.equal((await brief("GET", "/organizations")).status, 200);
  await sandbox.at("2024-03-02T00:00:00Z");
  assert.equal((await brief("GET", "/organizations")).status, 401);
});

test("the operator's routes open to the admin key alone", async () => {
  const body = { organization: { name: "Acme" } };
  const rival = { "x-admin-api-key": `${sandbox.apiKey}` };
  for (const headers of [{}, rival, { authorization: `Bearer ${sandbox.apiKey}` }]) {
    const answer = await request(`${server.url}/admin/organizations`, "POST", body, headers as Record<string, string>);
    assert.deepEqual([answer.status, answer.body], [401, { status: 401, error: "Unauthorized" }]);
  }
});
