import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { openDatabase } from "../storage/database.ts";
import { type Client, clientOf, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const withKey = (client: Client, value: string) => clientOf(server.url, value, client.organizationId);

test("a key is shown once and kept hashed", async () => {
  const organization = await server.organization();
  const { api_key } = await organization.must("POST", "/api_keys", { api_key: { name: " CI " } });
  assert.match(api_key.value, /^weir_/);
  assert.equal(api_key.value_hint, api_key.value.slice(-4));
  assert.deepEqual([api_key.name, api_key.expires_at, api_key.last_used_at], ["CI", null, null]);
  assert.deepEqual(api_key.permissions.plan, ["read", "write"]);
  const { api_key: shown } = await organization.must("GET", `/api_keys/${api_key.lago_id}`);
  assert.equal("value" in shown, false);
  assert.equal((await withKey(organization, api_key.value).call("GET", "/organizations")).status, 200);

  const database = openDatabase({ url: server.databaseUrl, poolSize: 1 });
  const { rows } = await database.pool.query("select k::text as row from api_keys k");
  await database.close();
  assert.equal(
    rows.some(({ row }: { row: string }) => row.includes(api_key.value)),
    false,
  );
});

test("a key may do what its permissions say, and no more", async () => {
  const organization = await server.organization();
  const { api_key } = await organization.must("POST", "/api_keys", {
    api_key: { permissions: { customer: ["read"], organization: ["write"] } },
  });
  const limited = withKey(organization, api_key.value);
  assert.equal((await limited.call("GET", "/customers")).status, 200);
  for (const [method, path, body, code] of [
    ["POST", "/customers", { customer: { external_id: "c" } }, "write_action_not_allowed_for_customer"],
    ["DELETE", "/customers/c", undefined, "write_action_not_allowed_for_customer"],
    ["GET", "/organizations", undefined, "read_action_not_allowed_for_organization"],
    ["GET", "/billing_entities", undefined, "read_action_not_allowed_for_billing_entity"],
    ["PUT", "/billing_entities/test", {}, "write_action_not_allowed_for_billing_entity"],
    ["GET", "/api_keys", undefined, "read_action_not_allowed_for_api_key"],
    ["POST", "/api_keys", {}, "write_action_not_allowed_for_api_key"],
  ] as const) {
    const answer = await limited.call(method, path, body);
    assert.deepEqual([answer.status, answer.body.error, answer.body.code], [403, "Forbidden", code]);
  }
  const wrong = await organization.call("POST", "/api_keys", { api_key: { permissions: { plans: ["read"] } } });
  assert.deepEqual(wrong.body.error_details, { permissions: ["forbidden_keys"] });
  const odd = await organization.call("POST", "/api_keys", { api_key: { permissions: { plan: ["read", "own"] } } });
  assert.deepEqual(odd.body.error_details, { permissions: ["forbidden_values"] });
});

test("a key that manages keys hands out no more than it has", async () => {
  const organization = await server.organization();
  const { api_key } = await organization.must("POST", "/api_keys", {
    api_key: { permissions: { api_key: ["read", "write"], plan: ["read"] } },
  });
  const limited = withKey(organization, api_key.value);
  const { api_keys } = await limited.must("GET", "/api_keys");
  const full = api_keys.find(({ name }: { name: string }) => name === "Default");
  for (const [method, path, body] of [
    ["POST", "/api_keys", { api_key: { name: "everything" } }],
    ["POST", "/api_keys", { api_key: { permissions: { plan: ["write"] } } }],
    ["PUT", `/api_keys/${api_key.lago_id}`, { api_key: { permissions: { plan: ["read", "write"] } } }],
    ["POST", `/api_keys/${full.lago_id}/rotate`, undefined],
  ] as const) {
    const answer = await limited.call(method, path, body);
    assert.deepEqual([answer.status, answer.body.code], [403, "cannot_grant_more_than_own"], `${method} ${path}`);
  }
  await limited.must("POST", "/api_keys", { api_key: { permissions: { plan: ["read"] } } });
});

test("permissions can be changed, at once for every request that follows", async () => {
  const organization = await server.organization({ sandbox: false });
  const { api_key } = await organization.must("POST", "/api_keys", {
    api_key: { permissions: { customer: ["read"] } },
  });
  const limited = withKey(organization, api_key.value);
  await limited.must("GET", "/customers");
  const changed = await organization.must("PUT", `/api_keys/${api_key.lago_id}`, {
    api_key: { name: "Renamed", permissions: { plan: ["read"] } },
  });
  assert.deepEqual([changed.api_key.name, changed.api_key.permissions], ["Renamed", { plan: ["read"] }]);
  assert.equal((await limited.call("GET", "/customers")).status, 403);
  const unchanged = await organization.must("PUT", `/api_keys/${api_key.lago_id}`, { api_key: { permissions: null } });
  assert.deepEqual(unchanged.api_key, changed.api_key);
});

test("rotation copies the permissions, and the old key ends at once or when it is told", async () => {
  for (const sandbox of [true, false]) {
    const organization = await server.organization({ sandbox });
    if (sandbox) await organization.at("2024-01-01T00:00:00Z");
    const { api_key: old } = await organization.must("POST", "/api_keys", {
      api_key: { name: "A", permissions: { customer: ["read"] } },
    });
    await withKey(organization, old.value).must("GET", "/customers");
    const { api_key: next } = await organization.must("POST", `/api_keys/${old.lago_id}/rotate`);
    assert.deepEqual([next.name, next.permissions, next.expires_at], ["A", { customer: ["read"] }, null]);
    assert.notEqual(next.lago_id, old.lago_id);
    assert.equal((await withKey(organization, old.value).call("GET", "/customers")).status, 401);
    await withKey(organization, next.value).must("GET", "/customers");
    const again = await organization.call("POST", `/api_keys/${old.lago_id}/rotate`, { api_key: {} });
    assert.deepEqual([again.status, again.body.code], [404, "api_key_not_found"]);
  }
  const sandbox = await server.organization();
  await sandbox.at("2024-01-01T00:00:00Z");
  const { api_keys } = await sandbox.must("GET", "/api_keys");
  const { api_key } = await sandbox.must("POST", `/api_keys/${api_keys[0].lago_id}/rotate`, {
    api_key: { name: "B", expires_at: "2024-01-02T00:00:00Z" },
  });
  assert.equal(api_key.name, "B");
  assert.equal((await sandbox.call("GET", "/organizations")).status, 200);
  await sandbox.at("2024-01-02T00:00:00Z");
  assert.equal((await sandbox.call("GET", "/organizations")).status, 401);
  const wrong = await withKey(sandbox, api_key.value).call("POST", `/api_keys/${api_key.lago_id}/rotate`, {
    api_key: { expires_at: "tomorrow" },
  });
  assert.deepEqual(wrong.body.error_details, { expires_at: ["invalid_date"] });
});

test("the last key that does not expire cannot be deleted, not even twice at once", async () => {
  const organization = await server.organization({ sandbox: false });
  const { api_keys } = await organization.must("GET", "/api_keys");
  const first = api_keys[0].lago_id;
  const refused = await organization.call("DELETE", `/api_keys/${first}`);
  assert.deepEqual([refused.status, refused.body.code], [405, "last_non_expiring_api_key"]);
  await organization.must("POST", "/api_keys", { api_key: { expires_at: "2999-01-01" } });
  assert.equal((await organization.call("DELETE", `/api_keys/${first}`)).status, 405);

  const { api_key: second } = await organization.must("POST", "/api_keys", { api_key: {} });
  const answers = await Promise.all(
    [first, second.lago_id].map((id) => withKey(organization, second.value).call("DELETE", `/api_keys/${id}`)),
  );
  const statuses = answers.map(({ status }) => status).sort();
  assert.equal(statuses[0], 200, "one of them goes");
  assert.ok(statuses[1] === 405 || statuses[1] === 401, "and the other stays");
});

test("a deleted key is out of the list and opens nothing", async () => {
  const organization = await server.organization();
  const { api_key } = await organization.must("POST", "/api_keys", { api_key: { name: "old" } });
  const deleted = await organization.must("DELETE", `/api_keys/${api_key.lago_id}`);
  assert.equal(deleted.api_key.lago_id, api_key.lago_id);
  assert.notEqual(deleted.api_key.expires_at, null);
  assert.equal((await withKey(organization, api_key.value).call("GET", "/organizations")).status, 401);
  const { api_keys, meta } = await organization.must("GET", "/api_keys?per_page=1");
  assert.deepEqual([api_keys.length, api_keys[0].name, meta.total_count], [1, "Default", 1]);
  for (const id of [api_key.lago_id, "nope"]) {
    for (const method of ["GET", "DELETE"]) {
      const answer = await organization.call(method, `/api_keys/${id}`);
      assert.deepEqual([answer.status, answer.body.code], [404, "api_key_not_found"]);
    }
  }
});

test("another organization's keys are not there", async () => {
  const [one, other] = [await server.organization(), await server.organization()];
  const { api_key } = await one.must("POST", "/api_keys", { api_key: {} });
  for (const [method, path, body] of [
    ["GET", `/api_keys/${api_key.lago_id}`, undefined],
    ["PUT", `/api_keys/${api_key.lago_id}`, { api_key: { name: "x" } }],
    ["DELETE", `/api_keys/${api_key.lago_id}`, undefined],
    ["POST", `/api_keys/${api_key.lago_id}/rotate`, undefined],
  ] as const) {
    const answer = await other.call(method, path, body);
    assert.deepEqual([answer.status, answer.body.code], [404, "api_key_not_found"], method);
  }
});

test("bad values are refused by their field", async () => {
  const organization = await server.organization();
  for (const [body, details] of [
    [{ name: "n".repeat(256) }, { name: ["value_is_too_long"] }],
    [{ name: 3 }, { name: ["value_is_invalid"] }],
    [{ expires_at: "never" }, { expires_at: ["invalid_date"] }],
    [{ expires_at: "2001-01-01T00:00:00Z" }, { expires_at: ["invalid_date"] }],
    [{ permissions: ["plan"] }, { permissions: ["value_is_invalid"] }],
  ] as const) {
    const answer = await organization.call("POST", "/api_keys", { api_key: body });
    assert.deepEqual([answer.status, answer.body.error_details], [422, details], JSON.stringify(body));
  }
  assert.equal((await organization.call("POST", "/api_keys", {})).status, 400);
});

test("the last use of a key is written down after the answer, and not for events", async () => {
  const organization = await server.organization();
  const { api_key } = await organization.must("POST", "/api_keys", { api_key: {} });
  const lastUse = async () => (await organization.must("GET", `/api_keys/${api_key.lago_id}`)).api_key.last_used_at;
  await withKey(organization, api_key.value).call("POST", "/events", { event: {} });
  await pause(100);
  assert.equal(await lastUse(), null);
  await withKey(organization, api_key.value).must("GET", "/organizations");
  for (let tries = 0; (await lastUse()) === null; tries++) {
    assert.ok(tries < 100, "the use was not written down");
    await pause(20);
  }
});
