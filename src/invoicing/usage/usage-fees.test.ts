import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BillableMetric, Charge } from "../../catalog/index.ts";
import { dec, sum } from "../../kernel/decimal.ts";
import { decimalText } from "../../rating/testing.ts";
import {
  chargeOf as charge,
  chargeUsage,
  creditsOf,
  filterOf,
  grouped,
  groupUsage,
  usageBucket,
  used,
} from "./testing.ts";
import { isKept, isStorable, usageFee, usageFees } from "./usage-fees.ts";
import { NOTHING_CARRIED, planSeries, seriesFrom, usageRequest } from "./usage-requests.ts";
import { CURRENT_VIEW, INVOICE_VIEW, viewedCharge } from "./views.ts";

const feeOf = ({ charge, bucket, used: usage }: ReturnType<typeof used>, currency: string) =>
  usageFee(charge, bucket, usage, currency);

test("G2, 0.1: a fee is rounded to its currency once, half away from zero", () => {
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
    const fee = feeOf(used(charge("standard", { amount }), "1"), currency);
    assert.equal(fee.amount_cents, cents, `${amount} ${currency}`);
    assert.equal(fee.precise_amount_cents.toFixed(), precise);
    assert.ok(isKept(fee), "it has a unit");
  }
  assert.equal(feeOf(used(charge("standard", { amount: "0.005" }), "3"), "EUR").amount_cents, 2n);
});

test("units are rounded as the metric says before they are priced", () => {
  const rounded = charge("standard", { amount: "10" }, { rounding_function: "ceil", rounding_precision: 1 });
  const fee = feeOf(used(rounded, "12.345"), "EUR");
  assert.equal(fee.units.toFixed(), "12.4");
  assert.equal(fee.amount_cents, 12_400n);
});

test("below zero a fee is nothing, but a zero latest value still reaches the first tier", () => {
  const tiers = { graduated_ranges: [{ from_value: 0, to_value: null, per_unit_amount: "1", flat_amount: "2" }] };
  for (const [aggregation_type, units, cents] of [
    ["sum_agg", "-3", 0n],
    ["max_agg", "-3", 0n],
    ["latest_agg", "0", 200n],
  ] as const) {
    const fee = feeOf(used(charge("graduated", tiers, { aggregation_type }), units, 2), "EUR");
    assert.equal(fee.amount_cents, cents, aggregation_type);
    assert.equal(fee.units.toFixed(), "0");
    assert.equal(fee.events_count, 2);
    assert.ok(isKept(fee), "it has events");
  }
});

test("G6: without events: standard, package and percentage leave no fee, a first tier's flat amount does", () => {
  const tier = { from_value: 0, to_value: null, flat_amount: "2" };
  for (const [model, properties, cents] of [
    ["standard", { amount: "10" }, 0n],
    ["package", { amount: "10", package_size: 10, free_units: 0 }, 0n],
    ["percentage", { rate: "1", fixed_amount: "1" }, 0n],
    ["graduated", { graduated_ranges: [{ ...tier, per_unit_amount: "1" }] }, 200n],
    ["volume", { volume_ranges: [{ ...tier, per_unit_amount: "1" }] }, 200n],
    ["graduated_percentage", { graduated_percentage_ranges: [{ ...tier, rate: "1" }] }, 200n],
  ] as const) {
    const fee = feeOf(used(charge(model, properties), "0", 0), "EUR");
    assert.equal(fee.amount_cents, cents, model);
    assert.equal(isKept(fee), cents > 0n, model);
    assert.equal(fee.units.toFixed(), "0");
  }
  const zeroValue = feeOf(used(charge("standard", { amount: "10" }), "0", 1), "EUR");
  assert.ok(isKept(zeroValue), "an event with the value 0 keeps a zero fee");
});

test("the unit amount is kept in major units at 15 decimals, and rounded to minor units", () => {
  const third = feeOf(used(charge("package", { amount: "1", package_size: 3, free_units: 0 }), "3"), "EUR");
  assert.equal(third.precise_unit_amount.toFixed(), "0.333333333333333");
  assert.equal(third.unit_amount_cents, 33n);
  assert.equal(third.precise_amount_cents.toFixed(), "100");
});

