import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../kernel/failure.ts";
import {
  readFlag,
  readMap,
  readMoment,
  readOneOf,
  readPage,
  readRange,
  readText,
  readTexts,
  readUuid,
} from "./query.ts";

test("the last of several values counts, a blank one is none", () => {
  assert.equal(readText({ a: "1" }, "a"), "1");
  assert.equal(readText({ a: ["1", "2"] }, "a"), "2");
  for (const query of [{}, { a: "" }, { a: ["1", ""] }, { a: [] }]) assert.equal(readText(query, "a"), null);
});

test("a list comes with brackets or without", () => {
  assert.deepEqual(readTexts({ "status[]": ["draft", "finalized"] }, "status"), ["draft", "finalized"]);
  assert.deepEqual(readTexts({ "status[]": "draft", status: "" }, "status"), ["draft"]);
  assert.deepEqual(readTexts({ status: "draft" }, "status"), ["draft"]);
  assert.deepEqual(readTexts({}, "status"), []);
});

test("flags, choices and ids say what is wrong with them", () => {
  const problems: Problem[] = [];
  const query = { a: "true", b: "0", c: "yes", d: "draft", e: "new", f: "x'; drop table plans; --" };
  assert.equal(readFlag(query, "a", problems), true);
  assert.equal(readFlag(query, "b", problems), false);
  assert.equal(readOneOf(query, "d", ["draft", "final"], problems), "draft");
  assert.equal(readUuid({ id: "0190b2c4-0000-7000-8000-0000000000AB" }, "id", problems)?.length, 36);
  assert.deepEqual(problems, []);
  assert.equal(readFlag(query, "c", problems), null);
  assert.equal(readOneOf(query, "e", ["draft", "final"], problems), null);
  assert.equal(readUuid(query, "f", problems), null);
  assert.deepEqual(
    problems,
    ["c", "e", "f"].map((field) => ({ field, code: "value_is_invalid" })),
  );
});

test("a date is its whole day, a datetime the microsecond it names", () => {
  for (const [text, from, to] of [
    ["2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"],
    ["2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00.000001Z"],
    ["2024-02-29T10:00:00+05:30", "2024-02-29T04:30:00Z", "2024-02-29T04:30:00.000001Z"],
    ["2024-02-29 10:00", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00.000001Z"],
  ] as const) {
    const moment = readMoment(text);
    assert.deepEqual([moment?.from.toString(), moment?.to.toString()], [from, to], text);
  }
  for (const text of [
    "2023-02-29",
    "2024",
    "24-01-01",
    "2024-01-01T25:00:00Z",
    "yesterday",
    "1704067200",
    "2024-01-01T",
  ]) {
    assert.equal(readMoment(text), null, text);
  }
});

test("no text makes reading a moment throw", () => {
  const like = fc.tuple(fc.stringMatching(/^\d{4}-\d{2}-\d{2}$/), fc.string({ unit: "binary" })).map(([a, b]) => a + b);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), like), (text) => {
      const moment = readMoment(text);
      assert.ok(moment === null || Temporal.Instant.compare(moment.from, moment.to) < 0);
    }),
  );
});

test("a range of dates is open at the ends that are not given", () => {
  const problems: Problem[] = [];
  const { from, to } = readRange({ at_to: "2024-01-31" }, "at", problems);
  assert.deepEqual([from, to?.toString()], [null, "2024-02-01T00:00:00Z"]);
  readRange({ at_from: "soon", at_to: "2024-13-01" }, "at", problems);
  assert.deepEqual(
    problems,
    ["at_from", "at_to"].map((field) => ({ field, code: "invalid_date" })),
  );
});

test("metadata[key]=value is a map, whatever the keys are called", () => {
  assert.deepEqual(
    readMap({ "metadata[a b]": "1", "metadata[c]": ["2", "3"], "metadata[]": "4", other: "5" }, "metadata"),
    {
      "a b": "1",
      c: "3",
    },
  );
  assert.deepEqual(Object.entries(readMap({ "metadata[__proto__]": "1" }, "metadata")), [["__proto__", "1"]]);
});

test("pages begin at 1, and no page is too large to be asked for", () => {
  for (const [query, page, perPage] of [
    [{}, 1, 100],
    [{ page: "", per_page: "" }, 1, 100],
    [{ page: "3", per_page: "20" }, 3, 20],
    [{ page: "2", per_page: "999999" }, 2, 1000],
    [{ page: "999999999" }, 1_000_000, 100],
  ] as const) {
    assert.deepEqual(readPage(query), { page, perPage }, JSON.stringify(query));
  }
  for (const text of ["0", "-1", "abc", "1e3", "1.5", " 1", "10000000000", "١", "Infinity"]) {
    assert.throws(() => readPage({ page: text }), /validation_errors/, text);
    assert.throws(() => readPage({ per_page: text }), /validation_errors/, text);
  }
});
