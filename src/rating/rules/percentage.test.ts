import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec } from "../../kernel/decimal.ts";
import type { Series } from "../model.ts";
import { amountOf, decimalText, usageOf, valuesOf } from "../testing.ts";
import { price, seriesNeeded } from "./charge-models.ts";

const allowances = (events: number | null, amount: string | null) => ({
  rate: "1.3",
  fixed_amount: "2",
  free_units_per_events: events,
  free_units_per_total_aggregation: amount,
});

test("5.4: the worked table of free events and free amounts: 800 units in four events", () => {
  const values = valuesOf(50, 100, 250, 400);
  for (const [events, amount, freeUnits, freeEvents, expected] of [
    [3, "250", "250.0", 2, "11.15"],
    [null, "250", "250.0", 2, "11.15"],
    [3, null, "400.0", 3, "7.2"],
    [3, "500", "400.0", 3, "7.2"],
    [null, null, "0.0", 0, "18.4"],
  ] as const) {
    const { amount: total, amount_details } = price("percentage", allowances(events, amount), usageOf(800, 4, values));
    assert.equal(total.toFixed(), expected, `${events} events, ${amount} units free`);
    assert.equal(amount_details.free_units, freeUnits);
    assert.equal(amount_details.free_events, freeEvents);
  }
});

test("G11: a count's running total has an entry for each unit, a sum's ends with the free events", () => {
  const properties = { rate: "1", fixed_amount: "0.10", free_units_per_events: 2 };
  assert.equal(amountOf("percentage", properties, usageOf(5, 5, { units: 5, events: 5 })), "0.33");
  assert.equal(amountOf("percentage", properties, usageOf(60, 3, valuesOf(10, 20, 30))), "0.4");
  assert.equal(amountOf("percentage", properties, usageOf(60, 3, valuesOf(10, 20))), "0.4");
});

test("a count may have a free amount as well: it is the number of its first events", () => {
  const properties = { rate: "100", fixed_amount: "1", free_units_per_total_aggregation: "2.5" };
  // The running total 1, 2, 3, …: two entries are below 2.5, and 2.5 units are free.
  assert.equal(amountOf("percentage", properties, usageOf(5, 5, { units: 5, events: 5 })), "5.5");
  assert.equal(amountOf("percentage", properties, usageOf(2, 2, { units: 2, events: 2 })), "0.0");
});

test("5.4: an entry that just reaches the free amount is no free event, and all free events together leave the amount to decide", () => {
  // The running total 100, 250, 300: only its first entry is strictly below 250.
  assert.equal(amountOf("percentage", allowances(null, "250"), usageOf(300, 3, valuesOf(100, 150, 50))), "4.65");
  assert.equal(amountOf("percentage", allowances(null, "250"), usageOf(250, 2, valuesOf(100, 150))), "2.0");
  // As many free events as units: no entry follows them, so that of 5 units the free amount's 2.5 are free.
  const counted = { rate: "100", fixed_amount: "1", free_units_per_events: 5, free_units_per_total_aggregation: "2.5" };
  assert.equal(amountOf("percentage", counted, usageOf(5, 5, { units: 5, events: 5 })), "5.5");
  assert.equal(amountOf("percentage", counted, usageOf(6, 6, { units: 6, events: 6 })), "5.0");
});

test("5.4: event by event within a minimum and a maximum", () => {
  const values = valuesOf(10, 80, 10_000);
  const bounds = { rate: "2.99", per_transaction_min_amount: "1.75", per_transaction_max_amount: "12" };
  for (const [more, expected] of [
    [{}, "16.142"],
    [{ fixed_amount: "2" }, "18.691"],
    [{ free_units_per_events: 2 }, "12.0"],
    [{ free_units_per_total_aggregation: "30" }, "13.794"],
    [{ free_units_per_events: 3, free_units_per_total_aggregation: "10000" }, "2.691"],
    [{ free_units_per_total_aggregation: "10" }, "16.142"],
  ] as const)
    assert.equal(amountOf("percentage", { ...bounds, ...more }, usageOf(10_090, 3, values)), expected);
  assert.equal(amountOf("percentage", bounds, usageOf(0, 0, [])), "0.0");
});

test("a blank bound is none", () => {
  const properties = { rate: "1", per_transaction_min_amount: "", per_transaction_max_amount: null };
  assert.deepEqual(seriesNeeded("percentage", properties), { kind: "none" });
  assert.equal(amountOf("percentage", properties, usageOf(100, 1)), "1.0");
});

