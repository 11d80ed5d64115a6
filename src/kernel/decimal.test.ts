import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ceil, dec, floor, max, min, parseDecimal, round, sum, toCents, toWire, truncate } from "./decimal.ts";

/** Decimals with up to 30 digits before and 20 after the point, as texts. */
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.stringMatching(/^\d{1,20}$/))
  .map(([whole, fraction]) => `${whole}.${fraction}`);

test("the roundings at n decimals, negative n to tens and hundreds", () => {
  for (const [rounding, value, places, expected] of [
    [round, "1.005", 2, "1.01"],
    [round, "-1.005", 2, "-1.01"],
    [round, "0.4", 0, "0"],
    [round, "0.5", 0, "1"],
    [round, "-0.5", 0, "-1"],
    [round, "1250", -2, "1300"],
    [round, "-1250", -2, "-1300"],
    [ceil, "1.001", 2, "1.01"],
    [ceil, "-1.009", 2, "-1"],
    [ceil, "1201", -2, "1300"],
    [floor, "1.009", 2, "1"],
    [floor, "-1.001", 2, "-1.01"],
    [floor, "-1201", -2, "-1300"],
    [truncate, "1.999", 0, "1"],
    [truncate, "-1.999", 0, "-1"],
  ] as const) {
    assert.equal(rounding(dec(value), places).toFixed(), expected, `${rounding.name} ${value} at ${places}`);
  }
});

test("sums, differences and products lose no digit", () => {
  assert.equal(dec("0.1").plus("0.2").toFixed(), "0.3");
  assert.equal(
    dec("12345678901234567890123456789").times("0.000000000000000000001").toFixed(),
    "12345678.901234567890123456789",
  );
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      assert.ok(dec(a).plus(b).minus(b).eq(a));
      assert.ok(sum([dec(a), dec(b)]).eq(sum([dec(b), dec(a)])));
      assert.ok(
        min(dec(a), dec(b))
          .plus(max(dec(a), dec(b)))
          .eq(dec(a).plus(b)),
      );
    }),
  );
});

test("a division carries more than 30 decimals", () => {
  assert.equal(dec(1).div(3).toFixed(), `0.${"3".repeat(40)}`);
});

test("floor and ceil enclose a value, and rounding is the nearer of them", () => {
  fc.assert(
    fc.property(decimal, fc.integer({ min: -10, max: 15 }), (text, places) => {
      const value = dec(text);
      const [low, high] = [floor(value, places), ceil(value, places)];
      assert.ok(low.lte(value) && high.gte(value));
      assert.ok(round(value, places).eq(low) || round(value, places).eq(high));
      assert.ok(round(value, places).minus(value).abs().times(2).lte(dec(10).pow(-places)));
    }),
  );
});

test("0.3 of the metering spec: decimals are written in plain notation with at least one decimal", () => {
  for (const [value, expected] of [
    ["10", "10.0"],
    ["0.00125", "0.00125"],
    ["1.50", "1.5"],
    ["-0", "0.0"],
    ["0.0000000000000001", "0.0000000000000001"],
    ["100000000000000000000000", "100000000000000000000000.0"],
    ["533.3333333333333333", "533.3333333333333333"],
  ] as const) {
    assert.equal(toWire(dec(value)), expected);
  }
  fc.assert(fc.property(decimal, (text) => assert.ok(dec(toWire(dec(text))).eq(text))));
});

test("what is read as a decimal, and what is none", () => {
  for (const [value, expected] of [
    ["0.25", "0.25"],
    [0.25, "0.25"],
    ["-3", "-3"],
    [1e21, "1000000000000000000000"],
    [{ rawJSON: "0.12345678901234567890123" }, "0.12345678901234567890123"],
    ["1e3", null],
    ["", null],
    [" 1", null],
    ["1.", null],
    [".5", null],
    ["+1", null],
    ["١", null],
    ["NaN", null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    [null, null],
    [true, null],
    [[1], null],
  ] as const) {
    assert.equal(parseDecimal(value)?.toFixed() ?? null, expected, JSON.stringify(value));
  }
});

test("whole minor units become a bigint; a fraction is a mistake of the caller", () => {
  assert.equal(toCents(dec("123456789012345678901")), 123456789012345678901n);
  assert.equal(toCents(dec("10.00")), 10n);
  assert.throws(() => toCents(dec("0.5")));
});

test("a quotient is exact to 40 decimals, half away from zero", () => {
  assert.equal(dec(1).div(3).toFixed(), `0.${"3".repeat(40)}`);
  assert.equal(dec(-2).div(3).toFixed(), `-0.${"6".repeat(39)}7`);
  assert.equal(dec("1e-40").div(2).toFixed(), dec("1e-40").toFixed(), "half away from zero");
  assert.equal(dec("123456789012345678901234567890").div("0.000001").toFixed(), "123456789012345678901234567890000000");
  assert.throws(() => dec(1).div(0));
  assert.equal(dec("17.5").mod(5).toFixed(), "2.5");
  assert.equal(dec("-17.5").mod(5).toFixed(), "-2.5");
  const decimals = fc
    .tuple(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.integer({ min: -30, max: 30 }))
    .map(([digits, exponent]) => dec(`${digits}e${exponent}`));
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      fc.pre(!b.eq(0));
      const quotient = a.div(b);
      assert.ok(quotient.eq(quotient.round(40)), "no more than 40 decimals");
      const error = a.minus(quotient.times(b)).abs();
      assert.ok(error.times(2).lte(b.abs().times("1e-40")), "within half of the last decimal");
    }),
  );
});
