import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, parseDecimal } from "../kernel/decimal.ts";
import { Refusal } from "../kernel/failure.ts";
import { parseBody, parseJson, stringifyJson } from "./json.ts";

/** JSON numbers as texts: up to 40 digits on either side of the point. */
const number = fc
  .tuple(fc.constantFrom("", "-"), fc.stringMatching(/^(0|[1-9]\d{0,39})$/), fc.stringMatching(/^(\.\d{1,40})?$/))
  .map((parts) => parts.join(""));
/** Around the limit of a double's digits. */
const longNumber = fc
  .tuple(fc.stringMatching(/^\d{15,18}$/), fc.integer({ min: 1, max: 17 }))
  .map(([digits, point]) => `${digits.slice(0, point)}.${digits.slice(point)}0`.replace(/^0+(?=\d)/, ""));
const exponential = fc
  .tuple(number, fc.constantFrom("e", "E", "e+", "e-"), fc.integer({ min: 0, max: 300 }))
  .map((parts) => parts.join(""));

test("a number keeps all its digits from the body to the decimal, and back to an answer", () => {
  fc.assert(
    fc.property(fc.oneof(number, longNumber, exponential), (text) => {
      const { value } = parseJson(`{"value": ${text}}`) as { value: unknown };
      assert.ok(parseDecimal(value)?.eq(dec(text)), `read as ${parseDecimal(value)?.toFixed()}`);
      const written = /^\{"value":(.*)\}$/.exec(stringifyJson({ value }))?.[1] ?? "";
      assert.ok(dec(written).eq(text), `written as ${written}`);
    }),
    { numRuns: 5000 },
  );
});

test("what a double holds stays a number", () => {
  for (const text of ["0", "-1", "0.1", "123456789012345", "1700000000.123456", "1.50", "-0.25"]) {
    assert.equal(typeof parseJson(text), "number", text);
  }
});

test("other values are read as JSON.parse reads them", () => {
  fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(parseJson(text), JSON.parse(text))));
});

test("bigints are written as JSON integers", () => {
  assert.equal(stringifyJson({ amount_cents: 12345678901234567890n }), '{"amount_cents":12345678901234567890}');
});

test("an empty body is none, one that is no JSON is refused", () => {
  assert.equal(parseBody(" \n"), undefined);
  for (const text of ["{", "nul", "{'a': 1}", "[1,]", "NaN", "0x10", "01", "\u0000"]) {
    assert.throws(
      () => parseBody(text),
      (error) => error instanceof Refusal && error.status === 400,
      text,
    );
  }
});
