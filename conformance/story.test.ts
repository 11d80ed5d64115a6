import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Scenario, Step } from "./scenario.ts";
import { type Exchange, tell } from "./story.ts";

/** A server that answers what it is told to in the body, and remembers what it was asked. */
let server: Server;
let asked: string[] = [];
before(async () => {
  server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString() || "{}");
    asked.push(`${request.method} ${request.url} ${JSON.stringify(body)}`);
    const isNew = request.url === "/admin/organizations";
    response.writeHead(body.status ?? 200, { "content-type": body.type ?? "application/json" });
    response.end(body.text ?? JSON.stringify(isNew ? { api_key: "key" } : { echo: body }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
after(() => server.close());

async function told(steps: readonly Step[], more: Partial<Scenario> = {}) {
  asked = [];
  const seen: Exchange[] = [];
  const scenario = { name: "a/b", scenario: "A story", area: "a", needs: [], ...more, steps };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const failure = await tell(scenario, { url, adminKey: "admin", observe: (exchange) => seen.push(exchange) });
  return { failure, seen };
}

test("the clock is set first, then the settings, and background work is waited for after every call that writes", async () => {
  const { failure, seen } = await told(
    [
      { note: "nothing happens" },
      { call: "POST /plans", body: { at: `\${now}`, unix: `\${now_unix}` } },
      { at: "2024-01-02T00:00:00Z" },
      { run: ["billing"] },
      { call: "GET /plans" },
    ],
    { organization: { timezone: "UTC" } },
  );
  assert.equal(failure, null);
  assert.deepEqual(asked.map((line) => line.replace("/api/v1", "")).slice(1), [
    'PUT /test_clock {"test_clock":{"now":"2024-01-02T00:00:00.000Z"}}',
    'PUT /organizations {"organization":{"timezone":"UTC"}}',
    'POST /plans {"at":"2024-01-02T00:00:00.000Z","unix":1704153600}',
    'POST /test_clock/run {"test_clock":{"jobs":[]}}',
    'PUT /test_clock {"test_clock":{"now":"2024-01-02T00:00:00.000Z"}}',
    'POST /test_clock/run {"test_clock":{"jobs":["billing"]}}',
    "GET /plans {}",
  ]);
  assert.equal(seen.length, 7);
});

test("what was saved stands for itself, with its own type, in calls, bodies and expectations", async () => {
  const key = `key_\${name}`;
  const { failure } = await told([
    {
      call: "POST /x",
      body: { id: 7, name: "n", list: [1] },
      save: { id: "echo.id", name: "echo.name", list: "echo.list" },
    },
    {
      call: `POST /x/\${id}`,
      body: { id: `\${id}`, words: `<\${id}>`, [key]: `\${list}` },
      expect: { "echo.id": `\${id}`, "echo.words": "<7>", [`echo.${key}`]: [1] },
    },
  ]);
  assert.equal(failure, null);
  assert.ok(asked.includes('POST /api/v1/x/7 {"id":7,"words":"<7>","key_n":[1]}'));
});

test("a file is seen as its type and size", async () => {
  const { failure } = await told([
    {
      call: "POST /file",
      body: { type: "application/pdf", text: "12345" },
      download: true,
      expect: { content_type: "application/pdf", bytes: 5 },
    },
  ]);
  assert.equal(failure, null);
});

test("a story ends at the first step that goes otherwise", async () => {
  for (const [step, message] of [
    [{ call: "POST /x", body: { status: 422 } }, /POST \/x → 422 .*expected the status 2xx/s],
    [{ call: "POST /x", body: {}, status: 404 }, /expected the status 404/],
    [{ call: "POST /x", body: { a: 1 }, expect: { "echo.a": 2 } }, /echo\.a: got 1, expected 2/],
    [{ call: "POST /x", body: {}, save: { a: "echo.a" } }, /nothing at "echo\.a" to save/],
    [{ call: `GET /x/\${unknown}` }, /nothing is saved as "unknown"/],
    [{ dance: true }, /unknown step/],
  ] as const) {
    const { failure } = await told([{ call: "GET /first" }, step as unknown as Step, { call: "GET /never" }]);
    assert.equal(failure?.step, 2);
    assert.match(failure.message, message);
    assert.ok(!asked.some((line) => line.includes("/never")));
  }
});
