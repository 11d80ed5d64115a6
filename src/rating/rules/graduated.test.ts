import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, sum } from "../../kernel/decimal.ts";
import { amountOf, decimalText, tiersWith, usageOf } from "../testing.ts";
import { parseProperties, price } from "./charge-models.ts";
import { shareOut } from "./tiers.ts";

const range = (
  from_value: number | string,
  to_value: number | string | null,
  per_unit_amount: string,
  flat_amount: string,
) => ({ from_value, to_value, per_unit_amount, flat_amount });

const WORKED = { graduated_ranges: [range(0, 10, "10", "2"), range(11, 20, "5", "3"), range(21, null, "5", "3")] };

test("5.2: the worked table: the first flat fee is due at 0 units, the others once their tier is reached", () => {
  for (const [units, amount, unitAmount] of [
    ["0", "2.0", "0.00000"],
    ["1", "12.0", "12.00000"],
    ["10", "102.0", "10.20000"],
    ["10.5", "107.5", "10.23810"],
    ["11", "110.0", "10.00000"],
    ["12", "115.0", "9.58333"],
    ["21", "163.0", "7.76190"],
  ] as const) {
    assert.equal(amountOf("graduated", WORKED, usageOf(units)), amount, `${units} units`);
    assert.equal(price("graduated", WORKED, usageOf(units)).unit_amount.toFixed(5), unitAmount, `${units} units`);
  }
});

test("5.2: adjacent tiers share out fractions of units", () => {
  const adjacent = {
    graduated_ranges: [range(0, 0.1, "10", "0"), range("0.1", 1, "5", "0"), range(1, null, "2", "0")],
  };
  for (const [units, amount] of [
    ["0.05", "0.5"],
    ["0.1", "1.0"],
    ["0.5", "3.0"],
    ["1", "5.5"],
    ["3", "9.5"],
  ] as const)
    assert.equal(amountOf("graduated", adjacent, usageOf(units)), amount, `${units} units`);
});

test("a list of both styles counts as not adjacent", () => {
  const mixed = { graduated_ranges: [range(0, 10, "1", "0"), range(10, 20, "1", "0"), range(21, null, "1", "0")] };
  assert.equal(amountOf("graduated", mixed, usageOf(15)), "16.0");
});

test("a first tier written from 1 is the tier from 0", () => {
  const fromOne = { graduated_ranges: [range(1, 10, "1", "2"), range(11, null, "0.5", "0")] };
  for (const [units, amount] of [
    ["0", "2.0"],
    ["0.5", "2.5"],
    ["12", "13.0"],
  ] as const)
    assert.equal(amountOf("graduated", fromOne, usageOf(units)), amount, `${units} units`);
});

test("5.10, G5: a pricing group's tiers begin anew, and the ungrouped total has one set of tiers", () => {
  const tiers = { graduated_ranges: [range(0, 10, "1", "0"), range(11, null, "0.5", "0")] };
  const groups = ["8", "14", "3"].map((units) => amountOf("graduated", tiers, usageOf(units)));
  assert.deepEqual(groups, ["8.0", "12.0", "3.0"]);
  assert.equal(amountOf("graduated", tiers, usageOf("25")), "17.5");
});

test("the details show the tiers reached, bounds as they were given", () => {
  assert.deepEqual(price("graduated", WORKED, usageOf(12)).amount_details, {
    graduated_ranges: [
      {
        from_value: 0,
        to_value: 10,
        flat_unit_amount: "2.0",
        per_unit_amount: "10.0",
        units: "10.0",
        per_unit_total_amount: "100.0",
        total_with_flat_amount: "102.0",
      },
      {
        from_value: 11,
        to_value: 20,
        flat_unit_amount: "3.0",
        per_unit_amount: "5.0",
        units: "2.0",
        per_unit_total_amount: "10.0",
        total_with_flat_amount: "13.0",
      },
    ],
  });
  assert.deepEqual(price("graduated", WORKED, usageOf(0)).amount_details, {
    graduated_ranges: [
      {
        from_value: 0,
        to_value: 10,
        flat_unit_amount: "2.0",
        per_unit_amount: "0.0",
        units: "0.0",
        per_unit_total_amount: "0.0",
        total_with_flat_amount: "2.0",
      },
    ],
  });
});

const amounts = fc.record({ per_unit_amount: decimalText(50, 6), flat_amount: decimalText(20, 2) });

test("the tiers share out the usage exactly", () => {
  fc.assert(
    fc.property(decimalText(400, 5), tiersWith(amounts), (units, { ranges }) => {
      const { tiers } = parseProperties("graduated", { graduated_ranges: ranges });
      const shares = shareOut(dec(units), tiers).map((share) => share.units);
      assert.ok(sum(shares).eq(dec(units)));
      assert.ok(shares.every((share) => share.gte(0)));
    }),
    { numRuns: 2_000 },
  );
});

test("using more never costs less", () => {
  fc.assert(
    fc.property(decimalText(300, 4), decimalText(100, 4), tiersWith(amounts), (used, more, { ranges }) => {
      const cost = (units: string) => price("graduated", { graduated_ranges: ranges }, usageOf(units)).amount;
      assert.ok(cost(dec(used).plus(dec(more)).toFixed()).gte(cost(used)));
    }),
    { numRuns: 2_000 },
  );
});
