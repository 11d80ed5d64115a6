import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { ChargeModel, ChargeProperties } from "../../catalog/index.ts";
import { type Dec, dec, round, sum, toWire, ZERO } from "../../kernel/decimal.ts";
import { price } from "../rules/charge-models.ts";
import { decimalText, tiersWith, usageOf, valuesOf } from "../testing.ts";
import { areAllowancesOpen, unusedAllowances, useAllowances } from "./allowances.ts";
import { type EventPrice, type EventSeries, priceOfEvent } from "./event-price.ts";

/** Positive values one after another, each priced as it comes. */
function priceAll(
  model: ChargeModel,
  properties: ChargeProperties,
  values: readonly (string | number)[],
  cents: readonly string[] = [],
): EventPrice[] {
  let units = ZERO;
  let amount = ZERO;
  let used = model === "percentage" ? unusedAllowances(properties) : null;
  return values.map((each, index) => {
    const value = dec(each);
    const before = { units, amount, used };
    units = units.plus(value);
    amount = amount.plus(dec(cents[index] ?? 0).div(100));
    if (used !== null) used = useAllowances(properties, used, value);
    const series: EventSeries | null =
      before.used === null || used === null ? null : { value, before: before.used, after: used };
    return priceOfEvent(model, properties, {
      units,
      increment: value,
      events_count: index + 1,
      events_before: index,
      amount,
      amount_before: before.amount,
      series,
    });
  });
}

const cents = (prices: readonly EventPrice[]) => prices.map(({ amount }) => Number(round(amount.times(100)).toFixed()));

const tiers = (...ranges: readonly (readonly [number, number | null, Record<string, string>])[]) =>
  ranges.map(([from_value, to_value, prices]) => ({ from_value, to_value, ...prices }));

const COUNTED = {
  graduated_ranges: tiers(
    [0, 2, { per_unit_amount: "0", flat_amount: "0" }],
    [3, null, { per_unit_amount: "2", flat_amount: "0" }],
  ),
};

const SHARED = {
  graduated_percentage_ranges: tiers(
    [0, 100, { rate: "20", flat_amount: "10" }],
    [101, 200, { rate: "30", flat_amount: "7" }],
    [201, null, { rate: "40", flat_amount: "5" }],
  ),
};

test("three counted events of one moment take the tiers by ingestion (7.4 and G16)", () => {
  assert.deepEqual(cents(priceAll("graduated", COUNTED, [1, 1, 1])), [0, 0, 200]);
});

test("worked fees per model (7.4)", () => {
  const packaged = { amount: "100", package_size: 2, free_units: 3 };
  assert.deepEqual(cents(priceAll("package", packaged, [3, 1, 2])), [0, 10_000, 10_000]);
  const graduated = {
    graduated_ranges: tiers(
      [0, 5, { per_unit_amount: "0.02", flat_amount: "0.01" }],
      [6, null, { per_unit_amount: "0.01", flat_amount: "0.01" }],
    ),
  };
  assert.deepEqual(cents(priceAll("graduated", graduated, [3, 1, 2])), [7, 2, 4]);
  const freeEvents = { rate: "5", fixed_amount: "1", free_units_per_events: 2 };
  assert.deepEqual(cents(priceAll("percentage", freeEvents, [8, 5, 3])), [0, 0, 115]);
  const freeAmount = { rate: "5", fixed_amount: "1", free_units_per_total_aggregation: "120" };
  assert.deepEqual(cents(priceAll("percentage", freeAmount, [100, 10, 20, 20])), [0, 0, 150, 200]);
  const bounded = {
    rate: "1",
    fixed_amount: "0.5",
    per_transaction_min_amount: "1.75",
    per_transaction_max_amount: "2",
  };
  assert.deepEqual(cents(priceAll("percentage", bounded, [100, 1000, 10_000])), [175, 200, 200]);
  assert.deepEqual(cents(priceAll("dynamic", {}, [5, 1], ["1234.56", "2.1"])), [1235, 2]);
  assert.deepEqual(cents(priceAll("graduated_percentage", SHARED, [50, 100, 300])), [2000, 3200, 12_000]);
});

test("a first event that crosses the free amount pays for the rest of itself", () => {
  const properties = { rate: "5", fixed_amount: "1", free_units_per_total_aggregation: "3" };
  assert.deepEqual(cents(priceAll("percentage", properties, [5, 1])), [110, 105]);
});

