/** Where an answer may differ from a document: a short list, each entry with its reason and a scenario that shows it. */
import { readFile } from "node:fs/promises";
import type { Breach } from "./contract.ts";

export interface Exception {
  readonly contract: string;
  /** Where the rule stands in the document; `*` stands for anything. */
  readonly schema: string;
  /** Where in the answer, when the rule is broken at more places than this one; `*` stands for anything. */
  readonly at?: string;
  readonly reason: string;
  readonly scenario: string;
}

export async function readExceptions(): Promise<Exception[]> {
  return JSON.parse(await readFile(new URL("contract-exceptions.json", import.meta.url), "utf8"));
}

const fits = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => RegExp.escape(part))
      .join(".*")}$`,
  ).test(text);

const excuses = (exception: Exception, { contract, schema, at }: Breach) =>
  exception.contract === contract &&
  fits(exception.schema, schema) &&
  (exception.at === undefined || fits(exception.at, at));

/** Breaches of one rule at one place, and the scenarios that show them. */
export interface Finding {
  readonly breach: Breach;
  readonly scenarios: ReadonlySet<string>;
}

/** Gathers breaches as they are seen: thousands of answers break one rule in one way. */
export function createFindings() {
  const findings = new Map<string, { breach: Breach; scenarios: Set<string> }>();
  return {
    add(breach: Breach): void {
      const { contract, answer, schema, at, message } = breach;
      const key = [contract, answer, schema, at, message].join(" ");
      const known = findings.get(key) ?? { breach, scenarios: new Set() };
      known.scenarios.add(breach.scenario);
      findings.set(key, known);
    },
    all: (): Finding[] => [...findings.values()],
  };
}

/** What no exception excuses, and the exceptions that excuse nothing in the scenario they name. */
export function sift(findings: readonly Finding[], exceptions: readonly Exception[]) {
  return {
    unexcused: findings.filter(({ breach }) => !exceptions.some((exception) => excuses(exception, breach))),
    unused: exceptions.filter(
      (exception) =>
        !findings.some(({ breach, scenarios }) => excuses(exception, breach) && scenarios.has(exception.scenario)),
    ),
  };
}

export function describeFinding({ breach, scenarios }: Finding): string {
  const { contract, answer, schema, at, message } = breach;
  return `${contract}: ${answer} ${at || "/"}: ${message}\n    ${schema}\n    e.g. ${[...scenarios].slice(0, 3).join(", ")} (${scenarios.size})`;
}
