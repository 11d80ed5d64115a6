import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { startOfDay } from "../../kernel/calendar.ts";
import { sum } from "../../kernel/decimal.ts";
import { type BillingTerms, startingWindows, terminationBilling, windowsAt } from "../../subscriptions/index.ts";
import { prorated, subscriptionFeeAmount } from "./subscription-fee.ts";

const at = (text: string) => Temporal.Instant.from(text);
const day = (text: string) => Temporal.PlainDate.from(text);

function terms(options: Partial<BillingTerms> & { started_at: Temporal.Instant }): BillingTerms {
  return {
    interval: "monthly",
    billing_time: "calendar",
    pay_in_advance: false,
    bill_charges_monthly: false,
    bill_fixed_charges_monthly: false,
    subscription_at: options.started_at,
    created_at: options.started_at,
    ending_at: null,
    terminated_at: null,
    terminated_by: options.terminated_at ? "request" : null,
    trial_ends_at: null,
    pauses: [],
    timezone: "UTC",
    ...options,
  };
}

const PLAN = { amount_cents: 3000n };
const FIRST = { isFirstLink: true };

test("4.3: the worked examples of a start in January 2024", () => {
  const started_at = at("2024-01-17T10:00:00Z");
  const calendar = terms({ started_at });
  const fee = (of: BillingTerms, windows = startingWindows(of)) =>
    subscriptionFeeAmount(PLAN, of, windows, FIRST).amount_cents;
  const advance = { ...calendar, pay_in_advance: true };
  assert.equal(fee(advance), 1452n, "calendar, in advance: 15 of 31 days");
  assert.equal(fee(calendar, windowsAt(calendar, day("2024-02-01"))), 1452n, "calendar, in arrears, first bill");
  assert.equal(fee(calendar, windowsAt(calendar, day("2024-03-01"))), 3000n, "a whole month");
  assert.equal(fee({ ...advance, billing_time: "anniversary" }), 3000n, "anniversary, in advance");
  const anniversary = terms({ started_at: at("2024-01-15T10:00:00Z"), billing_time: "anniversary" });
  assert.equal(fee(anniversary, windowsAt(anniversary, day("2024-02-15"))), 3000n, "anniversary, in arrears");
});

test("4.3: a termination pays for its day", () => {
  const ended = (terminated_at: string, started_at = "2024-01-17T10:00:00Z") => {
    const of = terms({ started_at: at(started_at), terminated_at: at(terminated_at) });
    // Billed up to the beginning of the month in which it ends.
    const billed_until = startOfDay(day(`${terminated_at.slice(0, 7)}-01`), "UTC");
    const { windows } = terminationBilling("s", of, [
      { kind: "subscription", billed_until, next_due_at: null },
      { kind: "charges", billed_until, next_due_at: null },
    ]);
    return subscriptionFeeAmount(PLAN, of, windows, FIRST).amount_cents;
  };
  assert.equal(ended("2024-02-12T15:30:00Z"), 1241n, "12 of 29 days");
  assert.equal(ended("2024-02-12T00:00:00Z"), 1241n, "a day counts as soon as it has begun");
  assert.equal(ended("2024-01-17T15:30:00Z"), 97n, "on the day of the start");
});

test("a link that starts in the middle of its anniversary period pays in full only when it is the first in its chain", () => {
  const of = terms({
    started_at: at("2024-05-20T10:00:00Z"),
    subscription_at: at("2024-01-15T10:00:00Z"),
    billing_time: "anniversary",
    pay_in_advance: true,
  });
  const windows = startingWindows(of);
  assert.equal(subscriptionFeeAmount(PLAN, of, windows, FIRST).amount_cents, 3000n);
  assert.equal(subscriptionFeeAmount(PLAN, of, windows, { isFirstLink: false }).amount_cents, 2516n, "26 of 31 days");
});

test("the precise amount keeps what rounding drops", () => {
  assert.equal(prorated(3000n, 15, 31).toFixed(4), "1451.6129");
  assert.equal(prorated(3000n, 31, 31).toFixed(), "3000");
});

test("however a period is cut into parts, they add up to the plan's amount", () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 365 }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.integer({ min: 1, max: 366 }), cuts, (amount, days, at) => {
      const edges = [0, ...at.filter((cut) => cut < days).sort((a, b) => a - b), days];
      const parts = edges.slice(1).map((edge, index) => prorated(amount, edge - (edges[index] ?? 0), days));
      const drift = sum(parts).minus(amount.toString()).abs();
      assert.ok(drift.lt("1e-30"), `off by ${drift.toFixed()}`);
    }),
    { numRuns: 2_000 },
  );
});
