/**
 * Whatever is sent to whatever route: never a 5xx, always the contract's error shape. Routes come from the server's own
 * OpenAPI document, so that a new one is covered the day it is written.
 *   WEIR_TEST_SEED=7 npm test -- src/http/bad-input      other requests than the usual ones
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { localized, scenarioBodies } from "../../conformance/bodies.ts";
import { inParallel } from "../../conformance/runner.ts";
import type { Known, Schema } from "../testing/bodies.ts";
import { type BusyOrganization, createBusyOrganization } from "../testing/busy.ts";
import { type Request, type Route, requestsTo } from "../testing/requests.ts";
import { ADMIN_KEY, type Client, startTestServer, type TestServer } from "../testing/server.ts";

const SEED = Number(process.env.WEIR_TEST_SEED ?? 1);
/** Requests to each route. */
const RUNS = 40;
/** Routes that are tried at a time. */
const WIDTH = 6;
const PREFIX = "/api/v1";

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

let server: TestServer;
let routes: Route[];
before(async () => {
  server = await startTestServer({ LOG_LEVEL: "fatal", POOL_SIZE: "20" });
  const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Document;
  const bodies = await scenarioBodies(document as never, PREFIX);
  routes = Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      template,
      body: requestBody?.content["application/json"]?.schema ?? null,
      examples: bodies.get(`${method.toUpperCase()} ${template.slice(PREFIX.length)}`) ?? [],
      query: parameters.filter((each) => each.in === "query").map(({ name }) => name),
    })),
  );
});
after(() => server.close());

const nameOf = ({ method, template }: Route) => `${method} ${template}`;

/** Names that a path of `route` may well mean in the organization. */
function ownOf({ template }: Route, { paths }: BusyOrganization): string[] {
  const collection = /^\/api\/v1(\/\w+)\/\{/.exec(template)?.[1];
  const own = collection === undefined ? undefined : paths[collection];
  return own === undefined ? [] : [own];
}

/** What the scenarios' format says in words of its own. */
const MORE_EXAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  "POST /admin/organizations": [{ organization: { name: "Acme", email: null, sandbox: true } }],
  "POST /api/v1/events/{transaction_id}/void": [{ event: { reason: "sent twice", external_subscription_id: null } }],
  "POST /api/v1/events/{transaction_id}/amend": [
    { event: { properties: { v: 1 }, timestamp: 1711929600, transaction_id: null, precise_total_amount_cents: "1" } },
  ],
  "POST /api/v1/billable_metrics/evaluate_expression": [
    {
      expression: "round(event.properties.v / 3, 2)",
      event: { code: "c", timestamp: 1711929600, properties: { v: 1 } },
    },
  ],
  "PUT /api/v1/test_clock": [{ test_clock: { now: "2024-04-02T00:00:00Z" } }],
  "POST /api/v1/test_clock/run": [{ test_clock: { jobs: ["billing", "usage"] } }],
  "POST /api/v1/test_clock/advance": [{ test_clock: { now: "2024-05-02T00:00:00Z" } }],
};

async function send(request: Request, apiKey: string): Promise<{ status: number; text: string }> {
  const { method, url, contentType, body, authorization } = request;
  const response = await fetch(server.url + url, {
    method,
    headers: {
      authorization: authorization ?? `Bearer ${apiKey}`,
      ...(url.startsWith("/admin/") && authorization === null ? { "x-admin-api-key": ADMIN_KEY } : {}),
      // A blob without a type keeps fetch from adding one of its own.
      ...(contentType === null ? {} : { "content-type": contentType }),
    },
    body: body === null || method === "GET" ? null : new Blob([body]),
    signal: AbortSignal.timeout(15_000),
  });
  return { status: response.status, text: await response.text() };
}

const shown = (text: string | null) =>
  text === null || text.length <= 2000 ? text : `${text.slice(0, 2000)}… (${text.length})`;

