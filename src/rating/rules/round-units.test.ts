import assert from "node:assert/strict";
import { test } from "node:test";
import { dec } from "../../kernel/decimal.ts";
import { roundUnits } from "./round-units.ts";

test("1.6: the worked table of the metric's rounding", () => {
  for (const [units, rounding_function, rounding_precision, expected] of [
    ["12.345", "round", 2, "12.35"],
    ["12.345", "ceil", 1, "12.4"],
    ["12.345", "floor", null, "12"],
    ["1234", "round", -2, "1200"],
    ["1234", "ceil", -2, "1300"],
    ["-2.5", "round", 0, "-3"],
    ["-2.5", "ceil", 0, "-2"],
    ["-2.5", "floor", 0, "-3"],
    ["29.434", "ceil", 2, "29.44"],
    ["12.345", null, 1, "12.345"],
    ["12.345", "round", 2_147_483_647, "12.345"],
    ["12.345", "round", -2_147_483_648, "0"],
  ] as const)
    assert.equal(roundUnits(dec(units), { rounding_function, rounding_precision }).toFixed(), expected);
});
