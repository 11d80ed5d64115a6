import assert from "node:assert/strict";
import { test } from "node:test";
import type { BillingTerms } from "../model.ts";
import { assertWindow, at, day, terms, written } from "./testing.ts";
import { downgradeWindows, startingWindows, terminationWindows, windowsAt } from "./windows.ts";

const BILLED = { subscription: false, charges: false };
const UNBILLED = { subscription: true, charges: true };
const start = at("2024-02-10 10:00");
const MONTHLY_CHARGES = { bill_charges_monthly: true };

const started_at = at("2024-01-17 10:00");
const terminated_at = at("2024-02-12 15:30");
const calendar = terms({ started_at, terminated_at });
const may = at("2024-05-14 15:30");
const TERMINATIONS: readonly (readonly [string, BillingTerms, string, string])[] = [
  ["calendar", calendar, "2024-02-01 → 2024-02-12 15:30", "2024-02-01 → 2024-02-12 15:30"],
  [
    "anniversary",
    { ...calendar, billing_time: "anniversary" },
    "2024-01-17 → 2024-02-12 15:30",
    "2024-01-17 10:00 → 2024-02-12 15:30",
  ],
  [
    "in advance",
    { ...calendar, pay_in_advance: true },
    "2024-02-01 → 2024-02-12 15:30",
    "2024-02-01 → 2024-02-12 15:30",
  ],
  [
    "quarterly anniversary",
    { ...calendar, interval: "quarterly", billing_time: "anniversary", terminated_at: may },
    "2024-04-17 → 2024-05-14 15:30",
    "2024-04-17 → 2024-05-14 15:30",
  ],
  [
    "semiannual calendar",
    terms({ interval: "semiannual", started_at: start, terminated_at: may }),
    "2024-02-10 → 2024-05-14 15:30",
    "2024-02-10 10:00 → 2024-05-14 15:30",
  ],
  [
    "yearly anniversary",
    terms({
      interval: "yearly",
      billing_time: "anniversary",
      started_at: at("2023-02-10 10:00"),
      terminated_at: may,
    }),
    "2024-02-10 → 2024-05-14 15:30",
    "2024-02-10 → 2024-05-14 15:30",
  ],
  [
    "on the start day",
    { ...calendar, terminated_at: at("2024-01-17 15:30") },
    "2024-01-17 → 2024-01-17 15:30",
    "2024-01-17 10:00 → 2024-01-17 15:30",
  ],
  [
    "New York",
    { ...calendar, timezone: "America/New_York", terminated_at: at("2024-02-13 03:30") },
    "2024-02-01 05:00 → 2024-02-13 03:30",
    "2024-02-01 05:00 → 2024-02-13 03:30",
  ],
  [
    "yearly with monthly usage: from the month's start, not the month before",
    { ...calendar, interval: "yearly", ...MONTHLY_CHARGES },
    "2024-01-17 → 2024-02-12 15:30",
    "2024-02-01 → 2024-02-12 15:30",
  ],
  [
    "at midnight",
    { ...calendar, terminated_at: at("2024-02-12") },
    "2024-02-01 → 2024-02-12 00:00",
    "2024-02-01 → 2024-02-12 00:00",
  ],
];

test("3.7: what a termination bills", () => {
  for (const [label, life, fee, usage] of TERMINATIONS) {
    const windows = terminationWindows(life, UNBILLED);
    assertWindow(windows.subscription, written(fee), label);
    assertWindow(windows.charges, written(usage), `${label}: usage`);
  }
  assert.equal(terminationWindows(calendar, BILLED).duration_days, 29);
});

test("3.7: a termination on a billing day closes the period that no run has billed, and no day more", () => {
  const life = terms({ started_at: at("2024-01-17 10:00"), terminated_at: at("2024-03-01 08:00") });
  const closing = terminationWindows(life, UNBILLED);
  assertWindow(closing.subscription, written("2024-02-01 → 2024-02-29"), "the fee");
  assertWindow(closing.charges, written("2024-02-01 → 2024-03-01 08:00"), "no usage is lost");
  assert.deepEqual([closing.duration_days, closing.charges_duration_days], [29, 29]);

  const billed = terminationWindows(life, BILLED);
  assertWindow(billed.subscription, written("2024-03-01 → 2024-03-01 08:00"), "the new day only");
  assertWindow(billed.charges, written("2024-03-01 → 2024-03-01 08:00"), "the new day only");
  assert.equal(billed.duration_days, 31);
});

test("a termination within 24 hours of the start bills the new day", () => {
  const life = terms({ started_at: at("2024-02-29 10:00"), terminated_at: at("2024-03-01 08:00") });
  assertWindow(
    terminationWindows(life, UNBILLED).subscription,
    written("2024-03-01 → 2024-03-01 08:00"),
    "the new day",
  );
});

test("3.7: the links of a plan change: the new one is billed for its own days, its usage from the very instant", () => {
  const changed = at("2024-02-12 15:30");
  const arrears = terms({ subscription_at: at("2024-01-01"), started_at: changed });
  const advance = { ...arrears, pay_in_advance: true };
  assertWindow(startingWindows(advance).subscription, written("2024-02-12 → 2024-02-29"), "new, in advance");
  assert.ok(startingWindows(advance).charges?.from.equals(changed));
  assertWindow(
    startingWindows(arrears).subscription,
    written("2024-02-12 → 2024-02-12 15:30"),
    "new, in arrears, at once",
  );
  const next = windowsAt(arrears, day("2024-03-01"));
  assertWindow(next.subscription, written("2024-02-12 → 2024-02-29"), "new, in arrears");
  assertWindow(next.charges, written("2024-02-12 15:30 → 2024-02-29"), "new, usage");

  const old = terms({ started_at: at("2024-01-01"), terminated_at: changed });
  assertWindow(
    terminationWindows(old, BILLED).subscription,
    written("2024-02-01 → 2024-02-12 15:30"),
    "old, in arrears",
  );

  const downgraded = windowsAt(terms({ started_at: at("2024-01-01") }), day("2024-03-01"));
  assertWindow(downgraded.subscription, written("2024-02-01 → 2024-02-29"), "downgraded, in arrears");
  assertWindow(downgraded.charges, written("2024-02-01 → 2024-02-29"), "downgraded, usage");
  const inAdvance = terms({
    started_at: at("2024-01-01"),
    pay_in_advance: true,
    terminated_at: at("2024-03-01 00:10"),
    terminated_by: "downgrade",
  });
  const left = downgradeWindows(inAdvance, day("2024-03-01"));
  assertWindow(left.subscription, written("2024-03-01 → 2024-03-01 00:10"), "downgraded from a plan in advance");
  assertWindow(left.charges, written("2024-02-01 → 2024-02-29"), "downgraded from a plan in advance, usage");
  const downgradedTo = terms({
    subscription_at: at("2024-01-01"),
    started_at: at("2024-03-01 00:10"),
    pay_in_advance: true,
  });
  assertWindow(
    startingWindows(downgradedTo).subscription,
    written("2024-03-01 → 2024-03-31"),
    "downgraded, in advance",
  );
  const usage = startingWindows(downgradedTo).charges;
  assert.ok(usage?.from.equals(usage.to), "downgraded, in advance: no usage yet");
});
