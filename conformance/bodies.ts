/** The bodies that scenarios send: for tests that need realistic ones of every route. */
import { operationOf, readOperations } from "./operations.ts";
import { readScenarios } from "./scenario.ts";
import type { JsonMap } from "./values.ts";

/** The bodies that scenarios send, by "METHOD /template" of `document`'s operations. */
export async function scenarioBodies(document: JsonMap, prefix: string): Promise<Map<string, unknown[]>> {
  const operations = readOperations(document, prefix);
  const bodies = new Map<string, unknown[]>();
  for (const { steps } of await readScenarios()) {
    for (const step of steps) {
      if (!("call" in step) || step.body === undefined) continue;
      const [method = "", path = ""] = step.call.split(" ");
      const operation = operationOf(operations, method, path.replaceAll(/\$\{[^}]*\}/g, "x"));
      if (operation === null) continue;
      const route = `${method} ${operation.template}`;
      bodies.set(route, [...(bodies.get(route) ?? []), step.body]);
    }
  }
  return bodies;
}

/** A scenario's body with the organization's own names in it; other saved values become a text. */
export function localized(value: unknown, known: Readonly<Record<string, string>>, key = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => localized(each, known, key));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, localized(each, known, name)]));
  }
  if (known[key] !== undefined && typeof value === "string") return known[key];
  return typeof value === "string" ? value.replaceAll(/\$\{[^}]*\}/g, "x") : value;
}
