import assert from "node:assert/strict";
import { test } from "node:test";
import { dateOf, dayNumberOf } from "../../kernel/calendar.ts";
import { toInclusiveEnd } from "../../kernel/wire.ts";
import type { BillingTerms } from "../model.ts";
import { assertWindow, at, day, terms, written, writtenFrom } from "./testing.ts";
import {
  currentPeriod,
  currentUsageWindow,
  isBillingDay,
  isSubscriptionFeeDue,
  nextBillingDay,
  windowsAt,
} from "./windows.ts";

const start = at("2024-02-10 10:00");
const MONTHLY_CHARGES = { bill_charges_monthly: true };
const MONTHLY_FIXED = { bill_fixed_charges_monthly: true };

const yearly = terms({ interval: "yearly", started_at: start });
const anniversary = { ...yearly, billing_time: "anniversary" } as const;
const LONG_PERIODS: readonly (readonly [BillingTerms, string, string | null, string, string, boolean])[] = [
  [
    { ...yearly, ...MONTHLY_CHARGES },
    "2024-03-01",
    "2024-02-10 → 2024-02-10 10:00",
    "2024-02-10 → 2024-02-29",
    "none",
    false,
  ],
  [
    { ...yearly, ...MONTHLY_CHARGES },
    "2024-04-01",
    "2024-02-10 → 2024-02-10 10:00",
    "2024-03-01 → 2024-03-31",
    "none",
    false,
  ],
  [
    { ...yearly, ...MONTHLY_CHARGES },
    "2025-01-01",
    "2024-02-10 → 2024-12-31",
    "2024-12-01 → 2024-12-31",
    "2024-02-10 → 2024-12-31",
    true,
  ],
  [
    { ...yearly, ...MONTHLY_CHARGES },
    "2025-02-01",
    "2024-02-10 → 2024-12-31",
    "2025-01-01 → 2025-01-31",
    "none",
    false,
  ],
  [
    { ...yearly, ...MONTHLY_CHARGES, pay_in_advance: true },
    "2024-03-01",
    "2024-02-10 → 2024-12-31",
    "2024-02-10 → 2024-02-29",
    "none",
    false,
  ],
  [
    { ...yearly, ...MONTHLY_CHARGES, pay_in_advance: true },
    "2025-01-01",
    "2025-01-01 → 2025-12-31",
    "2024-12-01 → 2024-12-31",
    "2024-02-10 → 2024-12-31",
    true,
  ],
  [
    { ...yearly, ...MONTHLY_FIXED },
    "2024-03-01",
    "2024-02-10 → 2024-02-10 10:00",
    "none",
    "2024-02-10 → 2024-02-29",
    false,
  ],
  [
    { ...yearly, ...MONTHLY_FIXED },
    "2025-01-01",
    "2024-02-10 → 2024-12-31",
    "2024-02-10 → 2024-12-31",
    "2024-12-01 → 2024-12-31",
    true,
  ],
  [
    { ...yearly, ...MONTHLY_CHARGES, ...MONTHLY_FIXED },
    "2024-03-01",
    null,
    "2024-02-10 → 2024-02-29",
    "2024-02-10 → 2024-02-29",
    false,
  ],
  [
    { ...anniversary, ...MONTHLY_CHARGES },
    "2024-03-10",
    "2024-02-10 → 2024-02-10 10:00",
    "2024-02-10 → 2024-03-09",
    "none",
    false,
  ],
  [
    { ...anniversary, ...MONTHLY_CHARGES },
    "2025-02-10",
    "2024-02-10 → 2025-02-09",
    "2025-01-10 → 2025-02-09",
    "2024-02-10 → 2025-02-09",
    true,
  ],
  [
    { ...anniversary, ...MONTHLY_CHARGES },
    "2025-03-10",
    "2024-02-10 → 2025-02-09",
    "2025-02-10 → 2025-03-09",
    "none",
    false,
  ],
  [
    { ...yearly, interval: "semiannual", ...MONTHLY_CHARGES, pay_in_advance: true },
    "2024-07-01",
    "2024-07-01 → 2024-12-31",
    "2024-06-01 → 2024-06-30",
    "2024-02-10 → 2024-06-30",
    true,
  ],
  [
    { ...yearly, interval: "semiannual", ...MONTHLY_CHARGES, pay_in_advance: true },
    "2024-08-01",
    "2024-07-01 → 2024-12-31",
    "2024-07-01 → 2024-07-31",
    "none",
    false,
  ],
];

test("3.6: long periods whose usage or fixed charges are billed monthly", () => {
  for (const [life, on, fee, usage, fixed, isFeeDue] of LONG_PERIODS) {
    const label = `${life.interval} ${life.billing_time} ${life.pay_in_advance ? "advance" : "arrears"} on ${on}`;
    const windows = windowsAt(life, day(on));
    assert.ok(isBillingDay(life, day(on)), label);
    if (fee !== null) assertWindow(windows.subscription, written(fee), label);
    assertWindow(windows.charges, usage === "none" ? usage : writtenFrom(usage, start), `${label}: usage`);
    assertWindow(
      windows.fixed_charges,
      fixed === "none" ? fixed : writtenFrom(fixed, start),
      `${label}: fixed charges`,
    );
    assert.equal(isSubscriptionFeeDue(life, day(on)), isFeeDue, `${label}: fee`);
  }
});

