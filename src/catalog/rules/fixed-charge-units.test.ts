import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, ZERO } from "../../kernel/decimal.ts";
import { fixedChargeUnits, type UnitRecord, type UnitsWindow } from "./fixed-charge-units.ts";

const midnight = (day: string) => Temporal.Instant.from(`${day}T00:00:00Z`);
const record = (units: number, day: string): UnitRecord => ({ units: dec(units), effective_at: midnight(day) });
const month = (from: string, to: string, timezone = "UTC"): UnitsWindow => ({
  from: midnight(from),
  to: midnight(to),
  timezone,
  duration_days: Number(midnight(to).since(midnight(from)).total("hours")) / 24,
});
const JANUARY = month("2024-01-01", "2024-02-01");
const FEBRUARY = month("2023-02-01", "2023-03-01");

/** The worked example's records, in the order of writing. */
const written = (year: number) => [
  record(30, `${year - 1}-01-01`),
  record(5, `${year}-02-01`),
  record(77, `${year}-01-22`),
  record(10, `${year}-01-01`),
  record(7, `${year}-01-20`),
  record(12, `${year}-03-01`),
  record(70, `${year}-02-10`),
];
const shown = (records: readonly UnitRecord[], window: UnitsWindow, isProrated = true) => {
  const { units, full_units } = fixedChargeUnits(records, window, isProrated);
  return [units.toFixed(), full_units.toFixed()];
};

test("10.3 worked example: records that were written late replace what they precede", () => {
  // 10 × 19/31 + 7 × 12/31
  assert.deepEqual(shown(written(2024).slice(0, 5), JANUARY), ["8.838709", "7"]);
  assert.deepEqual(shown(written(2024), JANUARY), ["8.838709", "7"]);
  // 7 × 9/28 + 70 × 19/28
  assert.deepEqual(shown(written(2023), FEBRUARY), ["49.75", "70"]);
  assert.deepEqual(shown(written(2023), month("2023-03-01", "2023-04-01")), ["70", "70"]);
});

test("4.6 of the subscriptions spec: 10 units from the 1st and 20 from the 16th of 30 days are 15", () => {
  const april = month("2024-04-01", "2024-05-01");
  assert.deepEqual(shown([record(10, "2024-04-01"), record(20, "2024-04-16")], april), ["15", "20"]);
});

test("not prorated: the units that were written last, 0 where nothing was", () => {
  assert.deepEqual(shown(written(2024), JANUARY, false), ["7", "7"]);
  assert.deepEqual(shown([], JANUARY, false), ["0", "0"]);
  assert.deepEqual(shown([record(5, "2024-02-01")], JANUARY, false), ["0", "0"]);
  assert.deepEqual(shown([], JANUARY), ["0", "0"]);
});

test("a partial window counts its own days over the whole period's", () => {
  const partial = { ...JANUARY, from: Temporal.Instant.from("2024-01-16T10:30:00Z") };
  const started: UnitRecord = { units: dec(31), effective_at: partial.from };
  assert.deepEqual(shown([started], partial), ["16", "31"]);
  // A subscription that ends during the 20th: that day counts.
  const ended = { ...JANUARY, to: Temporal.Instant.from("2024-01-20T10:00:00.000001Z") };
  assert.deepEqual(shown([record(31, "2024-01-01")], ended), ["20", "31"]);
});

test("days are those of the time zone", () => {
  const window = {
    from: Temporal.Instant.from("2023-12-31T15:00:00Z"),
    to: Temporal.Instant.from("2024-01-31T15:00:00Z"),
    timezone: "Asia/Tokyo",
    duration_days: 31,
  };
  // 20:00 UTC on the 10th is the 11th in Tokyo: 10 days before, 21 from then on.
  const late: UnitRecord = { units: dec(62), effective_at: Temporal.Instant.from("2024-01-10T20:00:00Z") };
  assert.deepEqual(shown([{ units: dec(31), effective_at: window.from }, late], window), ["52", "62"]);
});

test("prorated units lie between the least and the most that were ever written", () => {
  const records = fc.array(fc.record({ units: fc.nat(1000), day: fc.integer({ min: -40, max: 70 }) }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(records, (given) => {
      const list = given.map(({ units, day }) => ({
        units: dec(units),
        effective_at: JANUARY.from.add({ hours: 24 * day }),
      }));
      const { units } = fixedChargeUnits(list, JANUARY, true);
      const most = Math.max(...given.map((one) => one.units));
      assert.ok(units.gte(ZERO) && units.lte(dec(most).plus("0.0001")), units.toFixed());
    }),
  );
});
