import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec } from "../../kernel/decimal.ts";
import { amountOf, decimalText, usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

const packages = (amount: string, package_size: number, free_units: number) => ({ amount, package_size, free_units });

test("5.3: the worked figures: a package that is begun is paid whole, free units come first", () => {
  for (const [units, properties, amount, unitAmount] of [
    ["121", packages("100", 10, 0), "1300.0", "10.7438"],
    ["121", packages("100", 10, 10), "1200.0", "10.8108"],
    ["121", packages("100", 10, 200), "0.0", "0.0000"],
    ["3", packages("100", 10, 3), "0.0", "0.0000"],
    ["3.1", packages("100", 2, 3), "100.0", "1000.0000"],
    ["3", packages("100", 10, 0), "100.0", "33.3333"],
    ["0", packages("100", 10, 0), "0.0", "0.0000"],
  ] as const) {
    assert.equal(amountOf("package", properties, usageOf(units)), amount, `${units} units`);
    assert.equal(price("package", properties, usageOf(units)).unit_amount.toFixed(4), unitAmount, `${units} units`);
  }
});

test("5.3: the details show the allowance, not what was used of it, and nothing without usage", () => {
  assert.deepEqual(price("package", packages("100", 10, 10), usageOf(121)).amount_details, {
    free_units: "10.0",
    paid_units: "111.0",
    per_package_size: 10,
    per_package_unit_amount: "100.0",
  });
  assert.deepEqual(price("package", packages("100", 10, 200), usageOf(121)).amount_details, {
    free_units: "200.0",
    paid_units: "0.0",
    per_package_size: 10,
    per_package_unit_amount: "100.0",
  });
  assert.deepEqual(price("package", packages("100", 10, 10), usageOf(0)).amount_details, {
    free_units: "0.0",
    paid_units: "0.0",
    per_package_size: 0,
    per_package_unit_amount: "0.0",
  });
});

test("usage may be split where a package ends, and nowhere does a split make it cheaper", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.nat(50),
      decimalText(500, 4),
      decimalText(99, 6),
      (size, packagesFirst, rest, amount) => {
        const cost = (units: string) => price("package", packages(amount, size, 0), usageOf(units)).amount;
        const whole = dec(size * packagesFirst);
        const together = cost(whole.plus(dec(rest)).toFixed());
        assert.ok(together.eq(cost(whole.toFixed()).plus(cost(rest))), "split where a package ends");
        const half = dec(rest).div(2);
        assert.ok(cost(rest).lte(cost(half.toFixed()).times(2)), "split anywhere");
      },
    ),
    { numRuns: 2_000 },
  );
});
