/** Many scenarios at a time against one server. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { NotYet } from "./not-yet.ts";
import type { Scenario } from "./scenario.ts";
import { type Audience, type Failure, tell } from "./story.ts";
import type { JsonMap } from "./values.ts";

/** Scenarios that need more than the server (a payment provider, a mail box, …), which this run does not provide. */
export const needsMore = ({ needs }: Scenario) => needs.length > 0;

export type NotYetList = Readonly<Record<string, NotYet>>;

const NOT_YET_FILE = fileURLToPath(new URL("not-yet.json", import.meta.url));

/** Null where there is no list yet. */
export async function readNotYet(): Promise<NotYetList | null> {
  const text = await readFile(NOT_YET_FILE, "utf8").catch(() => null);
  return text === null ? null : JSON.parse(text);
}

/** One line per scenario: a diff of the list is read by people. */
export async function writeNotYet(list: NotYetList): Promise<void> {
  const lines = Object.entries(list)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => `  ${JSON.stringify(name)}: ${JSON.stringify(entry)}`);
  await writeFile(NOT_YET_FILE, `{\n${lines.join(",\n")}\n}\n`);
}

/** The document that the server at `url` describes itself with. */
export async function readOwn(url: string): Promise<JsonMap> {
  return (await (await fetch(`${url}/api/openapi.json`)).json()) as JsonMap;
}

export async function readReference(): Promise<JsonMap> {
  return JSON.parse(await readFile(new URL("reference-answers.json", import.meta.url), "utf8")) as JsonMap;
}

/** Runs `work` on every item, `width` at a time, in order of the list. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>) {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Tells the scenarios, `width` at a time; null for each that went as it says. */
export async function tellAll(
  scenarios: readonly Scenario[],
  audience: Audience,
  width: number,
): Promise<Map<Scenario, Failure | null>> {
  const outcomes = new Map<Scenario, Failure | null>();
  await inParallel(scenarios, width, async (scenario) => {
    outcomes.set(scenario, await tell(scenario, audience));
  });
  return outcomes;
}
