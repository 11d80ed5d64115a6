import assert from "node:assert/strict";
import test from "node:test";
import { dec, toWire } from "../../../kernel/decimal.ts";
import { pricedUnits, type UsageInAdvance } from "./current-usage.ts";
import type { Marks } from "./high-water.ts";

const marks = (current: string, max: string, max_prorated = max): Marks => ({
  current: dec(current),
  max: dec(max),
  max_prorated: dec(max_prorated),
});

const usage = (
  total: string,
  days: readonly [billed: number, period: number] | null = null,
  units = total,
): UsageInAdvance => ({
  total: dec(total),
  proration: days === null ? null : { units: dec(units), billed_days: days[0], period_days: days[1] },
});

const priced = (...given: Parameters<typeof pricedUnits>) => toWire(pricedUnits(...given));

test("after a decrease what was charged stays (7.5)", () => {
  assert.equal(priced(usage("6"), marks("6", "10")), "10.0");
  assert.equal(priced(usage("9"), marks("9", "10")), "10.0");
  assert.equal(priced(usage("15"), marks("15", "15")), "15.0");
});

test("without an event charged in the period the total counts (7.5)", () => {
  assert.equal(priced(usage("4"), null), "4.0");
  assert.equal(priced(usage("-4"), null), "0.0");
  assert.equal(priced(usage("9", [31, 31], "1.5"), null), "9.0");
  assert.equal(priced(usage("9", [17, 31], "1.5"), null), "1.5");
});

test("the worked examples of a prorated charge (7.5)", () => {
  assert.equal(priced(usage("9", [31, 31]), marks("4", "6", "3.8")), "8.8");
  assert.equal(priced(usage("9", [17, 31]), marks("4", "6", "3.8")), "6.54194");
  assert.equal(priced(usage("-5", [31, 31]), marks("-5", "20", "8.5")), "8.5");
});
