import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isSame } from "./compare.ts";

test("the table of comparisons", () => {
  for (const [value, want, expected] of [
    [10, "10.0", true],
    ["10.0", 10, true],
    ["-0.50", "-0.5", true],
    ["0", "-0.0", true],
    ["0.1000000000000000000001", "0.1", false],
    [1000, "1e3", true],
    ["12a", 12, false],
    ["2023-01-01T00:00:00.900Z", "2023-01-01T00:00:00Z", true],
    ["2023-01-01T01:00:00+01:00", "2023-01-01T00:00:00Z", true],
    ["2023-01-01T00:00:01Z", "2023-01-01T00:00:00Z", false],
    [undefined, null, true],
    [null, null, true],
    [false, null, false],
    [1, true, false],
    ["true", true, false],
    [[1, "2"], ["1", 2], true],
    [[1, 2], [1], false],
    [{ a: 1 }, { a: "1.0" }, true],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [{}, {}, true],
    [null, {}, false],
  ] as const) {
    assert.equal(isSame(value, want), expected, `${JSON.stringify(value)} against ${JSON.stringify(want)}`);
  }
});

test("the table of matchers", () => {
  for (const [value, want, expected] of [
    ["", { present: true }, true],
    [null, { present: true }, false],
    [undefined, { absent: true }, true],
    [0, { absent: true }, false],
    ["10.4", { near: 10, by: 0.5 }, true],
    [10.6, { near: 10, by: 0.5 }, false],
    [10.1, { near: 10 }, false],
    ["3", { gt: 2 }, true],
    [2, { lt: 2 }, false],
    ["a", { not: "b" }, true],
    [1, { not: "1.0" }, false],
    ["LAG-001", { match: "^LAG-\\d+$" }, true],
    [1, { match: "1" }, false],
    [[2, 1], { unordered: ["1", "2"] }, true],
    [[1, 1], { unordered: [1, 2] }, false],
    [{ a: 1, b: 2 }, { includes: { a: 1 } }, true],
    [[{ a: 1, b: 2 }, { a: 3 }], { includes: { a: 3 } }, true],
    [["x", "y"], { includes: "y" }, true],
    [{ a: null }, { includes: { a: 1 } }, false],
    // Several keys are a plain map, whatever their names.
    [{ gt: 1, lt: 2 }, { gt: 1, lt: 2 }, true],
  ] as const) {
    assert.equal(isSame(value, want), expected, `${JSON.stringify(value)} against ${JSON.stringify(want)}`);
  }
});

test("every JSON value is the same as itself", () => {
  const isPlain = (text: string) => !/"(present|absent|near|gt|lt|not|match|unordered|includes|by)":/.test(text);
  fc.assert(
    fc.property(fc.json().filter(isPlain), (text) => {
      assert.ok(isSame(JSON.parse(text), JSON.parse(text)));
    }),
  );
});
