/** An explanation ends with the fee, whatever the charge: each step follows from the one before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Charge } from "../../catalog/index.ts";
import { dec, sum } from "../../kernel/decimal.ts";
import { chargeOf, creditsOf, grouped, groupUsage, used } from "../usage/testing.ts";
import { usageFee } from "../usage/usage-fees.ts";
import type { AmountExplanation } from "./model.ts";
import { explainUsage } from "./usage.ts";

const RUNS = { numRuns: 1_500 };
const CURRENCIES = ["EUR", "JPY", "KWD", "CLF"];

const amount = fc
  .tuple(fc.nat(300), fc.nat(99_999))
  .map(([whole, part]) => `${whole}.${String(part).padStart(5, "0")}`);
const signed = fc.tuple(fc.boolean(), amount).map(([isNegative, text]) => (isNegative ? `-${text}` : text));

const range = (from_value: number, to_value: number | null) =>
  fc.record({ per_unit_amount: amount, flat_amount: amount }).map((each) => ({ from_value, to_value, ...each }));
const ranges = fc.tuple(range(0, 50), range(51, 200), range(201, null));
const rates = fc
  .tuple(range(0, 50), range(51, null))
  .map((each) => each.map((one) => ({ ...one, rate: one.per_unit_amount })));

const charges: fc.Arbitrary<Charge> = fc
  .oneof(
    amount.map((price) => chargeOf("standard", { amount: price })),
    ranges.map((each) => chargeOf("graduated", { graduated_ranges: each })),
    ranges.map((each) => chargeOf("volume", { volume_ranges: each })),
    rates.map((each) => chargeOf("graduated_percentage", { graduated_percentage_ranges: each })),
    fc
      .tuple(amount, fc.integer({ min: 1, max: 30 }), fc.nat(40))
      .map(([price, package_size, free_units]) => chargeOf("package", { amount: price, package_size, free_units })),
    fc.tuple(amount, amount).map(([rate, fixed_amount]) => chargeOf("percentage", { rate, fixed_amount })),
    fc.constant(chargeOf("dynamic", {})),
  )
  .chain((charge) =>
    fc
      .record({
        credits: fc.option(
          amount.filter((rate) => dec(rate).gt(0)),
          { nil: null },
        ),
        rounding_function: fc.constantFrom(null, "round", "ceil", "floor"),
        rounding_precision: fc.constantFrom(null, 0, 2, -1),
      })
      .map(({ credits, rounding_function, rounding_precision }) => ({
        ...charge,
        applied_pricing_unit: credits === null ? null : creditsOf(credits),
        billable_metric: { ...charge.billable_metric, rounding_function, rounding_precision },
      })),
  );

function follows({ units, parts, amounts }: AmountExplanation): void {
  const [first, ...rest] = amounts;
  assert.equal(first?.amount.toFixed(), sum(parts.map((part) => part.amount)).toFixed());
  let before = first?.amount ?? dec(0);
  for (const { step, amount: after, difference } of rest) {
    if (step !== "converted") assert.equal(before.plus(difference).toFixed(), after.toFixed(), step);
    before = after;
  }
  for (const { text } of [...units, ...parts, ...amounts]) assert.match(text, /^\S.*\S$/);
}

test("of every model, with credits and without, rounded as the metric and the currency say", () => {
  fc.assert(
    fc.property(
      charges,
      signed,
      signed,
      fc.nat(50),
      fc.constantFrom(...CURRENCIES),
      (charge, units, sent, events, currency) => {
        const { bucket } = used(charge, 0);
        const usage = grouped(groupUsage(units, events, { amount_cents: dec(sent) }));
        const explained = explainUsage({ charge, bucket, used: usage, proration: null, currency });
        follows(explained);
        assert.equal(explained.amount_cents, usageFee(charge, bucket, usage, currency).amount_cents);
      },
    ),
    RUNS,
  );
});

test("of prorated seats", () => {
  fc.assert(
    fc.property(amount, amount, amount, (price, units, full) => {
      const charge = chargeOf("standard", { amount: price }, {}, { prorated: true });
      const { bucket } = used(charge, 0);
      const usage = grouped(groupUsage(units, 3, { full_units: dec(full) }));
      const proration = { billed_days: 20, period_days: 30 };
      const explained = explainUsage({ charge, bucket, used: usage, proration, currency: "EUR" });
      follows(explained);
      assert.equal(explained.amount_cents, usageFee(charge, bucket, usage, "EUR").amount_cents);
      assert.deepEqual(
        explained.units.map(({ step }) => step),
        ["counted", "prorated"],
      );
    }),
    RUNS,
  );
});

test("in words", () => {
  const graduated_ranges = [
    { from_value: 0, to_value: 10, per_unit_amount: "0.105", flat_amount: "2" },
    { from_value: 11, to_value: null, per_unit_amount: "0.05", flat_amount: "0" },
  ];
  const charge = chargeOf(
    "graduated",
    { graduated_ranges },
    { rounding_function: "ceil", field_name: "gb" },
    { applied_pricing_unit: creditsOf("0.5") },
  );
  const { bucket, used: usage } = used(charge, "10.5");
  const { units, parts, amounts, amount_cents } = explainUsage({
    charge,
    bucket,
    used: usage,
    proration: null,
    currency: "EUR",
  });
  assert.deepEqual(
    [...units, ...parts, ...amounts].map(({ text }) => text),
    [
      "Sum of gb: 10.5 units",
      "Rounded up to 0 decimals: 11 units",
      "Tier 0 to 10: 10 units × 0.105 CR = 1.05 CR",
      "Tier 0 to 10: flat fee 2.00 CR",
      "Tier from 11: 1 unit × 0.05 CR = 0.05 CR",
      "Together 3.10 CR",
      "3.10 CR (nothing to round)",
      "1 CR = 0.5 EUR: 1.55 EUR",
      "1.55 EUR (nothing to round)",
    ],
  );
  assert.equal(amount_cents, 155n);
});