test("prorated units are priced, whole ones shown, and both are rounded as the metric says (1.6)", () => {
  const rounding = { recurring: true, rounding_function: "ceil", rounding_precision: 2 } as const;
  const prorated = charge("standard", { amount: "1" }, rounding, { prorated: true });
  const usage = groupUsage("9.7291", 4, { full_units: dec("29.434") });
  const fee = feeOf({ ...used(prorated, 0), used: grouped(usage) }, "EUR");
  assert.equal(fee.units.toFixed(), "29.44");
  assert.equal(fee.total_aggregated_units.toFixed(), "29.44");
  assert.equal(fee.amount_cents, 973n);
});

test("5.7: a dynamic charge costs what its events came with: 1234.56 and 2.1 cents are 1237", () => {
  const usage = groupUsage("6", 2, { amount_cents: dec("1236.66") });
  const fee = feeOf({ ...used(charge("dynamic", {}), 0), used: grouped(usage) }, "EUR");
  assert.equal(fee.amount_cents, 1237n);
  assert.equal(fee.precise_amount_cents.toFixed(), "1236.66");
});

test("a weighted sum is paid by its average and shows the level at the end", () => {
  const usage = groupUsage("533.33333333333333333334", 2, { total_aggregated_units: dec(300) });
  const weighted = charge("standard", { amount: "1" }, { aggregation_type: "weighted_sum_agg" });
  const fee = feeOf({ ...used(weighted, 0), used: grouped(usage) }, "EUR");
  assert.equal(fee.amount_cents, 53_333n);
  assert.equal(fee.total_aggregated_units.toFixed(), "300");
});

test("G15: a charge in credits is rounded to their cents before it is converted", () => {
  const credits = (amount: string, rate: string) =>
    charge("standard", { amount }, {}, { applied_pricing_unit: creditsOf(rate) });
  const many = feeOf(used(credits("1.0", "0.5"), "300", 3), "EUR");
  assert.deepEqual([many.pricing_unit?.amount_cents, many.amount_cents], [30_000n, 15_000n]);
  const one = feeOf(used(credits("0.333", "0.5"), "1"), "EUR");
  assert.deepEqual([one.pricing_unit?.amount_cents, one.amount_cents], [33n, 17n]);
  assert.equal(one.precise_amount_cents.toFixed(), "16.5");
  assert.equal(one.precise_unit_amount.toFixed(), "0.1665");
  assert.equal(one.pricing_unit?.precise_amount_cents.toFixed(), "33.3");
});

test("rounding is once per fee: three groups at half a cent are three cents, together they are two (G2)", () => {
  const cheap = charge("standard", { amount: "0.005", pricing_group_keys: ["user"] });
  const groups = ["a", "b", "c"].map((user) => ({ filter: "default" as const, group: { user }, units: 1 }));
  const fees = usageFees(chargeUsage(cheap, groups), "EUR");
  assert.deepEqual(
    fees.map(({ amount_cents, grouped_by }) => [amount_cents, grouped_by]),
    [
      [1n, { user: "a" }],
      [1n, { user: "b" }],
      [1n, { user: "c" }],
    ],
  );
  assert.equal(usageFees(chargeUsage(cheap, [{ filter: "default", units: 3 }]), "EUR")[0]?.amount_cents, 2n);
});

test("filters are priced each by its own properties, in their order, the default bucket last", () => {
  const filters = [filterOf(1, { cloud: ["aws"] }, { amount: "5" }), filterOf(2, { cloud: ["gcp"] }, { amount: "3" })];
  const filtered = charge("standard", { amount: "10" }, {}, { filters });
  const usage = chargeUsage(filtered, [
    { filter: 0, units: 1 },
    { filter: 1, units: 2 },
    { filter: "default", units: 3 },
  ]);
  assert.deepEqual(
    usageFees(usage, "EUR").map(({ filter, amount_cents }) => [filter?.properties.amount, amount_cents]),
    [
      ["5", 500n],
      ["3", 600n],
      [undefined, 3000n],
    ],
  );
});

