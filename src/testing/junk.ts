/** Values that clients should not send, and do. */
import fc from "fast-check";
import { rawNumber } from "../kernel/json.ts";

const nested = (depth: number, wrap: (inner: unknown) => unknown) => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
};

const TEXTS = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "x\udfff\ud800y",
  "💶".repeat(300),
  "e\u0301\u202e\ufeff\u2028",
  "x".repeat(256),
  "x".repeat(70_000),
  "'; drop table plans; --",
  "%00%2F..%2f",
  "../../etc/passwd",
  "$" + "{now}",
  "\\",
  '"',
  "null",
  "true",
  "NaN",
  "Infinity",
  "-0",
  "1e400",
  "0x10",
  "1.",
  "9".repeat(80),
  `0.${"1".repeat(90)}`,
  "-1",
  "99999999999999999999.99",
  "2024-02-30",
  "2024-02-30T25:61:61Z",
  "9999-12-31T23:59:59.999999Z",
  "0000-01-01T00:00:00Z",
  "-271821-04-20T00:00:00Z",
  "+275760-09-13T00:00:00Z",
  "2024-01-01T00:00:00+99:99",
  "253402300800",
  "1e18",
  "00000000-0000-0000-0000-000000000000",
  "Europe/Nowhere",
  "+25:00",
  "XXX",
  "eur",
];

const NUMBERS = [
  0,
  -0,
  -1,
  1.5,
  1e-7,
  1e21,
  1e308,
  -1e308,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53 + 2,
  2 ** 63,
  253_402_300_800,
  8_640_000_000_000_001,
].map((value): unknown => value);

/** Numbers that JSON can write and a double cannot hold. */
const RAW_NUMBERS = [
  "1e400",
  "-1e400",
  "1e999999999",
  "1e-999999999",
  "9".repeat(400),
  `0.${"123456789".repeat(12)}`,
].map((text): unknown => rawNumber(text));

const SHAPES: readonly unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [[]],
  [null],
  [{}],
  [[[[["x"]]]]],
  { "": "" },
  { length: 3 },
  JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}'),
  { toString: null, hasOwnProperty: 1, toJSON: "x" },
  { rawJSON: "1" },
  { key: "a\u0000", "k\u0000": "v", "\ud800": 1 },
  Array.from({ length: 1100 }, (_, i) => i),
  Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i])),
  nested(40, (inner) => ({ a: inner })),
  nested(3000, (inner) => [inner]),
];

export const junkText = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: "binary", maxLength: 20 }));
export const junkValue: fc.Arbitrary<unknown> = fc.oneof(
  junkText,
  fc.constantFrom(...NUMBERS),
  fc.constantFrom(...RAW_NUMBERS),
  fc.constantFrom(...SHAPES),
  fc.jsonValue({ maxDepth: 3 }),
);
export const junkKey = fc.constantFrom(
  "__proto__",
  "constructor",
  "toString",
  "lago_id",
  "id",
  "organization_id",
  "",
  "\u0000",
  "0",
  "x".repeat(300),
);

type Path = readonly (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null || "rawJSON" in value || at.length > 50) return [at];
  const inside = Array.isArray(value) ? value.map((each, i) => [i, each] as const) : Object.entries(value);
  return [at, ...inside.flatMap(([key, each]) => pathsOf(each, [...at, key]))];
}

export interface Mutation {
  /** Which place, of all in the body. */
  readonly place: number;
  readonly what: "replace" | "remove" | "wrap" | "add";
  readonly key: string;
  readonly value: unknown;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat({ max: 999 }),
  what: fc.constantFrom("replace", "replace", "replace", "remove", "wrap", "add"),
  key: junkKey,
  value: junkValue,
});

/** `body` with one place of it changed. */
export function mutate(body: unknown, { place, what, key, value }: Mutation): unknown {
  const paths = pathsOf(body);
  const path = paths[place % paths.length] ?? [];
  return changeAt(body, path, (old) => {
    if (what === "remove") return undefined;
    if (what === "wrap") return [old];
    if (what === "add" && typeof old === "object" && old !== null && !Array.isArray(old)) {
      return Object.fromEntries([...Object.entries(old), [key, value]]);
    }
    return value;
  });
}

/** A changed copy; a place that becomes undefined is left out. */
function changeAt(value: unknown, [key, ...rest]: Path, change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.flatMap((each, i) => {
      const changed = i === key ? changeAt(each, rest, change) : each;
      return changed === undefined ? [] : [changed];
    });
  }
  const entries = Object.entries(value as object).map(([name, each]) => [
    name,
    name === key ? changeAt(each, rest, change) : each,
  ]);
  return Object.fromEntries(entries.filter(([, each]) => each !== undefined));
}
