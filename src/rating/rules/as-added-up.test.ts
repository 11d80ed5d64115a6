import assert from "node:assert/strict";
import { test } from "node:test";
import { dec, toWire } from "../../kernel/decimal.ts";
import { usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

const withAmount = (units: string, amount: string) => ({ ...usageOf(units), amount: dec(amount) });

test("5.7: a dynamic charge costs what its events were sent with", () => {
  const priced = price("dynamic", {}, withAmount("6", "12.3666"));
  assert.equal(toWire(priced.amount), "12.3666");
  assert.equal(toWire(priced.unit_amount), "2.0611");
  assert.deepEqual(priced.amount_details, {});
});

test("5.7: without units nothing is due, even where amounts were sent", () => {
  assert.equal(toWire(price("dynamic", {}, withAmount("0", "12.3666")).amount), "0.0");
});

test("5.8: a custom charge costs what its metric's script added up, with or without units", () => {
  assert.equal(toWire(price("custom", {}, withAmount("0", "3.5")).amount), "3.5");
  assert.equal(toWire(price("custom", {}, withAmount("2", "3")).unit_amount), "1.5");
});
