import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  dateOf,
  dayInMonth,
  dayNumberOf,
  daysBetween,
  daysTouched,
  floorToMillisecond,
  isTimezone,
  justAfter,
  localDate,
  localDayNumber,
  monthIndexOf,
  startOfDay,
  timezoneNamed,
  weekdayOf,
} from "./calendar.ts";

const at = (text: string) => Temporal.Instant.from(text);
const day = (text: string) => Temporal.PlainDate.from(text);

/** A window as the spec writes it: an end of …:59 is the whole second, any other end the very instant. */
const endOf = (text: string) => (text.endsWith(":59Z") ? at(text).add({ seconds: 1 }) : justAfter(at(text)));

test("0.6 of the metering spec: days are counted as its table counts them", () => {
  for (const [from, to, zone, expected] of [
    ["2024-02-01T00:00:00Z", "2024-02-12T15:30:00Z", "UTC", 12],
    ["2024-02-01T00:00:00Z", "2024-02-12T00:00:00Z", "UTC", 12],
    ["2024-02-12T15:30:00Z", "2024-02-29T23:59:59Z", "UTC", 18],
    ["2024-03-01T05:00:00Z", "2024-04-01T03:59:59Z", "America/New_York", 31],
    ["2024-11-01T04:00:00Z", "2024-12-01T04:59:59Z", "America/New_York", 30],
    ["2023-05-01T00:00:00Z", "2023-05-31T23:59:59Z", "UTC", 31],
  ] as const) {
    assert.equal(daysTouched(at(from), endOf(to), zone), expected, `${from} → ${to} ${zone}`);
  }
  assert.equal(daysTouched(at("2024-02-01T00:00:00Z"), at("2024-02-01T00:00:00Z"), "UTC"), 0);
});

test("a day whose midnight does not exist begins at its first instant", () => {
  assert.equal(startOfDay(day("2024-04-26"), "Africa/Cairo").toString(), "2024-04-25T22:00:00Z");
  assert.equal(startOfDay(day("2024-04-27"), "Africa/Cairo").toString(), "2024-04-26T21:00:00Z");
});

const anyDay = fc.integer({ min: -200_000, max: 200_000 });
const zone = fc.constantFrom(
  "UTC",
  "America/New_York",
  "Africa/Cairo",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Australia/Lord_Howe",
);

test("day numbers are the calendar's days", () => {
  fc.assert(
    fc.property(anyDay, (n) => {
      const date = day("1970-01-01").add({ days: n });
      assert.equal(dateOf(n).toString(), date.toString());
      assert.equal(dayNumberOf(date), n);
      assert.equal(weekdayOf(n), date.dayOfWeek - 1);
      assert.equal(monthIndexOf(n), date.year * 12 + date.month - 1);
      assert.equal(dayInMonth(monthIndexOf(n), 31), n + date.daysInMonth - date.day);
    }),
  );
});

test("an instant lies between the start of its local day and that of the next", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), zone, (seconds, timezone) => {
      const moment = Temporal.Instant.fromEpochMilliseconds(seconds * 1000);
      const date = localDate(moment, timezone);
      assert.equal(localDayNumber(moment, timezone), dayNumberOf(date));
      assert.ok(Temporal.Instant.compare(startOfDay(date, timezone), moment) <= 0);
      assert.ok(Temporal.Instant.compare(moment, startOfDay(date.add({ days: 1 }), timezone)) < 0);
    }),
  );
});

test("a day that ends where clocks are set forward at midnight is one day", () => {
  assert.equal(daysTouched(at("2023-04-26T22:00:00Z"), at("2023-04-27T22:00:00Z"), "Africa/Cairo"), 1);
  assert.equal(daysTouched(at("2023-04-27T22:00:00Z"), at("2023-04-28T21:00:00Z"), "Africa/Cairo"), 1);
});

test("between two local midnights as many days are touched as the calendar counts", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30_000 }),
      fc.integer({ min: 0, max: 800 }),
      zone,
      (first, length, timezone) => {
        const [a, b] = [dateOf(first), dateOf(first + length)];
        // Apia had no 30 December 2011 at all: that day has no instant of its own.
        const skipped =
          timezone === "Pacific/Apia" &&
          daysBetween(a, day("2011-12-30")) >= 0 &&
          daysBetween(day("2011-12-30"), b) >= 0;
        if (!skipped) assert.equal(daysTouched(startOfDay(a, timezone), startOfDay(b, timezone), timezone), length);
      },
    ),
  );
});

test("starts are floored, also before 1970", () => {
  assert.equal(floorToMillisecond(at("2024-01-01T00:00:00.123999Z")).toString(), "2024-01-01T00:00:00.123Z");
  assert.equal(floorToMillisecond(at("1969-12-31T23:59:59.9999Z")).toString(), "1969-12-31T23:59:59.999Z");
});

test("only names are time zones", () => {
  assert.ok(isTimezone("Europe/Paris"));
  assert.ok(!isTimezone("+02:00"));
  assert.ok(!isTimezone("Mars/Olympus"));
  assert.equal(timezoneNamed("europe/paris"), "Europe/Paris");
  assert.equal(timezoneNamed("Asia/Calcutta"), "Asia/Calcutta");
  assert.equal(timezoneNamed(""), null);
});
