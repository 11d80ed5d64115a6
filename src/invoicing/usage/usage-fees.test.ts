import assert from "node:assert/strict";
import { test } from "node:test";
import type { BillableMetric, Charge } from "../../catalog/index.ts";
import { dec } from "../../kernel/decimal.ts";
import type { ChargeUsage } from "./model.ts";
import { isKept, isStorable, usageFee } from "./usage-fees.ts";
import { planSeries, seriesFrom, usageRequests } from "./usage-requests.ts";

const instant = Temporal.Instant.from;

function charge(
  charge_model: Charge["charge_model"],
  properties: Charge["properties"],
  metric: Partial<BillableMetric> = {},
): Charge {
  return {
    id: "019ff000-0000-7000-8000-000000000001",
    code: "calls",
    charge_model,
    pay_in_advance: false,
    prorated: false,
    invoiceable: true,
    min_amount_cents: 0n,
    invoice_display_name: null,
    properties,
    billable_metric: {
      id: "019ff000-0000-7000-8000-000000000002",
      code: "calls",
      name: "Calls",
      description: null,
      aggregation_type: "sum_agg",
      field_name: "value",
      recurring: false,
      weighted_interval: null,
      rounding_function: null,
      rounding_precision: null,
      expression: null,
      ...metric,
    },
  };
}

function used(of: Charge, units: string, events_count = 1, series: ChargeUsage["series"] = null): ChargeUsage {
  return { charge: of, usage: { units: dec(units), events_count }, series };
}

test("a fee is rounded to its currency once, half away from zero", () => {
  for (const [currency, amount, cents, precise] of [
    ["EUR", "0.005", 1n, "0.5"],
    ["EUR", "0.0049", 0n, "0.49"],
    ["EUR", "1.005", 101n, "100.5"],
    ["JPY", "0.4", 0n, "0.4"],
    ["JPY", "0.5", 1n, "0.5"],
    ["JPY", "1234.4", 1234n, "1234.4"],
    ["KWD", "0.0015", 2n, "1.5"],
    ["KWD", "1.23456", 1235n, "1234.56"],
    ["CLF", "0.00005", 1n, "0.5"],
  ] as const) {
    const fee = usageFee(used(charge("standard", { amount }), "1"), currency);
    assert.equal(fee.amount_cents, cents, `${amount} ${currency}`);
    assert.equal(fee.precise_amount_cents.toFixed(), precise);
    assert.ok(isKept(fee), "it has a unit");
  }
  assert.equal(usageFee(used(charge("standard", { amount: "0.005" }), "3"), "EUR").amount_cents, 2n);
});

test("units are rounded as the metric says before they are priced", () => {
  const rounded = charge("standard", { amount: "10" }, { rounding_function: "ceil", rounding_precision: 1 });
  const fee = usageFee(used(rounded, "12.345"), "EUR");
  assert.equal(fee.units.toFixed(), "12.4");
  assert.equal(fee.amount_cents, 12_400n);
});

test("below zero a fee is nothing, but a latest value below zero still reaches the first tier", () => {
  const tiers = { graduated_ranges: [{ from_value: 0, to_value: null, per_unit_amount: "1", flat_amount: "2" }] };
  for (const [aggregation_type, cents] of [
    ["sum_agg", 0n],
    ["max_agg", 0n],
    ["latest_agg", 200n],
  ] as const) {
    const fee = usageFee(used(charge("graduated", tiers, { aggregation_type }), "-3", 2), "EUR");
    assert.equal(fee.amount_cents, cents, aggregation_type);
    assert.equal(fee.units.toFixed(), "0");
    assert.equal(fee.events_count, 2);
    assert.ok(isKept(fee), "it has events");
  }
});

test("without events: standard, package and percentage leave no fee, a first tier's flat amount does", () => {
  const tier = { from_value: 0, to_value: null, flat_amount: "2" };
  for (const [model, properties, cents] of [
    ["standard", { amount: "10" }, 0n],
    ["package", { amount: "10", package_size: 10, free_units: 0 }, 0n],
    ["percentage", { rate: "1", fixed_amount: "1" }, 0n],
    ["graduated", { graduated_ranges: [{ ...tier, per_unit_amount: "1" }] }, 200n],
    ["volume", { volume_ranges: [{ ...tier, per_unit_amount: "1" }] }, 200n],
    ["graduated_percentage", { graduated_percentage_ranges: [{ ...tier, rate: "1" }] }, 200n],
  ] as const) {
    const fee = usageFee(used(charge(model, properties), "0", 0), "EUR");
    assert.equal(fee.amount_cents, cents, model);
    assert.equal(isKept(fee), cents > 0n, model);
    assert.equal(fee.units.toFixed(), "0");
  }
  const zeroValue = usageFee(used(charge("standard", { amount: "10" }), "0", 1), "EUR");
  assert.ok(isKept(zeroValue), "an event with the value 0 keeps a zero fee");
});

