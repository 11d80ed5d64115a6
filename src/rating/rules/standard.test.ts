import assert from "node:assert/strict";
import { test } from "node:test";
import { dec, toWire } from "../../kernel/decimal.ts";
import { amountOf, usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

test("5.1: every unit costs the same, exactly", () => {
  for (const [units, amount, expected] of [
    ["3.5", "0.30", "1.05"],
    ["0", "10", "0.0"],
    ["0.1", "0.2", "0.02"],
    ["18059974", "0.0000025", "45.149935"],
  ] as const)
    assert.equal(amountOf("standard", { amount }, usageOf(units)), expected);
  assert.deepEqual(price("standard", { amount: "1" }, usageOf(3)).amount_details, {});
});

test("5.1: a prorated charge pays the prorated units, and its unit amount is the share of a whole one", () => {
  const priced = price("standard", { amount: "10" }, { ...usageOf("9.64517"), full_units: dec(29) });
  assert.equal(toWire(priced.amount), "96.4517");
  assert.equal(priced.unit_amount.toFixed(4), "3.3259");
});