test("months of a long plan are counted by their own length", () => {
  const windows = windowsAt(terms({ interval: "yearly", ...MONTHLY_CHARGES, started_at: start }), day("2024-03-01"));
  assert.equal(windows.charges_duration_days, 29);
  assert.equal(windows.fixed_charges_duration_days, 0);
});

test("monthly flags mean nothing to short plans", () => {
  const life = terms({ interval: "quarterly", ...MONTHLY_CHARGES, ...MONTHLY_FIXED, started_at: start });
  assert.equal(isBillingDay(life, day("2024-03-01")), false);
  assert.equal(nextBillingDay(life, day("2024-02-10")).toString(), "2024-04-01");
});

const longAgo = at("2023-01-01 12:00");
const LOCAL_PERIODS: readonly (readonly [string, BillingTerms, string, string])[] = [
  [
    "New York in spring",
    terms({ timezone: "America/New_York", started_at: longAgo }),
    "2024-04-01",
    "2024-03-01T05:00:00Z → 2024-04-01T03:59:59Z",
  ],
  [
    "New York in advance",
    terms({ timezone: "America/New_York", started_at: longAgo, pay_in_advance: true }),
    "2024-04-01",
    "2024-04-01T04:00:00Z → 2024-05-01T03:59:59Z",
  ],
  [
    "New York in autumn",
    terms({ timezone: "America/New_York", started_at: longAgo }),
    "2024-12-01",
    "2024-11-01T04:00:00Z → 2024-12-01T04:59:59Z",
  ],
  [
    "Tokyo",
    terms({ timezone: "Asia/Tokyo", started_at: longAgo }),
    "2024-04-01",
    "2024-02-29T15:00:00Z → 2024-03-31T14:59:59Z",
  ],
  [
    "Paris",
    terms({ timezone: "Europe/Paris", started_at: longAgo }),
    "2024-04-01",
    "2024-02-29T23:00:00Z → 2024-03-31T21:59:59Z",
  ],
  [
    "Kolkata",
    terms({ timezone: "Asia/Kolkata", started_at: longAgo }),
    "2024-04-01",
    "2024-02-29T18:30:00Z → 2024-03-31T18:29:59Z",
  ],
  [
    "Tokyo's anniversary is the local day of the start",
    terms({ timezone: "Asia/Tokyo", billing_time: "anniversary", started_at: at("2024-01-15T15:30:00Z") }),
    "2024-02-16",
    "2024-01-15T15:00:00Z → 2024-02-15T14:59:59Z",
  ],
  [
    "Cairo, where 26 April has no midnight",
    terms({
      timezone: "Africa/Cairo",
      interval: "weekly",
      billing_time: "anniversary",
      started_at: at("2024-01-05 12:00"),
    }),
    "2024-05-03",
    "2024-04-25T22:00:00Z → 2024-05-02T20:59:59Z",
  ],
];

test("3.10: periods begin at local midnight", () => {
  for (const [label, life, on, fee] of LOCAL_PERIODS) {
    assert.ok(isBillingDay(life, day(on)), label);
    assertWindow(windowsAt(life, day(on)).subscription, fee, label);
  }
  const tokyo = terms({ timezone: "Asia/Tokyo", billing_time: "anniversary", started_at: at("2024-01-15T15:30:00Z") });
  assertWindow(
    windowsAt(tokyo, day("2024-02-16")).charges,
    "2024-01-15T15:30:00Z → 2024-02-15T14:59:59Z",
    "usage from the instant",
  );
});

test("3.11: current usage is that of the running period", () => {
  const monthly = terms({ started_at: at("2024-01-17 10:00") });
  const from31 = terms({ billing_time: "anniversary", started_at: at("2024-01-31 10:00") });
  const leap = terms({ billing_time: "anniversary", interval: "yearly", started_at: at("2024-02-29 10:00") });
  const monthlyUsage = terms({
    billing_time: "anniversary",
    interval: "yearly",
    ...MONTHLY_CHARGES,
    started_at: start,
  });
  for (const [life, now, window, days] of [
    [monthly, "2024-01-17 12:00", "2024-01-17 10:00 → 2024-01-31", 31],
    [monthly, "2024-02-20", "2024-02-01 → 2024-02-29", 29],
    [{ ...monthly, pay_in_advance: true }, "2024-02-20", "2024-02-01 → 2024-02-29", 29],
    [from31, "2024-02-20", "2024-01-31 10:00 → 2024-02-28", 29],
    [from31, "2024-02-29", "2024-02-29 → 2024-03-30", 31],
    [leap, "2025-02-27", "2024-02-29 10:00 → 2025-02-27", 365],
    [leap, "2025-02-28", "2025-02-28 → 2026-02-27", 365],
    [monthlyUsage, "2024-05-28", "2024-05-10 → 2024-06-09", 31],
  ] as const) {
    const usage = currentUsageWindow(life, at(now));
    assertWindow(usage, written(window), `${life.interval} at ${now}`);
    assert.equal(usage.duration_days, days, `${life.interval} at ${now}`);
  }
  const period = currentPeriod(monthlyUsage, at("2024-05-28"));
  assert.deepEqual([period.from.toString(), period.to.toString()], ["2024-02-10", "2025-02-10"]);
});

