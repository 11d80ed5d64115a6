import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

test("every unit costs the same, exactly", () => {
  for (const [units, amount, expected] of [
    ["3.5", "0.30", "1.05"],
    ["0", "10", "0.0"],
    ["0.1", "0.2", "0.02"],
    ["18059974", "0.0000025", "45.149935"],
  ] as const)
    assert.equal(amountOf("standard", { amount }, usageOf(units)), expected);
  assert.deepEqual(price("standard", { amount: "1" }, usageOf(3)).amount_details, {});
});
