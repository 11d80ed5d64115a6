/** The rules of the house as a test. A limit's list of exceptions only shrinks: what is shorter now must be entered shorter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findCycle, readSource, readSources, type SourceFile } from "./testing/source.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;

/** Longer files: their lines today. */
const LONG_FILES: Readonly<Record<string, number>> = {};
/** Longer functions, as "file name": their lines today. */
const LONG_FUNCTIONS: Readonly<Record<string, number>> = {};

/** Each room may import those before it, through their index.ts. */
const ROOMS = ["identity", "catalog", "customers", "metering", "rating", "subscriptions", "invoicing"];
/** What lies below all rooms. */
const GROUND = ["kernel", "storage", "http", "jobs", "app.ts", "config.ts", "version.ts"];
/** What lies above all rooms. */
const TOP = ["rooms.ts", "main.ts", "testing"];

/** What may not be written, where it may be nevertheless, and what to write instead. */
const BANNED: readonly { what: RegExp; instead: string; but: RegExp }[] = [
  { what: /\bas any\b/, instead: "a real type", but: /^$/ },
  {
    what: /biome-ignore|@ts-(ignore|expect-error|nocheck)/,
    instead: "code that needs no excuse",
    but: /^src\/(testing\/|storage\/tables)|\.test\.ts$|^bench\//,
  },
  {
    what: /\bDate\.now\b|\bnew Date\b|\bTemporal\.Now\b/,
    instead: "the `now` that came in as an argument (machine time: kernel/clock.ts)",
    but: /^src\/kernel\/(clock|calendar|wire)\.ts$|^src\/testing\/|^(bench|scripts|examples|conformance)\//,
  },
  {
    what: /\bprocess\.env\b/,
    instead: "a setting of src/config.ts",
    but: /^src\/(config\.ts$|testing\/)|^(bin|scripts|bench|examples)\//,
  },
  { what: /from "big\.js"/, instead: "kernel/decimal.ts", but: /^src\/kernel\/decimal\.ts$/ },
  { what: /\b(TODO|FIXME)\b/, instead: "the work itself, or nothing", but: /^$/ },
];

/** Tests, and what a room has for its tests alone. */
const isTest = ({ path }: SourceFile) => /\.test\.ts$|\/testing\.ts$/.test(path);
const sources = (await readSources()).filter(({ path }) => path !== "src/tidy.test.ts");

/** "src/catalog/rules/x.ts" → "catalog"; a file of src/ itself is a place of its own. */
const placeOf = (path: string) => path.split("/")[1] ?? "";

test("files are short", () => {
  const found = sources.filter(({ lines }) => lines.length - 1 > FILE_LINES_MAX);
  assert.deepEqual(Object.fromEntries(found.map(({ path, lines }) => [path, lines.length - 1])), LONG_FILES);
});

test("functions are short, but for the tables of cases that tests are", () => {
  const code = sources.filter((file) => !isTest(file));
  const found = code.flatMap(({ path, functions }) =>
    functions
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ name, lines }) => [`${path} ${name}`, lines] as const),
  );
  assert.deepEqual(Object.fromEntries(found), LONG_FUNCTIONS);
});

test("nothing banned is written", () => {
  const found = sources.flatMap((file) =>
    BANNED.filter(({ but }) => !but.test(file.path) && !(isTest(file) && but.test("src/testing/"))).flatMap(
      ({ what, instead }) =>
        file.lines.flatMap((line, i) =>
          what.test(line) ? [`${file.path}:${i + 1}: ${line.trim()} → ${instead}`] : [],
        ),
    ),
  );
  assert.deepEqual(found, []);
});

test("files are named for what is in them", () => {
  const found = sources.filter(({ path }) => /util|helper|manager|common|misc/i.test(path));
  assert.deepEqual(
    found.map(({ path }) => path),
    [],
  );
});

