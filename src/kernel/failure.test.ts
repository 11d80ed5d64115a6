import assert from "node:assert/strict";
import { test } from "node:test";
import { detailsOf, invalid, Refusal, refuseIfAny } from "./failure.ts";

test("problems are gathered by field, in the order in which they were found", () => {
  const details = detailsOf([
    { field: "name", code: "value_is_mandatory" },
    { field: "code", code: "value_already_exist" },
    { field: "name", code: "value_is_too_long" },
  ]);
  assert.deepEqual(details, { name: ["value_is_mandatory", "value_is_too_long"], code: ["value_already_exist"] });
});

test("a field may be named like a part of every object", () => {
  assert.deepEqual(Object.entries(detailsOf([{ field: "constructor", code: "value_is_invalid" }])), [
    ["constructor", ["value_is_invalid"]],
  ]);
  assert.deepEqual(Object.entries(detailsOf([{ field: "__proto__", code: "value_is_invalid" }])), [
    ["__proto__", ["value_is_invalid"]],
  ]);
});

test("no problem is no refusal", () => {
  assert.doesNotThrow(() => refuseIfAny([]));
  assert.throws(
    () => refuseIfAny([{ field: "name", code: "value_is_mandatory" }]),
    (error) => error instanceof Refusal && error.status === 422 && error.code === "validation_errors",
  );
  assert.deepEqual(invalid("name", "value_is_invalid").details, { name: ["value_is_invalid"] });
});
