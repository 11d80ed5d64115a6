/** Requests as careless or hostile clients send them to a route. */
import fc from "fast-check";
import { fitting, type Known, type Schema } from "./bodies.ts";
import { junkKey, junkText, junkValue, mutate, mutation } from "./junk.ts";

export interface Route {
  readonly method: string;
  /** "/api/v1/plans/{code}" */
  readonly template: string;
  readonly body: Schema | null;
  /** Bodies that are known to make sense. */
  readonly examples: readonly unknown[];
  readonly query: readonly string[];
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly contentType: string | null;
  readonly body: string | null;
  /** Null for the organization's own key. */
  readonly authorization: string | null;
}

const UNREADABLE = [
  "",
  " ",
  "{",
  "nul",
  "null",
  "[]",
  "7",
  '"x"',
  "{}{}",
  "\ufeff{}",
  '{"a":NaN}',
  '{"a":"\\ud800"}',
  "\u0000",
  `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
  `{"plan":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`,
  "<xml/>",
  "a=1&b=2",
];

const CONTENT_TYPES = [
  "text/plain",
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/json; charset=utf-16",
  "application/vnd.api+json",
  "application/x-ndjson",
  "nonsense",
  "x".repeat(2000),
];

/** What stands in a path instead of an id. */
const PATH_PARTS = [
  "x",
  "%20",
  "%2F",
  "..%2f..%2fetc",
  "%00",
  "a%00b",
  "%ff",
  "%",
  "%zz",
  "%F0%9F%92%B6",
  "%ED%A0%80",
  "'%20or%201=1--",
  "00000000-0000-0000-0000-000000000000",
  "0190b2c4-0000-7000-8000-0000000000zz",
  "-1",
  "9".repeat(40),
  "y".repeat(1900),
  "z".repeat(5000),
  "null",
  "undefined",
  "__proto__",
  ";",
  "*",
];

const QUERY_VALUES = [
  "0",
  "-1",
  "abc",
  "1e9",
  "999999999",
  "99999999999999999999",
  "1.5",
  "true",
  "2024-02-30",
  "%00",
  "%ff",
  "%",
  "'",
];

const authorization = fc.oneof(
  { arbitrary: fc.constant<string | null>(null), weight: 12 },
  fc.constantFrom("", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer x y z", `Bearer ${"k".repeat(9000)}`),
);

/** What stands in a path behind the name of a collection's member. */
const NAMES_OF_PARTS = ["{charge_code}", "{filter_id}", "{fixed_charge_code}"];

function pathOf(template: string, known: Known, own: readonly string[]): fc.Arbitrary<string> {
  const parts = template.split("/").map((part) => {
    if (!part.startsWith("{")) return fc.constant(part);
    const others = Object.values(known);
    const named = NAMES_OF_PARTS.includes(part) ? known[part.slice(1, -1)] : undefined;
    const meant = named === undefined ? own : [named];
    return fc.oneof(
      { arbitrary: fc.constantFrom(...(meant.length === 0 ? others : meant)).map(encodeURIComponent), weight: 4 },
      fc.constantFrom(...others).map(encodeURIComponent),
      { arbitrary: fc.constantFrom(...PATH_PARTS), weight: 2 },
    );
  });
  return fc.tuple(...parts).map((given) => given.join("/"));
}

function urlOf({ template, query }: Route, known: Known, own: readonly string[]): fc.Arbitrary<string> {
  const anyValue = fc.oneof(
    fc.constantFrom(...QUERY_VALUES, ...Object.values(known).map(encodeURIComponent)),
    junkText.map((text) => encodeURIComponent(text.slice(0, 3000).toWellFormed())),
  );
  const pairOf = (name: string) => {
    const right = known[name];
    const value = right === undefined ? anyValue : fc.oneof(fc.constant(encodeURIComponent(right)), anyValue);
    return value.map((text) => `${name}=${text}`);
  };
  // Named ones are all given at times: some routes need one, and answer nothing else without it.
  const named = fc.tuple(...query.filter((name) => known[name] !== undefined).map(pairOf));
  const names = [...query, "page", "per_page", "status[]", "metadata[a]", "page[]", "__proto__", "external_id"];
  const some = fc.array(fc.constantFrom(...names).chain(pairOf), { maxLength: 3 });
  return fc.tuple(pathOf(template, known, own), fc.oneof(fc.constant([]), named), some).map(([path, first, more]) => {
    const search = [...first, ...more].join("&");
    return search === "" ? path : `${path}?${search}`;
  });
}

function bodyOf(
  { body, examples }: Route,
  known: Known,
): fc.Arbitrary<{ contentType: string | null; body: string | null }> {
  const json = (text: fc.Arbitrary<string>) => text.map((each) => ({ contentType: "application/json", body: each }));
  const none = fc.constant({ contentType: null, body: null });
  const unreadable = fc.record({
    contentType: fc.constantFrom(null, "application/json", ...CONTENT_TYPES),
    body: fc.constantFrom(...UNREADABLE),
  });
  if (body === null) return fc.oneof({ arbitrary: none, weight: 6 }, unreadable);
  const fits = fitting(body, known);
  const sensible =
    examples.length === 0 ? fits : fc.oneof({ arbitrary: fc.constantFrom(...examples), weight: 4 }, fits);
  const mangled = fc
    .tuple(sensible, fc.array(mutation, { maxLength: 3 }))
    .map(([start, mutations]) => JSON.stringify(mutations.reduce(mutate, start)) ?? "");
  const strange = fc
    .oneof(junkValue, fc.dictionary(junkKey, junkValue, { maxKeys: 2 }))
    .map((each) => JSON.stringify(each));
  return fc.oneof({ arbitrary: json(mangled), weight: 16 }, json(strange), unreadable, none);
}

/** Requests to `route`, most of them nearly right; `own` are names that its path may well mean. */
export function requestsTo(route: Route, known: Known, own: readonly string[]): fc.Arbitrary<Request> {
  return fc
    .tuple(urlOf(route, known, own), bodyOf(route, known), authorization)
    .map(([url, body, key]) => ({ method: route.method, url, ...body, authorization: key }));
}
