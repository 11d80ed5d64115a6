/** Scenarios: the files and what they hold (FORMAT.md). */
import { glob, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { JsonMap } from "./values.ts";

export interface CallStep {
  /** "POST /plans" */
  readonly call: string;
  readonly body?: unknown;
  /** The expected HTTP status; any 2xx where absent. */
  readonly status?: number;
  /** name → path in the answer */
  readonly save?: Readonly<Record<string, string>>;
  /** path in the answer → what is there */
  readonly expect?: JsonMap;
  /** The answer is a file: `expect` and `save` see its type and size. */
  readonly download?: boolean;
}

export type Step = CallStep | { readonly at: string } | { readonly run: readonly string[] } | { readonly note: string };

export interface Scenario {
  /** "<area>/<file name>" */
  readonly name: string;
  readonly scenario: string;
  readonly area: string;
  /** What a run must provide beyond the server: a payment provider's double, a mail box, … */
  readonly needs: readonly string[];
  /** Settings given before the first step. */
  readonly organization?: JsonMap;
  readonly billing_entity?: JsonMap;
  readonly steps: readonly Step[];
}

const FOLDER = fileURLToPath(new URL("scenarios/", import.meta.url));

/** All scenarios in the order of their names. */
export async function readScenarios(): Promise<Scenario[]> {
  const files: string[] = [];
  for await (const file of glob("*/*.json", { cwd: FOLDER })) files.push(file);
  return Promise.all(
    files.sort().map(async (file) => {
      const text = await readFile(FOLDER + file, "utf8");
      return { needs: [], ...JSON.parse(text), name: file.replace(/\.json$/, "") };
    }),
  );
}