test("before the start the first window is current, after the end the last", () => {
  const later = terms({ started_at: at("2024-01-17 18:00") });
  assertWindow(
    currentUsageWindow(later, at("2024-01-17 12:00")),
    written("2024-01-17 18:00 → 2024-01-31"),
    "later today",
  );
  const ended = terms({ started_at: at("2024-01-17 10:00"), terminated_at: at("2024-03-05 09:00") });
  assertWindow(currentUsageWindow(ended, at("2024-08-01")), written("2024-03-01 → 2024-03-05 09:00"), "ended");
  const never = terms({ started_at: at("2024-01-17 18:00"), terminated_at: at("2024-01-17 12:00") });
  const { from, to } = currentUsageWindow(never, at("2024-01-17 12:00"));
  assert.ok(from.equals(to), "terminated before it began");
});

test("3.11: the end of the current period, seen from 5 March 2024", () => {
  const started_at = at("2024-01-17 10:00");
  for (const [interval, billing_time, end] of [
    ["weekly", "calendar", "2024-03-10"],
    ["weekly", "anniversary", "2024-03-05"],
    ["monthly", "calendar", "2024-03-31"],
    ["monthly", "anniversary", "2024-03-16"],
    ["quarterly", "calendar", "2024-03-31"],
    ["quarterly", "anniversary", "2024-04-16"],
    ["semiannual", "anniversary", "2024-07-16"],
    ["yearly", "calendar", "2024-12-31"],
    ["yearly", "anniversary", "2025-01-16"],
  ] as const) {
    const life = terms({ interval, billing_time, started_at });
    assert.equal(
      currentPeriod(life, at("2024-03-05")).to.subtract({ days: 1 }).toString(),
      end,
      `${interval} ${billing_time}`,
    );
    assert.equal(toInclusiveEnd(currentUsageWindow(life, at("2024-03-05")).to), `${end}T23:59:59Z`);
  }
});

test("3.1: the billing days of each kind of plan", () => {
  const life = (given: Partial<BillingTerms>) => terms({ started_at: at("2023-03-31 10:00"), ...given });
  const leap = at("2024-02-29 10:00");
  const rows: readonly (readonly [string, BillingTerms, readonly string[]])[] = [
    ["weekly calendar", life({ interval: "weekly" }), ["2023-04-03", "2023-04-10"]],
    ["weekly anniversary", life({ interval: "weekly", billing_time: "anniversary" }), ["2023-04-07", "2023-04-14"]],
    ["monthly calendar", life({}), ["2023-04-01", "2023-05-01"]],
    ["monthly anniversary", life({ billing_time: "anniversary" }), ["2023-04-30", "2023-05-31", "2023-06-30"]],
    ["quarterly calendar", life({ interval: "quarterly" }), ["2023-04-01", "2023-07-01", "2023-10-01", "2024-01-01"]],
    [
      "quarterly anniversary",
      life({ interval: "quarterly", billing_time: "anniversary" }),
      ["2023-06-30", "2023-09-30", "2023-12-31"],
    ],
    ["semiannual calendar", life({ interval: "semiannual" }), ["2023-07-01", "2024-01-01"]],
    [
      "semiannual calendar, monthly usage",
      life({ interval: "semiannual", ...MONTHLY_CHARGES }),
      ["2023-04-01", "2023-05-01"],
    ],
    [
      "semiannual anniversary, monthly fixed",
      life({ interval: "semiannual", billing_time: "anniversary", ...MONTHLY_FIXED }),
      ["2023-04-30", "2023-05-31"],
    ],
    [
      "semiannual anniversary",
      life({ interval: "semiannual", billing_time: "anniversary" }),
      ["2023-09-30", "2024-03-31", "2024-09-30"],
    ],
    [
      "yearly anniversary, monthly usage",
      life({ interval: "yearly", billing_time: "anniversary", ...MONTHLY_CHARGES }),
      ["2023-04-30", "2023-05-31"],
    ],
    ["yearly calendar", life({ interval: "yearly" }), ["2024-01-01", "2025-01-01"]],
    ["yearly calendar, monthly fixed", life({ interval: "yearly", ...MONTHLY_FIXED }), ["2023-04-01", "2023-05-01"]],
    [
      "yearly anniversary of 29 February",
      terms({ interval: "yearly", billing_time: "anniversary", started_at: leap }),
      ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
    ],
  ];
  for (const [label, plan, days] of rows) {
    let on = dateOf(dayNumberOf(Temporal.PlainDate.from(plan.started_at.toString().slice(0, 10))));
    for (const expected of days) {
      on = nextBillingDay(plan, on);
      assert.equal(on.toString(), expected, label);
      assert.ok(isBillingDay(plan, on) && !isBillingDay(plan, on.add({ days: 1 })), label);
    }
  }
});
