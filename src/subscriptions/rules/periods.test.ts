import assert from "node:assert/strict";
import { test } from "node:test";
import { dec } from "../../kernel/decimal.ts";
import type { BillingTime } from "../model.ts";
import { assertWindow, at, day, terms, written, writtenFrom } from "./testing.ts";
import { isBillingDay, isSubscriptionFeeDue, startingWindows, windowsAt } from "./windows.ts";

type Pay = "arrears" | "advance";
/** [billing time, start, pay, billing day (or "start"), fee window, usage window or "same" or "skipped", its period's days, days of the fee's period]. */
type Row = readonly [BillingTime, string, Pay, string, string, string, number | null, number];

function check(interval: "weekly" | "monthly" | "quarterly" | "semiannual" | "yearly", rows: readonly Row[]): void {
  for (const [billing_time, start, pay, on, fee, usage, usageDays, feeDays] of rows) {
    const label = `${interval} ${billing_time} ${start} ${pay} on ${on}`;
    const started_at = at(start.includes(" ") ? start : `${start} 10:00`);
    const life = terms({ interval, billing_time, pay_in_advance: pay === "advance", started_at });
    if (on === "start") {
      const windows = startingWindows(life);
      assertWindow(windows.subscription, written(fee), label);
      assert.ok(windows.charges?.from.equals(windows.charges.to), `${label}: no usage yet`);
      assert.equal(windows.duration_days, feeDays, label);
      continue;
    }
    const windows = windowsAt(life, day(on));
    assert.ok(isBillingDay(life, day(on)), `${label}: a billing day`);
    assert.ok(isSubscriptionFeeDue(life, day(on)), `${label}: the fee is due`);
    assertWindow(windows.subscription, written(fee), label);
    assertWindow(windows.charges, writtenFrom(usage === "same" ? fee : usage, started_at), `${label}: usage`);
    assertWindow(
      windows.fixed_charges,
      writtenFrom(usage === "same" ? fee : usage, started_at),
      `${label}: fixed charges`,
    );
    assert.equal(windows.duration_days, feeDays, label);
    if (usageDays !== null) assert.equal(windows.charges_duration_days, usageDays, `${label}: days of usage`);
  }
}

test("3.5: weekly periods", () => {
  check("weekly", [
    ["calendar", "2024-01-17", "arrears", "2024-01-22", "2024-01-17 → 2024-01-21", "same", 7, 7],
    ["calendar", "2024-01-17", "arrears", "2024-01-29", "2024-01-22 → 2024-01-28", "same", 7, 7],
    ["calendar", "2024-01-17", "advance", "start", "2024-01-17 → 2024-01-21", "skipped", null, 7],
    ["calendar", "2024-01-17", "advance", "2024-01-22", "2024-01-22 → 2024-01-28", "2024-01-17 → 2024-01-21", 7, 7],
    ["anniversary", "2024-01-17", "arrears", "2024-01-24", "2024-01-17 → 2024-01-23", "same", 7, 7],
    ["anniversary", "2024-01-17", "advance", "2024-01-24", "2024-01-24 → 2024-01-30", "2024-01-17 → 2024-01-23", 7, 7],
  ]);
});

test("3.5: monthly calendar periods and what a day of them costs", () => {
  const rows: readonly (readonly [...Row, string])[] = [
    [
      "calendar",
      "2024-01-17",
      "arrears",
      "2024-02-01",
      "2024-01-17 → 2024-01-31",
      "2024-01-17 10:00 → 2024-01-31",
      31,
      31,
      "96.7742",
    ],
    ["calendar", "2024-01-17", "arrears", "2024-03-01", "2024-02-01 → 2024-02-29", "same", 29, 29, "103.4483"],
    ["calendar", "2024-01-17", "arrears", "2024-04-01", "2024-03-01 → 2024-03-31", "same", 31, 31, "96.7742"],
    ["calendar", "2024-01-17", "advance", "start", "2024-01-17 → 2024-01-31", "skipped", null, 31, "96.7742"],
    [
      "calendar",
      "2024-01-17",
      "advance",
      "2024-02-01",
      "2024-02-01 → 2024-02-29",
      "2024-01-17 10:00 → 2024-01-31",
      31,
      29,
      "103.4483",
    ],
    [
      "calendar",
      "2024-01-17",
      "advance",
      "2024-03-01",
      "2024-03-01 → 2024-03-31",
      "2024-02-01 → 2024-02-29",
      29,
      31,
      "96.7742",
    ],
  ];
  check(
    "monthly",
    rows.map((row) => row.slice(0, 8) as unknown as Row),
  );
  for (const row of rows) assert.equal(dec(3000).div(row[7]).toFixed(4), row[8]);
});