/** Throws with the request and its answer where the answer is none of the contract's. */
function assertAnswer(request: Request, { status, text }: { status: number; text: string }): void {
  const told = `${request.method} ${shown(request.url)}\n${request.contentType}: ${shown(request.body)}\n→ ${status} ${shown(text)}`;
  assert.ok(status < 500, told);
  if (status < 400) return;
  const body = JSON.parse(text) as Record<string, unknown>;
  assert.equal(body.status, status, told);
  assert.equal(typeof body.error, "string", told);
  assert.ok(body.code === undefined || typeof body.code === "string", told);
  const unknown = Object.keys(body).filter((key) => !["status", "error", "code", "error_details"].includes(key));
  assert.deepEqual(unknown, [], told);
}

/** What was accepted must also be bearable for the work that follows. */
async function assertWorkIsDone(client: Client, route: Route): Promise<void> {
  const { status, body } = await client.call("POST", "/test_clock/run", {
    test_clock: { jobs: ["billing", "usage", "finalize"] },
  });
  assert.ok(status === 200, `after ${nameOf(route)}: ${status} ${JSON.stringify(body).slice(0, 3000)}`);
}

async function mangle(route: Route, index: number): Promise<string[]> {
  const organization = await createBusyOrganization(server, `m${index}`);
  const { client } = organization;
  // What a catalog route creates must not have a code that is taken: a scenario's own is free.
  const { code, ...others } = organization.known;
  const known: Known = /\/events|current_usage/.test(route.template) ? organization.known : others;
  const examples = [...(MORE_EXAMPLES[nameOf(route)] ?? []), ...route.examples.slice(0, 300)];
  const sensible = { ...route, examples: examples.map((each) => localized(each, known)) };
  const requests = requestsTo(sensible, known, ownOf(route, organization));
  const holds = fc.asyncProperty(requests, async (request) =>
    assertAnswer(request, await send(request, client.apiKey)),
  );
  const outcome = await fc.check(holds, { seed: SEED, numRuns: RUNS, interruptAfterTimeLimit: 20_000 });
  const failures = outcome.failed ? [`${nameOf(route)}: ${(outcome.errorInstance as Error).message}`] : [];
  await assertWorkIsDone(client, route).catch((error: Error) => failures.push(error.message));
  return failures;
}

test("no request makes a 5xx, and every refusal has the contract's shape", async () => {
  const failures: string[] = [];
  await inParallel([...routes.entries()], WIDTH, async ([index, route]) => {
    failures.push(...(await mangle(route, index)));
  });
  assert.deepEqual(failures, [], `WEIR_TEST_SEED=${SEED}\n${failures.join("\n\n")}`);
});

/** An empty list for whomever the organization does not know: the contract's. */
const ANSWERS_NOTHING: ReadonlySet<string> = new Set(["GET /api/v1/customers/{external_customer_id}/past_usage"]);

test("what is another organization's is not there", async () => {
  const [own, other] = [await createBusyOrganization(server, "own"), await createBusyOrganization(server, "other")];
  const wrong: string[] = [];
  for (const route of routes.filter(({ template }) => template.includes("{"))) {
    const [name] = ownOf(route, own);
    if (name === undefined) {
      wrong.push(`${nameOf(route)}: give it a name in src/testing/busy.ts`);
      continue;
    }
    // The first name is the collection's, the others are those of parts within it.
    const path = route.template
      .slice(PREFIX.length)
      .replace(/\{\w+\}/, encodeURIComponent(name))
      .replaceAll(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent(own.known[part] ?? name));
    const named = ["external_subscription_id", "charge_code"].filter((each) => route.query.includes(each));
    const query = `?${named.map((each) => `${each}=${own.known[each]}`).join("&")}`;
    if (route.method === "GET") {
      const { status } = await own.client.call("GET", path + query);
      if (status !== 200) wrong.push(`${nameOf(route)}: its own organization is answered ${status}`);
    }
    const body = route.body === null ? undefined : bodyFor(route, other.known as Known);
    const { status } = await other.client.call(route.method, path + query, body);
    const expected = ANSWERS_NOTHING.has(nameOf(route)) ? 200 : 404;
    if (status !== expected) wrong.push(`${nameOf(route)}: another organization is answered ${status}`);
  }
  assert.deepEqual(wrong, []);
});

/** A body that the schema takes. */
function bodyFor({ body, examples }: Route, known: Known): unknown {
  const [example] = examples;
  if (example !== undefined) return localized(example, known);
  const root = Object.keys((body?.properties ?? {}) as object)[0];
  return root === undefined ? {} : { [root]: {} };
}