test("linear prices: a period paid in parts costs what it costs whole, but for the rounding of each part", () => {
  fc.assert(
    fc.property(fc.array(decimalText(1_000, 4), { minLength: 1 }), decimalText(20, 6), (parts, amount) => {
      const of = charge("standard", { amount });
      const fees = parts.map((units) => feeOf(used(of, units), "EUR"));
      const whole = feeOf(used(of, sum(parts.map((units) => dec(units))).toFixed()), "EUR");
      assert.ok(sum(fees.map((fee) => fee.precise_amount_cents)).eq(whole.precise_amount_cents));
      for (const fee of fees) assert.ok(fee.precise_amount_cents.minus(String(fee.amount_cents)).abs().lte("0.5"));
    }),
    { numRuns: 1_000 },
  );
});

test("what no column can hold is known before it is written", () => {
  const dear = charge("standard", { amount: "999999999999999" });
  assert.ok(isStorable(feeOf(used(dear, "1"), "EUR")));
  assert.ok(!isStorable(feeOf(used(dear, "1000"), "EUR")));
});

test("each charge asks for its metric in the bucket's window", () => {
  const charges = [
    charge("standard", { amount: "1" }),
    charge("standard", { amount: "1" }, { aggregation_type: "count_agg" }),
  ];
  const bucket = usageBucket(charges);
  const requests = charges.map((one) => {
    const { buckets } = viewedCharge(one, INVOICE_VIEW);
    return usageRequest(bucket, { charge: one, buckets: buckets.map(({ events }) => events) }, NOTHING_CARRIED);
  });
  assert.deepEqual(
    requests.map(({ code, aggregation_type, field_name }) => [code, aggregation_type, field_name]),
    [
      ["calls", "sum_agg", "value"],
      ["calls", "count_agg", null],
    ],
  );
  assert.ok(requests.every(({ from, to }) => from.equals(bucket.window.from) && to.equals(bucket.window.to)));
});

test("recurring usage asks for its history, prorated usage for its days, a weighted sum for its level", () => {
  const history_from = Temporal.Instant.from("2023-01-01T00:00:00Z");
  const request = (one: Charge, rest: Parameters<typeof usageBucket>[1] = {}) => {
    const bucket = usageBucket([one], rest);
    const { buckets } = viewedCharge(one, bucket.view);
    return usageRequest(
      bucket,
      { charge: one, buckets: buckets.map(({ events }) => events) },
      { ...NOTHING_CARRIED, history_from },
    );
  };
  const recurring = { recurring: true };
  assert.equal(request(charge("standard", { amount: "1" })).history, null);
  const prorated = charge("standard", { amount: "1" }, recurring, { prorated: true });
  assert.deepEqual(request(prorated, { billed_days: 15 }).history, { from: history_from });
  assert.deepEqual(request(prorated, { billed_days: 15 }).proration, {
    timezone: "UTC",
    period_days: 31,
    billed_days: 15,
  });
  const renewed = { ...prorated, pay_in_advance: true };
  assert.equal(request(renewed).proration, null, "7.6: a renewal is billed whole");
  assert.notEqual(request(renewed, { view: CURRENT_VIEW }).proration, null);
  const weighted = charge("standard", { amount: "1" }, { ...recurring, aggregation_type: "weighted_sum_agg" });
  const period_seconds = 31 * 86_400;
  assert.deepEqual(request(weighted).weighted, { period_seconds, history_before: null });
  const { from } = usageBucket([]).window;
  assert.deepEqual(request(weighted, { has_predecessor: true }).weighted, { period_seconds, history_before: from });
});

test("single events are read only where a price depends on them", () => {
  const free = { rate: "1", free_units_per_events: 3 };
  const bounded = { rate: "1", per_transaction_min_amount: "1" };
  const usage = groupUsage(5, 5);
  const plan = (properties: Charge["properties"], aggregation_type: BillableMetric["aggregation_type"]) =>
    planSeries(charge("percentage", properties, { aggregation_type }), properties, usage, false);

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