test("3.5: monthly anniversaries keep their day, and fall on the last day of shorter months", () => {
  check("monthly", [
    ["anniversary", "2024-01-15", "arrears", "2024-02-15", "2024-01-15 → 2024-02-14", "same", 31, 31],
    ["anniversary", "2024-01-15", "arrears", "2024-03-15", "2024-02-15 → 2024-03-14", "same", 29, 29],
    [
      "anniversary",
      "2024-01-15",
      "advance",
      "2024-02-15",
      "2024-02-15 → 2024-03-14",
      "2024-01-15 → 2024-02-14",
      31,
      29,
    ],
    ["anniversary", "2024-01-31", "arrears", "2024-02-29", "2024-01-31 → 2024-02-28", "same", 29, 29],
    ["anniversary", "2024-01-31", "arrears", "2024-03-31", "2024-02-29 → 2024-03-30", "same", 31, 31],
    ["anniversary", "2024-01-31", "arrears", "2024-04-30", "2024-03-31 → 2024-04-29", "same", 30, 30],
    ["anniversary", "2024-01-31", "arrears", "2024-05-31", "2024-04-30 → 2024-05-30", "same", 31, 31],
    ["anniversary", "2024-01-31", "advance", "start", "2024-01-31 → 2024-02-28", "skipped", null, 29],
    [
      "anniversary",
      "2024-01-31",
      "advance",
      "2024-02-29",
      "2024-02-29 → 2024-03-30",
      "2024-01-31 → 2024-02-28",
      29,
      31,
    ],
    [
      "anniversary",
      "2024-01-31",
      "advance",
      "2024-05-31",
      "2024-05-31 → 2024-06-29",
      "2024-04-30 → 2024-05-30",
      31,
      30,
    ],
    ["anniversary", "2023-01-31", "arrears", "2023-02-28", "2023-01-31 → 2023-02-27", "same", 28, 28],
    ["anniversary", "2023-01-31", "arrears", "2023-03-31", "2023-02-28 → 2023-03-30", "same", 31, 31],
    ["anniversary", "2023-01-30", "arrears", "2023-02-28", "2023-01-30 → 2023-02-27", "same", 29, 29],
    ["anniversary", "2023-01-30", "arrears", "2023-03-30", "2023-02-28 → 2023-03-29", "same", 30, 30],
    ["anniversary", "2023-01-30", "arrears", "2023-04-30", "2023-03-30 → 2023-04-29", "same", 31, 31],
    ["anniversary", "2023-01-29", "arrears", "2023-02-28", "2023-01-29 → 2023-02-27", "same", 30, 30],
    ["anniversary", "2023-01-29", "arrears", "2023-03-29", "2023-02-28 → 2023-03-28", "same", 29, 29],
    ["anniversary", "2024-01-01", "arrears", "2024-03-01", "2024-02-01 → 2024-02-29", "same", 29, 29],
  ]);
});

test("3.5: quarterly periods", () => {
  check("quarterly", [
    ["calendar", "2024-02-10", "arrears", "2024-04-01", "2024-02-10 → 2024-03-31", "same", 91, 91],
    ["calendar", "2024-02-10", "arrears", "2024-07-01", "2024-04-01 → 2024-06-30", "same", 91, 91],
    ["calendar", "2024-02-10", "advance", "start", "2024-02-10 → 2024-03-31", "skipped", null, 91],
    ["calendar", "2024-02-10", "advance", "2024-04-01", "2024-04-01 → 2024-06-30", "2024-02-10 → 2024-03-31", 91, 91],
    ["calendar", "2024-02-10", "advance", "2024-07-01", "2024-07-01 → 2024-09-30", "2024-04-01 → 2024-06-30", 91, 92],
    ["anniversary", "2024-02-10", "arrears", "2024-05-10", "2024-02-10 → 2024-05-09", "same", 90, 90],
    ["anniversary", "2024-02-10", "arrears", "2025-02-10", "2024-11-10 → 2025-02-09", "same", 92, 92],
    [
      "anniversary",
      "2024-02-10",
      "advance",
      "2025-02-10",
      "2025-02-10 → 2025-05-09",
      "2024-11-10 → 2025-02-09",
      92,
      89,
    ],
    ["anniversary", "2023-11-30", "arrears", "2024-02-29", "2023-11-30 → 2024-02-28", "same", 91, 91],
    ["anniversary", "2023-11-30", "arrears", "2024-05-30", "2024-02-29 → 2024-05-29", "same", 91, 91],
    ["anniversary", "2023-08-31", "arrears", "2023-11-30", "2023-08-31 → 2023-11-29", "same", 91, 91],
    ["anniversary", "2023-08-31", "arrears", "2024-02-29", "2023-11-30 → 2024-02-28", "same", 91, 91],
    ["anniversary", "2023-08-31", "arrears", "2024-05-31", "2024-02-29 → 2024-05-30", "same", 92, 92],
    ["anniversary", "2023-12-31", "arrears", "2024-03-31", "2023-12-31 → 2024-03-30", "same", 91, 91],
    ["anniversary", "2023-12-31", "arrears", "2024-06-30", "2024-03-31 → 2024-06-29", "same", 91, 91],
    ["anniversary", "2023-12-31", "arrears", "2024-09-30", "2024-06-30 → 2024-09-29", "same", 92, 92],
  ]);
});