test("the details of a percentage are those with the event less those without (7.4)", () => {
  const freeAmount = { rate: "5", fixed_amount: "1", free_units_per_total_aggregation: "120" };
  const [first, , third] = priceAll("percentage", freeAmount, [100, 10, 20]);
  assert.deepEqual(third?.amount_details, {
    rate: "5.0",
    units: "20.0",
    free_units: "10.0",
    paid_units: "10.0",
    free_events: "0.0",
    paid_events: "1.0",
    fixed_fee_unit_amount: "1.0",
    per_unit_total_amount: "0.5",
    fixed_fee_total_amount: "1.0",
    min_max_adjustment_total_amount: "0.0",
  });
  assert.deepEqual(
    [first?.amount_details.free_units, first?.amount_details.free_events, first?.amount_details.fixed_fee_unit_amount],
    ["100.0", "1.0", "0.0"],
  );
});

test("the details of a graduated percentage show each tier's part of the event (7.4)", () => {
  const [, second] = priceAll("graduated_percentage", SHARED, [50, 100]);
  const tier = (from: number, to: number, rate: string, flat: string, total: string, average: string) => ({
    ...{ from_value: from, to_value: to, rate, units: "50.0", flat_unit_amount: flat },
    ...{ per_unit_total_amount: average, total_with_flat_amount: total },
  });
  assert.deepEqual(second?.amount_details, {
    graduated_percentage_ranges: [
      tier(0, 100, "20.0", "0.0", "10.0", "0.2"),
      tier(101, 200, "30.0", "7.0", "22.0", "0.44"),
    ],
  });
});

test("an event that is charged for nothing pays no flat fee", () => {
  const event = {
    ...{ units: dec(6), increment: ZERO, events_count: 2, events_before: 1 },
    ...{ amount: ZERO, amount_before: ZERO, series: null },
  };
  for (const [model, properties] of [
    ["graduated", { graduated_ranges: tiers([0, null, { per_unit_amount: "1", flat_amount: "5" }]) }],
    ["graduated_percentage", SHARED],
  ] as const) {
    assert.equal(toWire(priceOfEvent(model, properties, event).amount), "0.0");
    assert.equal(toWire(priceOfEvent(model, properties, { ...event, units: ZERO }).amount), "0.0");
  }
});

const positive = decimalText(500, 2).filter((text) => dec(text).gt(0));

const charges: fc.Arbitrary<readonly [ChargeModel, ChargeProperties]> = fc.oneof(
  tiersWith(fc.record({ per_unit_amount: decimalText(20, 3), flat_amount: decimalText(20, 2) })).map(
    ({ ranges }) => ["graduated", { graduated_ranges: ranges }] as const,
  ),
  tiersWith(fc.record({ rate: decimalText(20, 3), flat_amount: decimalText(20, 2) })).map(
    ({ ranges }) => ["graduated_percentage", { graduated_percentage_ranges: ranges }] as const,
  ),
  fc
    .record({ amount: decimalText(50, 2), package_size: fc.integer({ min: 1, max: 50 }), free_units: fc.nat(200) })
    .map((properties) => ["package", properties] as const),
  fc
    .record({
      rate: decimalText(20, 2),
      fixed_amount: decimalText(5, 2),
      free_units_per_events: fc.option(fc.integer({ min: 1, max: 5 })),
      free_units_per_total_aggregation: fc.option(decimalText(800, 1)),
      per_transaction_min_amount: fc.option(decimalText(20, 1)),
    })
    .map((properties) => ["percentage", properties] as const),
);

const total = (prices: readonly EventPrice[]): Dec => sum(prices.map(({ amount }) => amount));

test("the prices of a period's events add up to the price of the period", () => {
  fc.assert(
    fc.property(charges, fc.array(positive, { minLength: 1, maxLength: 12 }), ([model, properties], values) => {
      const units = sum(values.map((value) => dec(value)));
      const whole = price(model, properties, usageOf(units.toFixed(), values.length, valuesOf(...values)));
      return total(priceAll(model, properties, values)).eq(whole.amount);
    }),
    { numRuns: 3_000 },
  );
});

test("allowances are used by the first events alone: after that nothing changes them", () => {
  const properties = { rate: "5", free_units_per_events: 2, free_units_per_total_aggregation: "10" };
  const first = useAllowances(properties, unusedAllowances(properties), dec(4));
  assert.equal(areAllowancesOpen(properties, first), true);
  const second = useAllowances(properties, first, dec(9));
  assert.equal(areAllowancesOpen(properties, second), false);
  const third = useAllowances(properties, second, dec(100));
  assert.deepEqual([third.events, toWire(third.total), third.below_free_amount], [2, "13.0", 1]);
});