test("the details show the parts of the amount, and what minimum and maximum changed", () => {
  const properties = { ...allowances(null, "250"), per_transaction_min_amount: "5" };
  assert.deepEqual(price("percentage", properties, usageOf(800, 4, valuesOf(50, 100, 250, 400))).amount_details, {
    units: "800.0",
    free_units: "250.0",
    free_events: 2,
    paid_units: "550.0",
    rate: "1.3",
    per_unit_total_amount: "7.15",
    paid_events: 2,
    fixed_fee_unit_amount: "2.0",
    fixed_fee_total_amount: "4.0",
    min_max_adjustment_total_amount: "1.05",
  });
  assert.deepEqual(price("percentage", { rate: "0" }, usageOf(0, 0)).amount_details, {
    units: "0.0",
    free_units: "0.0",
    free_events: 0,
    paid_units: "0.0",
    rate: "0.0",
    per_unit_total_amount: "0.0",
    paid_events: 0,
    fixed_fee_unit_amount: "0.0",
    fixed_fee_total_amount: "0.0",
    min_max_adjustment_total_amount: "0.0",
  });
});

test("only as much of the series is asked for as the price depends on", () => {
  assert.deepEqual(seriesNeeded("percentage", { rate: "1", fixed_amount: "1" }), { kind: "none" });
  assert.deepEqual(seriesNeeded("percentage", allowances(3, "250")), { kind: "first", count: 3 });
  const need = seriesNeeded("percentage", allowances(null, "250"));
  assert.equal(need.kind === "until_sum_exceeds" && need.amount.toFixed(), "250");
  assert.deepEqual(seriesNeeded("percentage", { ...allowances(3, "250"), per_transaction_max_amount: "1" }), {
    kind: "all",
  });
  assert.deepEqual(seriesNeeded("standard", { amount: "1" }), { kind: "none" });
});

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const properties = fc.record({
  rate: decimalText(100, 4),
  fixed_amount: optional(decimalText(5, 2)),
  free_units_per_events: optional(fc.integer({ min: 1, max: 8 })),
  free_units_per_total_aggregation: optional(decimalText(300, 2)),
  per_transaction_min_amount: optional(decimalText(2, 2)),
  per_transaction_max_amount: optional(decimalText(9, 2).map((text) => dec(text).plus(3).toFixed())),
});

test("the parts add up to the amount, which is never negative and bounded per event", () => {
  fc.assert(
    fc.property(properties, fc.array(decimalText(200, 3), { maxLength: 12 }), (terms, values) => {
      const units = values.reduce((total, value) => total.plus(value), dec(0));
      const series = values.map((value) => dec(value));
      const { amount, amount_details } = price("percentage", terms, {
        ...usageOf(0, values.length, series),
        units,
      });
      const part = (name: string) => dec(String(amount_details[name]));
      assert.ok(
        amount.eq(
          part("per_unit_total_amount")
            .plus(part("fixed_fee_total_amount"))
            .plus(part("min_max_adjustment_total_amount")),
        ),
      );
      assert.ok(part("free_units").plus(part("paid_units")).eq(units));
      assert.equal(Number(amount_details.free_events) + Number(amount_details.paid_events), values.length);
      assert.ok(amount.gte(0));
      if (terms.per_transaction_max_amount !== null)
        assert.ok(amount.lte(dec(terms.per_transaction_max_amount).times(values.length)));
    }),
    { numRuns: 3_000 },
  );
});

test("what is read of the series is enough: more of it changes nothing", () => {
  fc.assert(
    fc.property(properties, fc.array(decimalText(200, 3), { maxLength: 12 }), (terms, values) => {
      const series = values.map((value) => dec(value));
      const units = series.reduce((total, value) => total.plus(value), dec(0));
      const need = seriesNeeded("percentage", terms);
      let read: Series = series;
      if (need.kind === "first") read = series.slice(0, need.count);
      if (need.kind === "none") read = [];
      if (need.kind === "until_sum_exceeds") {
        let total = dec(0);
        const enough = series.findIndex((value) => {
          total = total.plus(value);
          return total.gt(need.amount);
        });
        read = enough === -1 ? series : series.slice(0, enough + 1);
      }
      const cost = (known: Series) => price("percentage", terms, { ...usageOf(0, values.length, known), units });
      assert.deepEqual(cost(read).amount_details, cost(series).amount_details);
    }),
    { numRuns: 1_000 },
  );
});

test("a count is priced as if its events were laid out one by one", () => {
  fc.assert(
    fc.property(properties, fc.nat(15), (terms, count) => {
      fc.pre(terms.per_transaction_min_amount !== null || terms.per_transaction_max_amount !== null);
      const cost = (series: Series) => amountOf("percentage", terms, usageOf(count, count, series));
      assert.equal(cost({ units: count, events: count }), cost(Array.from({ length: count }, () => dec(1))));
    }),
    { numRuns: 2_000 },
  );
});
