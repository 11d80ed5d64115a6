import assert from "node:assert/strict";
import { test } from "node:test";
import { mergedMetadata, readMetadata, withoutKey } from "./metadata.ts";

const codes = (given: Record<string, unknown>) => readMetadata(given).problems.map(({ code }) => code);

test("metadata takes texts and null, and says what is wrong under one field", () => {
  assert.deepEqual(readMetadata({ a: "b", c: null, d: "" }), { metadata: { a: "b", c: null, d: "" }, problems: [] });
  assert.deepEqual(codes({ a: 1, b: {}, c: true }), ["value_is_invalid"]);
  assert.deepEqual(codes({ "": "x" }), ["value_is_invalid"]);
  assert.deepEqual(codes({ ["k".repeat(100)]: "v".repeat(255) }), []);
  assert.deepEqual(codes({ ["k".repeat(101)]: "v" }), ["value_is_too_long"]);
  assert.deepEqual(codes({ k: "v".repeat(256) }), ["value_is_too_long"]);
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));
  assert.deepEqual(codes(many(50)), []);
  assert.deepEqual(codes(many(51)), ["too_many_keys"]);
  assert.deepEqual(readMetadata({ "a\u0000": "b\u0000c" }).metadata, { a: "bc" });
});

test("changes go over what is there, a removed key leaves the rest", () => {
  assert.deepEqual(mergedMetadata(null, { a: "1" }), { a: "1" });
  assert.deepEqual(mergedMetadata({ a: "1", b: "2" }, { b: null, c: "3" }), { a: "1", b: null, c: "3" });
  assert.deepEqual(withoutKey({ a: "1", b: "2" }, "a"), { b: "2" });
  assert.deepEqual(withoutKey({ b: "2" }, "a"), { b: "2" });
});