test("every place of src/ has its floor", () => {
  const known = new Set([...ROOMS, ...GROUND, ...TOP]);
  const unknown = sources.filter((file) => file.path.startsWith("src/") && !known.has(placeOf(file.path)));
  assert.deepEqual(
    unknown.filter((file) => !/^src\/[^/]+\.test\.ts$/.test(file.path)).map(({ path }) => path),
    [],
  );
});

/** The floor of a file: what lies below may not import what lies above it. */
function floorOf(path: string): number {
  const place = placeOf(path);
  if (!path.startsWith("src/") || TOP.includes(place)) return ROOMS.length + 1;
  return ROOMS.indexOf(place) + 1;
}

test("what lies below does not know what lies above", () => {
  const found = sources
    .filter((file) => file.path.startsWith("src/") && !isTest(file))
    .flatMap(({ path, imports }) =>
      imports.filter((into) => floorOf(into) > floorOf(path)).map((into) => `${path} imports ${into}`),
    );
  assert.deepEqual(found, []);
});

test("the kernel needs nothing but itself", () => {
  const found = sources
    .filter((file) => placeOf(file.path) === "kernel" && !isTest(file))
    .flatMap(({ path, imports }) =>
      imports.filter((into) => placeOf(into) !== "kernel").map((into) => `${path} imports ${into}`),
    );
  assert.deepEqual(found, []);
});

test("a room's rules do no I/O", () => {
  const found = sources
    .filter(({ path }) => /^src\/\w+\/(rules\/|[\w-]*rules\.ts)/.test(path) && !path.endsWith(".test.ts"))
    .flatMap(({ path, loads }) =>
      loads.filter((into) => /\/(store|service|storage|jobs)\b/.test(into)).map((into) => `${path} loads ${into}`),
    );
  assert.deepEqual(found, []);
});

const doors = new Set(sources.map(({ path }) => path).filter((path) => /^src\/\w+\/index\.ts$/.test(path)));

test("rooms are entered by their doors", () => {
  const found = sources
    .filter((file) => !isTest(file))
    .flatMap(({ path, imports }) =>
      imports
        .filter((into) => {
          const door = `src/${placeOf(into)}/index.ts`;
          const isInside = path.startsWith("src/") && placeOf(path) === placeOf(into);
          return into.startsWith("src/") && doors.has(door) && into !== door && !isInside;
        })
        .map((into) => `${path} reaches past the door for ${into}`),
    );
  assert.deepEqual(found, []);
});

test("a door says what its room owns and what it does not", () => {
  for (const room of ROOMS) {
    const door = sources.find(({ path }) => path === `src/${room}/index.ts`);
    const comment = /^\/\*\*.*?\*\//s.exec(door?.text ?? "")?.[0].replace(/\s*\n \* /g, " ") ?? "";
    assert.match(comment, /Owns .*Does not own /s, `src/${room}/index.ts`);
  }
});

test("no two files load each other", () => {
  assert.equal(findCycle(new Map(sources.map(({ path, loads }) => [path, loads]))), null);
});

test("the tidy test sees what it looks for", () => {
  const file = readSource(
    "src/catalog/x.ts",
    `import type { A } from "./a.ts";
import { type B, b } from "../kernel/b.ts";
export type * from "./model.ts";
export const named = (x: A): B => {
  return b(x);
};
`,
  );
  assert.deepEqual(file.imports, ["src/catalog/a.ts", "src/catalog/model.ts", "src/kernel/b.ts"]);
  assert.deepEqual(file.loads, ["src/kernel/b.ts"]);
  assert.deepEqual(file.functions, [{ name: "named", line: 4, lines: 3 }]);
  assert.deepEqual(
    findCycle(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["b"]],
      ]),
    ),
    ["b", "c", "b"],
  );
  assert.equal(
    findCycle(
      new Map([
        ["a", ["b", "c"]],
        ["b", ["c"]],
        ["c", []],
      ]),
    ),
    null,
  );
});
