import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec } from "../../kernel/decimal.ts";
import { amountOf, decimalText, tiersWith, usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

const range = (from_value: number, to_value: number | null, rate: string, flat_amount: string) => ({
  from_value,
  to_value,
  rate,
  flat_amount,
});

const WORKED = {
  graduated_percentage_ranges: [range(0, 10, "1", "200"), range(11, 20, "2", "300"), range(21, null, "3", "400")],
};

test("5.6: the worked table", () => {
  for (const [units, amount] of [
    ["0", "200.0"],
    ["1", "200.01"],
    ["10", "200.1"],
    ["11", "500.12"],
    ["12", "500.14"],
  ] as const)
    assert.equal(amountOf("graduated_percentage", WORKED, usageOf(units)), amount, `${units} units`);
});

test("adjacent tiers count no unit twice", () => {
  const adjacent = { graduated_percentage_ranges: [range(0, 100, "20", "0"), range(100, null, "10", "0")] };
  assert.equal(amountOf("graduated_percentage", adjacent, usageOf(150)), "25.0");
  assert.equal(amountOf("graduated_percentage", adjacent, usageOf("100.5")), "20.05");
});

test("the details show the tiers reached", () => {
  assert.deepEqual(price("graduated_percentage", WORKED, usageOf(12)).amount_details, {
    graduated_percentage_ranges: [
      {
        from_value: 0,
        to_value: 10,
        flat_unit_amount: "200.0",
        rate: "1.0",
        units: "10.0",
        per_unit_total_amount: "0.1",
        total_with_flat_amount: "200.1",
      },
      {
        from_value: 11,
        to_value: 20,
        flat_unit_amount: "300.0",
        rate: "2.0",
        units: "2.0",
        per_unit_total_amount: "0.04",
        total_with_flat_amount: "300.04",
      },
    ],
  });
});

test("using more never costs less", () => {
  const rates = fc.record({ rate: decimalText(100, 4), flat_amount: decimalText(20, 2) });
  fc.assert(
    fc.property(decimalText(300, 4), decimalText(100, 4), tiersWith(rates), (used, more, { ranges }) => {
      const cost = (units: string) =>
        price("graduated_percentage", { graduated_percentage_ranges: ranges }, usageOf(units)).amount;
      assert.ok(cost(dec(used).plus(dec(more)).toFixed()).gte(cost(used)));
    }),
    { numRuns: 1_000 },
  );
});
