/**
 * Runs every scenario and writes those that need something not built yet to not-yet.json.
 *   npm run conformance:list            the list only shrinks: a scenario that was in reach is a failure
 *   npm run conformance:list -- --new   lists whatever is not in reach, after scenarios were added
 * A scenario that fails otherwise (a wrong figure, a 5xx) is printed and never listed.
 */
import { readArguments } from "../src/config.ts";
import { startTestPostgres } from "../src/testing/postgres.ts";
import { ADMIN_KEY, startTestServer } from "../src/testing/server.ts";
import { type Contracts, type NotYet, notYetOf } from "./not-yet.ts";
import { readOperations } from "./operations.ts";
import { needsMore, readNotYet, readOwn, readReference, tellAll, writeNotYet } from "./runner.ts";
import { readScenarios, type Scenario } from "./scenario.ts";
import type { Failure } from "./story.ts";

const WIDTH = 8;

interface Run {
  readonly contracts: Contracts;
  readonly outcomes: ReadonlyMap<Scenario, Failure | null>;
  readonly skipped: readonly Scenario[];
}

async function runAll(): Promise<Run> {
  const postgres = await startTestPostgres();
  try {
    const server = await startTestServer({ POOL_SIZE: "20", JOB_CONCURRENCY: "8" });
    try {
      const own = await readOwn(server.url);
      const contracts = { built: readOperations(own, "/api/v1"), whole: readOperations(await readReference()) };
      const scenarios = await readScenarios();
      const told = scenarios.filter((scenario) => !needsMore(scenario));
      const outcomes = await tellAll(told, { url: server.url, adminKey: ADMIN_KEY }, WIDTH);
      return { contracts, outcomes, skipped: scenarios.filter(needsMore) };
    } finally {
      await server.close();
    }
  } finally {
    await postgres.stop();
  }
}

function report({ outcomes, skipped }: Run, list: Readonly<Record<string, NotYet>>, failures: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const { missing } of Object.values(list)) counts.set(missing, (counts.get(missing) ?? 0) + 1);
  for (const [missing, count] of [...counts].sort(([, a], [, b]) => b - a)) console.log(`${count}\t${missing}`);
  for (const { name, needs } of skipped) console.log(`skipped: ${name} needs ${needs.join(", ")}`);
  for (const failure of failures) console.log(`FAILURE: ${failure}`);
  const passed = [...outcomes.values()].filter((failure) => failure === null).length;
  console.log(
    `${passed} of ${outcomes.size + skipped.length} scenarios pass, ${Object.keys(list).length} are not yet in reach, ` +
      `${skipped.length} are skipped, ${failures.length} fail`,
  );
}

const { values: options } = readArguments({ new: { type: "boolean", default: false } });
const before = await readNotYet();
const run = await runAll();
const list: Record<string, NotYet> = {};
const failures: string[] = [];
for (const [{ name }, failure] of run.outcomes) {
  if (failure === null) continue;
  const found = notYetOf(failure, run.contracts);
  const mayBeListed = before === null || options.new === true || name in before;
  if (found !== null && mayBeListed) list[name] = found;
  else failures.push(`${name} step ${failure.step}: ${failure.message}`);
}
await writeNotYet(list);
report(run, list, failures);
process.exit(failures.length > 0 ? 1 : 0);
