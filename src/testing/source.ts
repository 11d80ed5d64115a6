/** The project's source as the tidy test reads it: files, what they import, how long their functions are. */
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { type Node, parse } from "acorn";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface SourceFile {
  /** From the project's root: "src/kernel/money.ts". */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Files of the project that it imports or re-exports from, types included. */
  readonly imports: readonly string[];
  /** Those that it loads when it runs. */
  readonly loads: readonly string[];
  readonly functions: readonly SourceFunction[];
}

export interface SourceFunction {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** All TypeScript of the project, in the order of the paths. */
export async function readSources(): Promise<SourceFile[]> {
  const paths: string[] = [];
  for await (const path of glob("{bin,src,bench,conformance,examples,scripts}/**/*.ts", { cwd: ROOT }))
    paths.push(path);
  return paths.sort().map((path) => readSource(path, readFileSync(ROOT + path, "utf8")));
}

export function readSource(path: string, text: string): SourceFile {
  // Types become blanks, so that places in the code stay where they are.
  const program = parse(stripTypeScriptTypes(text), { ecmaVersion: "latest", sourceType: "module", locations: true });
  const nodes = [...nodesOf(program)];
  return {
    path,
    text,
    lines: text.split("\n"),
    imports: resolveAll(
      path,
      [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]*)"/g)].map(([, name]) => name ?? ""),
    ),
    loads: resolveAll(path, nodes.filter(isLoading).map(sourceOf)),
    functions: nodes.filter(isFunction).map(describeFunction),
  };
}

const resolveAll = (path: string, names: readonly string[]) =>
  [...new Set(names.filter((name) => name.startsWith(".")).map((name) => join(dirname(path), name)))].sort();

type Syntax = Node & Readonly<Record<string, unknown>>;

const isSyntax = (value: unknown): value is Syntax =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

function* nodesOf(node: unknown, name = ""): Generator<Syntax & { readonly called: string }> {
  if (Array.isArray(node)) {
    for (const each of node) yield* nodesOf(each, name);
    return;
  }
  if (!isSyntax(node)) return;
  yield Object.assign(node, { called: name });
  // `const name = () => …` and `{ name: () => … }`: a function takes the name of what holds it.
  const own = [node.id, node.key].find((each) => isSyntax(each) && typeof each.name === "string") as Syntax | undefined;
  for (const [key, value] of Object.entries(node)) {
    if (key !== "loc" && typeof value === "object") yield* nodesOf(value, own === undefined ? name : String(own.name));
  }
}

const isFunction = ({ type }: Syntax) =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type);

function describeFunction(node: Syntax & { readonly called: string }): SourceFunction {
  const { start, end } = node.loc as { start: { line: number }; end: { line: number } };
  const name = isSyntax(node.id) ? String(node.id.name) : node.called;
  return { name: name || "(anonymous)", line: start.line, lines: end.line - start.line + 1 };
}

const isLoading = (node: Syntax) =>
  /^(ImportDeclaration|ExportAllDeclaration|ExportNamedDeclaration)$/.test(node.type) && isSyntax(node.source);
const sourceOf = (node: Syntax) => String((node.source as Syntax).value);

/** One cycle among `edges`, as the way around it; null where there is none. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  function visit(name: string, way: readonly string[]): string[] | null {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return null;
    for (const next of edges.get(name) ?? []) {
      const cycle = visit(next, [...way, name]);
      if (cycle !== null) return cycle;
    }
    done.add(name);
    return null;
  }
  for (const name of edges.keys()) {
    const cycle = visit(name, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