test("the unit amount is kept in major units at 15 decimals, and rounded to minor units", () => {
  const third = usageFee(used(charge("package", { amount: "1", package_size: 3, free_units: 0 }), "3"), "EUR");
  assert.equal(third.precise_unit_amount.toFixed(), "0.333333333333333");
  assert.equal(third.unit_amount_cents, 33n);
  assert.equal(third.precise_amount_cents.toFixed(), "100");
});

test("what no column can hold is known before it is written", () => {
  const dear = charge("standard", { amount: "999999999999999" });
  assert.ok(isStorable(usageFee(used(dear, "1"), "EUR")));
  assert.ok(!isStorable(usageFee(used(dear, "1000"), "EUR")));
});

const window = { from: instant("2024-03-01T00:00:00Z"), to: instant("2024-04-01T00:00:00Z") };
const bucket = (...charges: Charge[]) => ({
  organization_id: "019ff000-0000-7000-8000-00000000000a",
  external_subscription_id: "s1",
  window,
  charges,
});

test("each charge asks for its metric in the bucket's window", () => {
  const requests = usageRequests(
    bucket(charge("standard", { amount: "1" }), charge("standard", { amount: "1" }, { aggregation_type: "count_agg" })),
  );
  assert.deepEqual(
    requests.map(({ code, aggregation_type, field_name }) => [code, aggregation_type, field_name]),
    [
      ["calls", "sum_agg", "value"],
      ["calls", "count_agg", null],
    ],
  );
  assert.ok(requests.every(({ from, to }) => from.equals(window.from) && to.equals(window.to)));
});

test("what has no price today is refused rather than priced wrongly", () => {
  for (const unrated of [
    charge("standard", { amount: "1" }, { aggregation_type: "weighted_sum_agg" }),
    charge("standard", { amount: "1" }, { recurring: true }),
  ])
    assert.throws(() => usageRequests(bucket(unrated)), { code: "validation_errors" });
  assert.throws(() => usageFee(used(charge("dynamic", {}), "1"), "EUR"), { code: "validation_errors" });
});

test("single events are read only where a price depends on them", () => {
  const free = { rate: "1", free_units_per_events: 3 };
  const bounded = { rate: "1", per_transaction_min_amount: "1" };
  const usage = { units: dec(5), events_count: 5 };
  const plan = (properties: Charge["properties"], aggregation_type: BillableMetric["aggregation_type"]) =>
    planSeries(charge("percentage", properties, { aggregation_type }), usage);

  assert.deepEqual(plan({ rate: "1" }, "sum_agg"), { known: null });
  assert.deepEqual(plan(free, "sum_agg"), { read: { first: 3 } });
  assert.deepEqual(plan(bounded, "sum_agg"), { read: "all" });
  assert.deepEqual(plan(free, "count_agg"), { known: { units: 5, events: 5 } });
  assert.deepEqual(plan(bounded, "count_agg"), { known: { units: 5, events: 5 } });
  assert.deepEqual(plan(free, "unique_count_agg"), { known: { units: 5, events: 5 } });
  assert.deepEqual(plan(bounded, "unique_count_agg"), { read: "all" });
  assert.deepEqual(plan({ rate: "1", free_units_per_total_aggregation: "7" }, "max_agg"), { read: "all" });
});

test("a maximum counts at its first occurrence, a unique count's events are transactions of 1", () => {
  const values = ["2", "9", "4", "9"].map((value) => dec(value));
  const maximum = seriesFrom(
    charge("percentage", { rate: "1" }, { aggregation_type: "max_agg" }),
    { units: dec(9), events_count: 4 },
    values,
  );
  assert.ok(Array.isArray(maximum));
  assert.deepEqual(maximum.map(String), ["0", "9", "0", "0"]);
  const unique = charge("percentage", { rate: "1" }, { aggregation_type: "unique_count_agg" });
  assert.deepEqual(seriesFrom(unique, { units: dec(2), events_count: 2 }, values), { units: 2, events: 4 });
});
