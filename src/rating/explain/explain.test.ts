/** Whatever is priced, by whichever model: its parts add up to the amount, and each part is what it says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ChargeModel, ChargeProperties } from "../../catalog/index.ts";
import { type Dec, dec, sum, toWire } from "../../kernel/decimal.ts";
import type { RatedUsage } from "../model.ts";
import { price } from "../rules/charge-models.ts";
import { decimalText, proratedUsageOf, tiersWith, usageOf, valuesOf } from "../testing.ts";
import { explainPrice } from "./explain.ts";
import type { PricePart } from "./model.ts";

const RUNS = { numRuns: 2_000 };
const units = decimalText(400, 5);

function explains(model: ChargeModel, properties: ChargeProperties, usage: RatedUsage): void {
  const parts = explainPrice(model, properties, usage);
  const { amount } = price(model, properties, usage);
  assert.equal(sum(parts.map((part) => part.amount)).toFixed(), amount.toFixed());
  for (const part of parts) assert.ok(isWhatItSays(part), JSON.stringify(part));
}

function isWhatItSays({ kind, quantity, price: each, amount }: PricePart): boolean {
  if (quantity === null || each === null) return quantity === each;
  return quantity
    .times(each)
    .times(kind === "rate" ? "0.01" : 1)
    .eq(amount);
}

/** Kind, quantity, price and amount of each part, as the wire writes decimals. */
const told = (parts: readonly PricePart[]) =>
  parts.map(({ kind, quantity, price: each, amount }) =>
    [kind, ...[quantity, each, amount].map((value: Dec | null) => (value === null ? "" : toWire(value)))].join(" "),
  );

test("standard", () => {
  fc.assert(
    fc.property(units, decimalText(1_000, 12), (used, amount) => explains("standard", { amount }, usageOf(used))),
    RUNS,
  );
});

const amounts = fc.record({ per_unit_amount: decimalText(50, 8), flat_amount: decimalText(20, 3) });

test("graduated and volume", () => {
  fc.assert(
    fc.property(units, tiersWith(amounts), (used, { ranges }) => {
      explains("graduated", { graduated_ranges: ranges }, usageOf(used));
      explains("volume", { volume_ranges: ranges }, usageOf(used));
      explains("volume", { volume_ranges: ranges }, { ...usageOf(used), full_units: dec(used).times(2) });
    }),
    RUNS,
  );
});

test("prorated graduated, up and down through the tiers", () => {
  const move = fc.tuple(fc.integer({ min: -60, max: 80 }), fc.integer({ min: 0, max: 31 }));
  fc.assert(
    fc.property(tiersWith(amounts), fc.array(move, { maxLength: 12 }), ({ ranges }, moves) => {
      const pairs = moves.map(([full, days]) => [full, dec(full).times(days).div(31).toFixed()] as const);
      const total = sum(pairs.map(([, prorated]) => dec(prorated)));
      explains("graduated", { graduated_ranges: ranges }, proratedUsageOf(total.toFixed(), pairs));
    }),
    RUNS,
  );
});

test("graduated percentage", () => {
  const rates = fc.record({ rate: decimalText(100, 8), flat_amount: decimalText(20, 3) });
  fc.assert(
    fc.property(units, tiersWith(rates), (used, { ranges }) =>
      explains("graduated_percentage", { graduated_percentage_ranges: ranges }, usageOf(used)),
    ),
    RUNS,
  );
});

test("package", () => {
  const sizes = fc.record({
    amount: decimalText(100, 6),
    package_size: fc.integer({ min: 1, max: 70 }),
    free_units: fc.nat(100),
  });
  fc.assert(
    fc.property(units, sizes, (used, properties) => explains("package", properties, usageOf(used))),
    RUNS,
  );
});

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const percentages = fc.record({
  rate: decimalText(100, 5),
  fixed_amount: decimalText(5, 3),
  free_units_per_events: optional(fc.integer({ min: 1, max: 6 })),
  free_units_per_total_aggregation: optional(decimalText(300, 2)),
  per_transaction_min_amount: optional(decimalText(2, 3)),
  per_transaction_max_amount: optional(decimalText(9, 3)),
});

test("percentage, of the whole and event by event", () => {
  fc.assert(
    fc.property(percentages, fc.array(decimalText(200, 3), { maxLength: 10 }), (properties, texts) => {
      const total = sum(texts.map((text) => dec(text)));
      explains("percentage", properties, usageOf(total.toFixed(), texts.length, valuesOf(...texts)));
    }),
    RUNS,
  );
});

test("percentage of a count, whose events are not laid out", () => {
  fc.assert(
    fc.property(percentages, fc.nat(500), (properties, events) =>
      explains("percentage", properties, usageOf(events, events, { units: events, events })),
    ),
    RUNS,
  );
});

test("amounts that were added up already", () => {
  fc.assert(
    fc.property(units, decimalText(1_000, 6), (used, amount) => {
      explains("dynamic", {}, { ...usageOf(used), amount: dec(amount) });
      explains("dynamic", {}, { ...usageOf(0), amount: dec(amount) });
      explains("custom", {}, { ...usageOf(used), amount: dec(amount) });
    }),
    RUNS,
  );
});

const TIERS = [
  { from_value: 0, to_value: 10, per_unit_amount: "10", flat_amount: "2" },
  { from_value: 11, to_value: null, per_unit_amount: "5", flat_amount: "3" },
];

test("5.2: 12 units, tier by tier", () => {
  const parts = explainPrice("graduated", { graduated_ranges: TIERS }, usageOf(12));
  assert.deepEqual(told(parts), [
    "units 10.0 10.0 100.0",
    "flat_fee 1.0 2.0 2.0",
    "units 2.0 5.0 10.0",
    "flat_fee 1.0 3.0 3.0",
  ]);
  assert.deepEqual(parts[2]?.tier, { from_value: 11, to_value: null });
});

test("5.9: two units given back on the way show in the tier that they left", () => {
  const tiers = [
    { from_value: 0, to_value: 5, per_unit_amount: "10", flat_amount: "100" },
    { from_value: 6, to_value: null, per_unit_amount: "5", flat_amount: "50" },
  ];
  const usage = proratedUsageOf("2.4", [
    ["5", "3.5"],
    ["2", "1"],
    ["-4", "-1.6"],
    ["10", "2"],
  ]);
  assert.deepEqual(told(explainPrice("graduated", { graduated_ranges: tiers }, usage)), [
    "units 3.1 10.0 31.0",
    "units 1.8 5.0 9.0",
    "flat_fee 1.0 100.0 100.0",
    "flat_fee 1.0 50.0 50.0",
  ]);
});

test("5.4: three events within a minimum and a maximum", () => {
  const terms = { rate: "2.99", per_transaction_min_amount: "1.75", per_transaction_max_amount: "12" };
  const usage = usageOf(10_090, 3, valuesOf(10, 80, 10_000));
  assert.deepEqual(told(explainPrice("percentage", terms, usage)), [
    "rate 80.0 2.99 2.392",
    "minimum 1.0 1.75 1.75",
    "maximum 1.0 12.0 12.0",
  ]);
});

test("5.3: what is free, and the packages", () => {
  const terms = { amount: "100", package_size: 10, free_units: 10 };
  assert.deepEqual(told(explainPrice("package", terms, usageOf(121))), [
    "free_units 10.0 0.0 0.0",
    "packages 12.0 100.0 1200.0",
  ]);
});
