/** Everything that is a share of a period again, with fractions of whole numbers: no minor unit is lost and none invented. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ceil, dec, round } from "../../kernel/decimal.ts";
import { decimalText } from "../../rating/testing.ts";
import { riseOf } from "../in-advance/rules/high-water.ts";
import { chargeOf, chargeUsage } from "../usage/testing.ts";
import { usageFees } from "../usage/usage-fees.ts";
import { commitmentAmounts } from "./commitment.ts";
import { prorated } from "./subscription-fee.ts";
import { trueUp } from "./true-up.ts";

/** A decimal text as digits and their power of ten. */
function digitsOf(text: string): { n: bigint; d: bigint } {
  const [whole = "0", decimals = ""] = text.split(".");
  return { n: BigInt(whole + decimals), d: 10n ** BigInt(decimals.length) };
}
const floored = (n: bigint, d: bigint) => n / d - (n < 0n && n % d !== 0n ? 1n : 0n);
const ceiled = (n: bigint, d: bigint) => -floored(-n, d);
/** Half away from zero. */
const rounded = (n: bigint, d: bigint) => (n < 0n ? -((-2n * n + d) / (2n * d)) : (2n * n + d) / (2n * d));

const RUNS = { numRuns: 4_000 };
const cents = fc.bigInt({ min: 0n, max: 10n ** 12n });
/** Days that are billed, of a week, a month, a quarter, a half-year or a year. */
const days = fc
  .oneof(fc.constantFrom(7, 28, 29, 30, 31), fc.integer({ min: 89, max: 92 }), fc.integer({ min: 181, max: 366 }))
  .chain((of) => fc.tuple(fc.integer({ min: 0, max: of }), fc.constant(of)));

test("a quotient is rounded as its fraction is, to cents, to 5 decimals and to 20", () => {
  const signed = fc.tuple(fc.boolean(), decimalText(1_000_000, 9));
  fc.assert(
    fc.property(
      signed,
      fc.integer({ min: 1, max: 366 * 86_400 }),
      fc.constantFrom(0, 2, 5, 20),
      ([isLess, text], by, places) => {
        const { n, d } = digitsOf(text);
        const [over, under] = [(isLess ? -n : n) * 10n ** BigInt(places), d * BigInt(by)];
        const quotient = dec(`${isLess ? "-" : ""}${text}`).div(by);
        const scaled = (value: ReturnType<typeof dec>) => value.times(String(10n ** BigInt(places))).toFixed();
        assert.equal(scaled(ceil(quotient, places)), ceiled(over, under).toString());
        assert.equal(scaled(round(quotient, places)), rounded(over, under).toString());
      },
    ),
    RUNS,
  );
});

test("a subscription fee is its days' share of the plan's amount", () => {
  fc.assert(
    fc.property(cents, days, (amount, [billed, of]) => {
      const precise = prorated(amount, billed, of);
      assert.equal(round(precise).toFixed(), rounded(amount * BigInt(billed), BigInt(of)).toString());
      assert.equal(
        round(precise, 30)
          .times(String(10n ** 30n))
          .toFixed(),
        rounded(amount * BigInt(billed) * 10n ** 30n, BigInt(of)).toString(),
      );
    }),
    RUNS,
  );
});

test("a commitment is filled up to its days' share, to the cent", () => {
  fc.assert(
    fc.property(cents, days, fc.array(cents, { maxLength: 5 }), (committed, [billed_days, period_days], fees) => {
      const amount_cents = fees.reduce((total, fee) => total + fee, 0n);
      const billed = { amount_cents, precise_amount_cents: dec(amount_cents) };
      const missing = commitmentAmounts(committed, { billed_days, period_days }, billed)?.amount_cents ?? 0n;
      const due = rounded(committed * BigInt(billed_days), BigInt(period_days));
      assert.equal(missing + amount_cents, due > amount_cents ? due : amount_cents);
    }),
    RUNS,
  );
});

test("a charge's minimum is filled up to its days' share, whatever the filters and groups came to", () => {
  const units = fc.array(decimalText(500, 3), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200_000 }), days, units, (least, [billed_days, period_days], used) => {
      const charge = chargeOf("standard", { amount: "0.37" }, {}, { min_amount_cents: BigInt(least) });
      const groups = used.map((some, user) => ({
        filter: "default" as const,
        group: { user: `${user}` },
        units: some,
      }));
      const fees = usageFees(chargeUsage(charge, groups), "EUR");
      // Each group's fee is rounded for itself: 0.37 × units, in cents.
      const paid = used.map(digitsOf).reduce((total, { n, d }) => total + rounded(n * 37n, d), 0n);
      assert.equal(
        fees.reduce((total, { amount_cents }) => total + amount_cents, 0n),
        paid,
      );
      const missing = trueUp(charge, fees, { billed_days, period_days }, "EUR")?.amount_cents ?? 0n;
      const left = BigInt(least) * BigInt(billed_days) - paid * BigInt(period_days);
      assert.equal(missing, left > 0n ? rounded(left, BigInt(period_days)) : 0n);
    }),
    RUNS,
  );
});

test("what an event in advance is charged for the days left is rounded up at 5 decimals, each time for itself", () => {
  const values = fc.array(fc.integer({ min: -30, max: 50 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(values, days, (changes, [left, period_days]) => {
      let marks: Parameters<typeof riseOf>[0] = null;
      let [level, highest, charged] = [0, 0, 0n];
      for (const value of changes) {
        const rise = riseOf(marks, { kind: "value", value: dec(value) }, { days: left, period_days });
        marks = rise.marks;
        level += value;
        const increment = Math.max(level - highest, 0);
        highest = Math.max(level, highest);
        const part = ceiled(BigInt(increment * left) * 100_000n, BigInt(period_days));
        charged += part;
        assert.equal(rise.increment.toFixed(), String(increment));
        assert.equal(rise.prorated_increment.times(100_000).toFixed(), part.toString());
        assert.equal(rise.marks.max_prorated.times(100_000).toFixed(), charged.toString());
      }
    }),
    RUNS,
  );
});
