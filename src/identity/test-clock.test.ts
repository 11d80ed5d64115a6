import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

test("a sandbox's clock goes forwards only, once it is set", async () => {
  const sandbox = await server.organization();
  await sandbox.at("2024-03-01T00:00:00Z");
  const back = await sandbox.call("PUT", "/test_clock", { test_clock: { now: "2024-02-01T00:00:00Z" } });
  assert.equal(back.status, 422);
  assert.equal(back.body.code, "clock_goes_backwards");
});

test("time in one organization is no one else's, and a real organization's cannot be moved", async () => {
  const [one, other, real] = [
    await server.organization(),
    await server.organization(),
    await server.organization({ sandbox: false }),
  ];
  await one.at("2030-01-01T00:00:00Z");
  await other.at("2020-01-01T00:00:00Z");
  const moved = await other.must("POST", "/test_clock/advance", { test_clock: { now: "2020-02-01T00:00:00Z" } });
  assert.equal(moved.test_clock.now, "2020-02-01T00:00:00.000Z");
  for (const [method, path] of [
    ["PUT", "/test_clock"],
    ["POST", "/test_clock/run"],
    ["POST", "/test_clock/advance"],
  ] as const) {
    const answer = await real.call(method, path, { test_clock: { now: "2030-01-01T00:00:00Z" } });
    assert.deepEqual([answer.status, answer.body.code], [405, "not_a_sandbox"]);
  }
});