test("3.5: semiannual periods", () => {
  check("semiannual", [
    ["calendar", "2024-02-10", "arrears", "2024-07-01", "2024-02-10 → 2024-06-30", "same", 182, 182],
    ["calendar", "2024-02-10", "arrears", "2025-01-01", "2024-07-01 → 2024-12-31", "same", 184, 184],
    ["calendar", "2024-02-10", "advance", "2024-07-01", "2024-07-01 → 2024-12-31", "2024-02-10 → 2024-06-30", 182, 184],
    ["calendar", "2024-02-10", "advance", "2025-01-01", "2025-01-01 → 2025-06-30", "2024-07-01 → 2024-12-31", 184, 181],
    ["anniversary", "2023-08-31", "arrears", "2024-02-29", "2023-08-31 → 2024-02-28", "same", 182, 182],
    ["anniversary", "2023-08-31", "arrears", "2024-08-31", "2024-02-29 → 2024-08-30", "same", 184, 184],
    [
      "anniversary",
      "2023-08-31",
      "advance",
      "2024-08-31",
      "2024-08-31 → 2025-02-27",
      "2024-02-29 → 2024-08-30",
      184,
      181,
    ],
    ["anniversary", "2024-02-29", "arrears", "2024-08-29", "2024-02-29 → 2024-08-28", "same", 182, 182],
    ["anniversary", "2024-02-29", "arrears", "2025-02-28", "2024-08-29 → 2025-02-27", "same", 183, 183],
  ]);
});

test("3.5: yearly periods", () => {
  check("yearly", [
    ["calendar", "2024-02-10", "arrears", "2025-01-01", "2024-02-10 → 2024-12-31", "same", 366, 366],
    ["calendar", "2024-02-10", "arrears", "2026-01-01", "2025-01-01 → 2025-12-31", "same", 365, 365],
    ["calendar", "2024-02-10", "advance", "start", "2024-02-10 → 2024-12-31", "skipped", null, 366],
    ["calendar", "2024-02-10", "advance", "2025-01-01", "2025-01-01 → 2025-12-31", "2024-02-10 → 2024-12-31", 366, 365],
    ["anniversary", "2024-02-10", "arrears", "2025-02-10", "2024-02-10 → 2025-02-09", "same", 366, 366],
    [
      "anniversary",
      "2024-02-10",
      "advance",
      "2025-02-10",
      "2025-02-10 → 2026-02-09",
      "2024-02-10 → 2025-02-09",
      366,
      365,
    ],
    ["anniversary", "2024-02-29", "arrears", "2025-02-28", "2024-02-29 → 2025-02-27", "same", 365, 365],
    ["anniversary", "2024-02-29", "arrears", "2027-02-28", "2026-02-28 → 2027-02-27", "same", 365, 365],
    ["anniversary", "2024-02-29", "arrears", "2028-02-29", "2027-02-28 → 2028-02-28", "same", 366, 366],
    [
      "anniversary",
      "2024-02-29",
      "advance",
      "2028-02-29",
      "2028-02-29 → 2029-02-27",
      "2027-02-28 → 2028-02-28",
      366,
      365,
    ],
    ["anniversary", "2023-12-31", "arrears", "2024-12-31", "2023-12-31 → 2024-12-30", "same", 366, 366],
    [
      "anniversary",
      "2023-01-01",
      "advance",
      "2024-01-01",
      "2024-01-01 → 2024-12-31",
      "2023-01-01 → 2023-12-31",
      365,
      366,
    ],
  ]);
});
