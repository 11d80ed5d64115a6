import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exponentOf } from "../../kernel/currency.ts";
import { dec } from "../../kernel/decimal.ts";
import { decimalText } from "../../rating/testing.ts";
import { creditsOf } from "../usage/testing.ts";
import { feeAmounts } from "./fee-amounts.ts";

/** A decimal text as a whole number of its 10⁻²⁰ths. */
function scaled(text: string): bigint {
  const [whole = "0", decimals = ""] = text.split(".");
  return BigInt(whole + decimals.padEnd(20, "0"));
}
const ONE = 10n ** 20n;
/** Half away from zero; no amount here is negative. */
const rounded = (n: bigint, d: bigint) => (2n * n + d) / (2n * d);

const currency = fc.constantFrom("EUR", "JPY", "KWD", "CLF");

test("minor units are those of the exact amount, rounded once", () => {
  fc.assert(
    fc.property(decimalText(1_000_000, 12), currency, (amount, code) => {
      const found = feeAmounts({ amount: dec(amount), unit_amount: dec(amount) }, code, null);
      const subunits = 10n ** BigInt(exponentOf(code));
      assert.equal(found.amount_cents, rounded(scaled(amount) * subunits, ONE));
      assert.equal(found.unit_amount_cents, found.amount_cents);
      assert.ok(found.precise_amount_cents.eq(dec(amount).times(subunits.toString())));
      assert.equal(found.pricing_unit, null);
    }),
    { numRuns: 3_000 },
  );
});

test("12.2: credits are rounded to hundredths, and what they are converted to is rounded once more", () => {
  fc.assert(
    fc.property(decimalText(100_000, 9), decimalText(90, 7), currency, (amount, rate, code) => {
      const found = feeAmounts({ amount: dec(amount), unit_amount: dec(amount) }, code, creditsOf(rate));
      const subunits = 10n ** BigInt(exponentOf(code));
      const hundredths = rounded(scaled(amount) * 100n, ONE);
      assert.equal(found.pricing_unit?.amount_cents, hundredths);
      assert.ok(found.pricing_unit?.precise_amount_cents.eq(dec(amount).times(100)));
      assert.equal(found.amount_cents, rounded(hundredths * scaled(rate) * subunits, 100n * ONE));
      const precise = dec(hundredths).times("0.01").times(rate).times(subunits.toString());
      assert.ok(found.precise_amount_cents.eq(precise));
    }),
    { numRuns: 3_000 },
  );
});
