import assert from "node:assert/strict";
import { test } from "node:test";
import { cutsOf, type Granularity, periodOf, periodsBetween } from "./analytics-periods.ts";

const day = Temporal.PlainDate.from;
const instant = Temporal.Instant.from;

test("a day, its week from Monday, its month and its year", () => {
  const shown = (granularity: Granularity, of = "2024-02-29") => {
    const { first, last } = periodOf(day(of), granularity);
    return `${first} ${last}`;
  };
  assert.equal(shown("daily"), "2024-02-29 2024-02-29");
  assert.equal(shown("weekly"), "2024-02-26 2024-03-03");
  assert.equal(shown("weekly", "2024-03-03"), "2024-02-26 2024-03-03");
  assert.equal(shown("monthly"), "2024-02-01 2024-02-29");
  assert.equal(shown("yearly"), "2024-01-01 2024-12-31");
});

test("periods follow one another without a gap, and are no more than asked for", () => {
  const months = periodsBetween(day("2024-01-15"), day("2024-03-01"), "monthly", 10);
  assert.deepEqual(
    months.map(({ first, last }) => `${first} ${last}`),
    ["2024-01-01 2024-01-31", "2024-02-01 2024-02-29", "2024-03-01 2024-03-31"],
  );
  assert.equal(periodsBetween(day("2000-01-01"), day("2024-03-01"), "daily", 10).length, 11);
  assert.deepEqual(periodsBetween(day("2024-03-02"), day("2024-03-01"), "daily", 10), []);
});

test("a usage window is cut where its local days change the period", () => {
  const window = { from: instant("2024-05-31T19:00:00Z"), to: instant("2024-06-30T15:00:00Z") };
  const periods = periodsBetween(day("2024-05-30"), day("2024-06-02"), "daily", 10);
  assert.deepEqual(
    cutsOf(window, periods, "Asia/Tokyo").map(({ period, from, to }) => [
      period,
      from?.toString() ?? null,
      to.toString(),
    ]),
    [
      [2, null, "2024-06-01T15:00:00Z"],
      [3, "2024-06-01T15:00:00Z", "2024-06-02T15:00:00Z"],
    ],
  );
});
