import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CURRENCIES, exponentOf, isCurrency } from "./currency.ts";
import { dec } from "./decimal.ts";
import { inMinorUnits, subunitsOf } from "./money.ts";

test("minor units are rounded once, half away from zero, at the currency's exponent", () => {
  for (const [amount, currency, cents, precise] of [
    ["1.005", "EUR", 101n, "100.5"],
    ["-1.005", "EUR", -101n, "-100.5"],
    ["1.0049999", "EUR", 100n, "100.49999"],
    ["0.4", "JPY", 0n, "0.4"],
    ["0.5", "JPY", 1n, "0.5"],
    ["1.23456", "KWD", 1235n, "1234.56"],
    ["1.23456", "CLF", 12346n, "12345.6"],
    ["0", "USD", 0n, "0"],
    ["1.005", "HUF", 101n, "100.5"],
  ] as const) {
    const { amount_cents, precise_amount_cents } = inMinorUnits(dec(amount), currency);
    assert.deepEqual([amount_cents, precise_amount_cents.toFixed()], [cents, precise], `${amount} ${currency}`);
  }
});

test("the currencies and their exponents", () => {
  assert.equal(CURRENCIES.length, 142);
  assert.equal(new Set(CURRENCIES).size, 142);
  const exponents = Object.groupBy(CURRENCIES, (currency) => String(exponentOf(currency)));
  assert.deepEqual(exponents["0"], "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" "));
  assert.deepEqual(exponents["3"], ["BHD", "JOD", "KWD"]);
  assert.deepEqual(exponents["4"], ["CLF"]);
  assert.equal(exponents["2"]?.length, 142 - 16 - 3 - 1);
  for (const no of ["", "eur", "EURO", "XXX", "__proto__"]) assert.equal(isCurrency(no), false, no);
});

test("rounding to minor units moves an amount by half a unit at most, and loses nothing of the precise one", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.constantFrom(...CURRENCIES), (n, currency) => {
      const amount = dec(n).div(1_000_000_000);
      const { amount_cents, precise_amount_cents } = inMinorUnits(amount, currency);
      assert.ok(precise_amount_cents.eq(amount.times(subunitsOf(currency))));
      assert.ok(precise_amount_cents.minus(amount_cents.toString()).abs().lte("0.5"));
    }),
  );
});
