/** /api/openapi.json: what the server says of itself. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { startTestServer, type TestServer } from "../testing/server.ts";

interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: unknown }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let server: TestServer;
let document: Document;
before(async () => {
  server = await startTestServer();
  document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Document;
});
after(() => server.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      method,
      path,
      operation,
    })),
  );

test("the document is valid OpenAPI 3.1", async () => {
  assert.match(document.openapi, /^3\.1\./);
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  assert.ok(valid, JSON.stringify(errors, null, 1));
});

test("every operation has a name of its own, a tag and a summary", () => {
  const names = operations().map(({ operation }) => operation.operationId);
  assert.deepEqual(
    names.filter((name, i) => name === undefined || names.indexOf(name) !== i),
    [],
  );
  for (const { route, operation } of operations()) {
    assert.match(operation.operationId ?? "", /^[a-z][A-Za-z0-9]+$/, route);
    assert.ok(operation.tags?.length, `${route} has no tag`);
    assert.ok(operation.summary, `${route} has no summary`);
  }
});

test("every path parameter is described", () => {
  for (const { route, path, operation } of operations()) {
    const described = (operation.parameters ?? []).filter((each) => each.in === "path").map(({ name }) => name);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(described.sort(), inPath.sort(), route);
  }
});

test("every answer has a schema, and every route says how it refuses", () => {
  const untold: string[] = [];
  for (const { route, method, path, operation } of operations()) {
    const { responses } = operation;
    for (const [status, { content }] of Object.entries(responses)) {
      const isJson = content?.["application/json"]?.schema !== undefined;
      if (!isJson && !(status === "200" && content !== undefined)) untold.push(`${route} ${status}: no schema`);
    }
    // Each expectation is met by any one of its statuses: events/bulk refuses by line, or the body as a whole.
    const expected = [["200"], ["401"]];
    if (path.startsWith("/api/v1/")) expected.push(["403"]);
    if (path.includes("{")) expected.push(["404"]);
    if (operation.requestBody !== undefined) expected.push(["400"], ["422", "413"]);
    if (method === "get" && operation.parameters?.some(({ name }) => name === "page")) expected.push(["422"]);
    const missing = expected.filter((statuses) => statuses.every((status) => responses[status] === undefined));
    untold.push(...missing.map((statuses) => `${route}: no ${statuses.join(" or ")}`));
  }
  assert.deepEqual(untold, []);
});
