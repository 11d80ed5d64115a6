/**
 * The scenarios, told to a server of their own; those in not-yet.json must end where the list says.
 * Then every answer that was seen is held against the two documents that describe it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ADMIN_KEY, startTestServer, type TestServer } from "../src/testing/server.ts";
import { type Contract, createContract } from "./contract.ts";
import { createFindings, describeFinding, readExceptions, sift } from "./exceptions.ts";
import { type Contracts, judge } from "./not-yet.ts";
import { operationOf, readOperations } from "./operations.ts";
import { needsMore, readNotYet, readOwn, readReference } from "./runner.ts";
import { readScenarios, type Scenario } from "./scenario.ts";
import { type Exchange, tell } from "./story.ts";

/** Scenarios told at a time: enough to keep the server busy while others wait for the database. */
const WIDTH = 8;

const scenarios = await readScenarios();
const notYet = (await readNotYet()) ?? {};
const findings = createFindings();
let server: TestServer;
let contracts: Contracts;
let documents: readonly Contract[];

before(async () => {
  server = await startTestServer({ POOL_SIZE: "20", JOB_CONCURRENCY: "8" });
  const [own, reference] = await Promise.all([readOwn(server.url), readReference()]);
  contracts = { built: readOperations(own, "/api/v1"), whole: readOperations(reference) };
  documents = [createContract("weir", own, "/api/v1"), createContract("reference", reference, "")];
});
after(() => server.close());

function observe(exchange: Exchange): void {
  if (operationOf(contracts.built, exchange.method, exchange.path) === null) return;
  for (const document of documents) for (const breach of document.check(exchange)) findings.add(breach);
}

async function check(scenario: Scenario): Promise<void> {
  const failure = await tell(scenario, { url: server.url, adminKey: ADMIN_KEY, observe });
  const verdict = judge(failure, notYet[scenario.name], contracts);
  if (verdict !== null) assert.fail(`${verdict}\n(npm run conformance:list writes not-yet.json anew)`);
}

describe("the scenarios", { concurrency: WIDTH }, () => {
  for (const scenario of scenarios) {
    const { name } = scenario;
    const missing = notYet[name]?.missing;
    const title = missing === undefined ? `${name}: ${scenario.scenario}` : `${name} (not yet: ${missing})`;
    test(title, { skip: needsMore(scenario) ? `needs ${scenario.needs.join(", ")}` : false }, () => check(scenario));
  }
});

test("every name in not-yet.json is a scenario", () => {
  const names = new Set(scenarios.map(({ name }) => name));
  assert.deepEqual(
    Object.keys(notYet).filter((name) => !names.has(name)),
    [],
  );
});

test("every answer is as /api/openapi.json and reference-answers.json describe it", async () => {
  const { unexcused, unused } = sift(findings.all(), await readExceptions());
  assert.deepEqual(unexcused.map(describeFinding).sort(), [], "answers that are not as described");
  assert.deepEqual(unused, [], "exceptions of contract-exceptions.json that their scenario does not show");
});
