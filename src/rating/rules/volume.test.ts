import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, toWire } from "../../kernel/decimal.ts";
import { amountOf, decimalText, tiersWith, usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

const range = (from_value: number, to_value: number | null, per_unit_amount: string, flat_amount: string) => ({
  from_value,
  to_value,
  per_unit_amount,
  flat_amount,
});

const WORKED = { volume_ranges: [range(0, 100, "2", "10"), range(101, 200, "1", "0"), range(201, null, "0.5", "50")] };

test("5.5: the worked table: all units at the price of the tier that the usage falls into", () => {
  for (const [units, amount] of [
    ["0", "10.0"],
    ["100", "210.0"],
    ["100.5", "100.5"],
    ["101", "101.0"],
    ["300", "200.0"],
  ] as const)
    assert.equal(amountOf("volume", WORKED, usageOf(units)), amount, `${units} units`);
});

test("adjacent tiers: a bound belongs to the tier that it ends", () => {
  const adjacent = { volume_ranges: [range(0, 10, "2", "0"), range(10, null, "1", "0")] };
  assert.equal(amountOf("volume", adjacent, usageOf(10)), "20.0");
  assert.equal(amountOf("volume", adjacent, usageOf("10.01")), "10.01");
});

test("tiers may be stored in any order; below a first tier from 1 nothing is due", () => {
  assert.equal(amountOf("volume", { volume_ranges: [...WORKED.volume_ranges].reverse() }, usageOf(101)), "101.0");
  const fromOne = { volume_ranges: [range(1, 10, "2", "7"), range(11, null, "1", "0")] };
  assert.equal(amountOf("volume", fromOne, usageOf(0)), "0.0");
  assert.equal(amountOf("volume", fromOne, usageOf("0.5")), "8.0");
});

test("the details show the tier's price, 0 where there is no unit", () => {
  assert.deepEqual(price("volume", WORKED, usageOf(300)).amount_details, {
    flat_unit_amount: "50.0",
    per_unit_amount: "0.5",
    per_unit_total_amount: "150.0",
  });
  assert.deepEqual(price("volume", WORKED, usageOf(0)).amount_details, {
    flat_unit_amount: "10.0",
    per_unit_amount: "0.0",
    per_unit_total_amount: "0.0",
  });
});

test("within one tier using more never costs less, and every usage has a tier", () => {
  const amounts = fc.record({ per_unit_amount: decimalText(50, 6), flat_amount: decimalText(20, 2) });
  fc.assert(
    fc.property(decimalText(300, 4), decimalText(20, 4), tiersWith(amounts), (used, more, { ranges, isAdjacent }) => {
      const total = dec(used).plus(dec(more));
      const tierOf = (units: string) =>
        ranges.find(({ to_value }) => to_value === null || dec(units).lte(to_value)) ?? ranges[0];
      const cost = (units: string) => price("volume", { volume_ranges: ranges }, usageOf(units)).amount;
      const tier = tierOf(used);
      assert.ok(
        cost(used).eq(
          dec(used)
            .times(tier?.per_unit_amount ?? 0)
            .plus(tier?.flat_amount ?? 0),
        ),
        `${used} units, ${isAdjacent ? "adjacent" : "apart"}`,
      );
      if (tierOf(total.toFixed()) === tier) assert.ok(cost(total.toFixed()).gte(cost(used)));
    }),
    { numRuns: 2_000 },
  );
});

test("5.5: a prorated charge chooses its tier by whole units and pays the prorated ones", () => {
  const properties = {
    volume_ranges: [
      { from_value: 0, to_value: 100, per_unit_amount: "2", flat_amount: "10" },
      { from_value: 101, to_value: 200, per_unit_amount: "1", flat_amount: "0" },
      { from_value: 201, to_value: null, per_unit_amount: "0.5", flat_amount: "50" },
    ],
  };
  const priced = price("volume", properties, { ...usageOf("198.6"), full_units: dec(300) });
  assert.equal(toWire(priced.amount), "149.3");
  assert.deepEqual(priced.amount_details, {
    flat_unit_amount: "50.0",
    per_unit_amount: "0.331",
    per_unit_total_amount: "99.3",
  });
});
