import assert from "node:assert/strict";
import { test } from "node:test";
import type { Charge } from "../../catalog/index.ts";
import { toWire } from "../../kernel/decimal.ts";
import { type Elapsed, elapsedDays, projected } from "./projection.ts";
import { chargeOf, creditsOf, grouped, groupUsage, used } from "./testing.ts";

const TENTH: Elapsed = { days: 10, of: 30 };

function projection(charge: Charge, units: string | number, elapsed = TENTH, events = 1) {
  const { bucket, used: usage } = used(charge, units, events);
  const found = projected(charge, bucket, usage, elapsed, "EUR");
  return [toWire(found.units), Number(found.amount_cents)];
}

const instant = Temporal.Instant.from;

test("G12: day 10 of 30, model by model", () => {
  assert.deepEqual(projection(chargeOf("standard", { amount: "2.00" }), 50), ["150.0", 30_000]);
  const graduated_ranges = [
    { from_value: 0, to_value: 100, per_unit_amount: "1", flat_amount: "0" },
    { from_value: 101, to_value: null, per_unit_amount: "0.5", flat_amount: "10" },
  ];
  assert.deepEqual(projection(chargeOf("graduated", { graduated_ranges }), 50), ["150.0", 13_500]);
  assert.deepEqual(projection(chargeOf("package", { amount: "100", package_size: 40, free_units: 10 }), 50), [
    "150.0",
    40_000,
  ]);
  // 10 × 1.23 % of 100 units.
  assert.deepEqual(projection(chargeOf("percentage", { rate: "12.3" }), 100), ["300.0", 3_690]);
});

test("9.2: nothing used, nothing projected, not even a first tier's flat fee", () => {
  const range = { from_value: 0, to_value: null, per_unit_amount: "1", flat_amount: "5" };
  assert.deepEqual(projection(chargeOf("graduated", { graduated_ranges: [range] }), 0), ["0.0", 0]);
  assert.deepEqual(projection(chargeOf("volume", { volume_ranges: [range] }), 0), ["0.0", 0]);
});

test("9.2: a volume is projected at the price of the tier that it will reach", () => {
  const volume_ranges = [
    { from_value: 0, to_value: 100, per_unit_amount: "2", flat_amount: "0" },
    { from_value: 101, to_value: null, per_unit_amount: "1", flat_amount: "3" },
  ];
  assert.deepEqual(projection(chargeOf("volume", { volume_ranges }), 50), ["150.0", 15_300]);
});

test("9.2: projected units have two decimals, and the amount is theirs", () => {
  assert.deepEqual(projection(chargeOf("standard", { amount: "1" }), 1, { days: 7, of: 30 }), ["4.29", 429]);
});

test("9.2: dynamic amounts grow with the days; less than nothing is nothing", () => {
  const charge = chargeOf("dynamic", {});
  const { bucket } = used(charge, 1);
  const { amount_cents, units } = projected(
    charge,
    bucket,
    grouped(groupUsage(6, 2, { amount_cents: groupUsage("1236.66").units })),
    TENTH,
    "EUR",
  );
  assert.deepEqual([toWire(units), Number(amount_cents)], ["18.0", 3_710]);
  assert.deepEqual(projection(chargeOf("standard", { amount: "1" }), -5), ["0.0", 0]);
});

test("12.2: credits are projected, then converted", () => {
  const charge = chargeOf("standard", { amount: "0.333" }, {}, { applied_pricing_unit: creditsOf("0.5") });
  const { bucket, used: usage } = used(charge, 1);
  const found = projected(charge, bucket, usage, { days: 1, of: 1 }, "EUR");
  assert.deepEqual([found.pricing_unit_cents, found.amount_cents], [33n, 17n]);
});

test("days that have begun, in the customer's zone", () => {
  const window = { from: instant("2024-06-01T00:00:00Z"), to: instant("2024-07-01T00:00:00Z") };
  const at = (now: string, timezone = "UTC", from = window.from) =>
    elapsedDays({ ...window, from }, instant(now), timezone);
  assert.deepEqual(at("2024-06-10T12:00:00Z"), { days: 10, of: 30 });
  assert.deepEqual(at("2024-06-01T00:00:00Z"), { days: 1, of: 30 });
  assert.deepEqual(at("2024-07-05T00:00:00Z"), { days: 30, of: 30 });
  assert.deepEqual(at("2024-06-11T00:00:00Z", "UTC", instant("2024-06-10T15:00:00Z")), { days: 2, of: 21 });
  const tokyo = { from: instant("2024-05-31T15:00:00Z"), to: instant("2024-06-30T15:00:00Z") };
  assert.deepEqual(elapsedDays(tokyo, instant("2024-06-09T15:00:00Z"), "Asia/Tokyo"), { days: 10, of: 30 });
});
