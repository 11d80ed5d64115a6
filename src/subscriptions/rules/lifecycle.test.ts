import assert from "node:assert/strict";
import { test } from "node:test";
import type { BillingTerms, Schedule } from "../model.ts";
import {
  beginsWithFee,
  endingProblems,
  endLeavesPaidDays,
  leavesPaidDays,
  startOf,
  yearlyAmount,
} from "./lifecycle.ts";
import { dueBillingDays, firstSchedules, movesAfter } from "./schedules.ts";
import { at, terms } from "./testing.ts";

const now = at("2024-01-17 03:00");

test("whether a start is past, today or future is told by the customer's days", () => {
  for (const [subscription_at, timezone, when] of [
    [null, "UTC", "today"],
    ["2024-01-17 00:00", "UTC", "today"],
    ["2024-01-17 23:59", "UTC", "today"],
    ["2024-01-16 23:59", "UTC", "past"],
    ["2024-01-18 00:00", "UTC", "future"],
    ["2024-01-16 23:59", "America/New_York", "today"],
    ["2024-01-17 05:00", "America/New_York", "future"],
    ["2024-01-17 15:00", "Asia/Tokyo", "future"],
  ] as const) {
    const anchor = subscription_at === null ? null : at(subscription_at);
    const start = startOf({ subscription_at: anchor, now, timezone, lastBilledEnd: null });
    assert.equal(start.when, when, `${subscription_at} ${timezone}`);
    assert.ok(start.started_at.equals(anchor ?? now));
  }
});

test("a start does not reach behind the last billed end, and keeps its anchor", () => {
  const anchor = at("2023-05-05");
  const end = at("2024-01-10 08:00");
  const start = startOf({ subscription_at: anchor, now, timezone: "UTC", lastBilledEnd: end });
  assert.ok(start.started_at.equals(end) && start.subscription_at.equals(anchor));
  const later = startOf({ subscription_at: null, now, timezone: "UTC", lastBilledEnd: end });
  assert.ok(later.started_at.equals(now));
});

test("an end lies after today and after the start", () => {
  const codes = (ending: string, start: string | null) =>
    endingProblems(at(ending), { subscription_at: start === null ? null : at(start), now, timezone: "UTC" }).map(
      ({ code }) => code,
    );
  assert.deepEqual(codes("2024-01-17 23:00", null), ["invalid_date"]);
  assert.deepEqual(codes("2024-01-18 00:00", null), []);
  assert.deepEqual(codes("2024-03-01 00:00", "2024-03-01 00:00"), ["invalid_date"]);
  assert.deepEqual(endingProblems(null, { subscription_at: null, now, timezone: "UTC" }), []);
});

test("a plan in advance begins with a fee, unless in its trial", () => {
  const today = terms({ started_at: at("2024-01-17 10:00"), pay_in_advance: true });
  assert.equal(beginsWithFee(today), true);
  assert.equal(beginsWithFee({ ...today, pay_in_advance: false }), false);
  assert.equal(beginsWithFee({ ...today, trial_ends_at: at("2024-01-27 10:00") }), false);
  assert.equal(beginsWithFee({ ...today, trial_ends_at: at("2024-01-17 22:00") }), true, "it ends on the day itself");
});

/** Its schedules once a run at `run` has billed what was due. */
function afterRun(life: BillingTerms, run: string | null): Schedule[] {
  const first: Schedule[] = firstSchedules(life);
  if (run === null) return first;
  const moves = movesAfter("s", life, first, dueBillingDays(life, first, at(run)));
  return first.map((schedule) => {
    const move = moves.find(({ kind }) => kind === schedule.kind);
    return move ? { ...schedule, billed_until: move.to, next_due_at: move.next_due_at } : schedule;
  });
}

test("days left are owed where they were paid", () => {
  const today = terms({ started_at: at("2024-01-17 10:00"), pay_in_advance: true });
  const created_at = today.created_at;
  const backdated = { ...today, subscription_at: at("2023-06-05"), started_at: at("2023-06-05"), created_at };
  const trial = { ...today, trial_ends_at: at("2024-02-06 10:00") };
  const rows: readonly (readonly [string, BillingTerms, string | null, string, bigint, boolean, boolean?])[] = [
    ["in the first period", today, null, "2024-01-20 10:00", 3000n, true],
    ["on its last day", today, null, "2024-01-31 10:00", 3000n, false],
    ["an upgrade on its last day, which the new plan pays", today, null, "2024-01-31 10:00", 3000n, true, true],
    ["for nothing", today, null, "2024-01-20 10:00", 0n, false],
    ["in arrears", { ...today, pay_in_advance: false }, null, "2024-01-20 10:00", 3000n, false],
    ["backdated: its first period was never paid", backdated, null, "2024-01-20 10:00", 3000n, false],
    ["backdated, after a run", backdated, "2024-02-01", "2024-02-10 10:00", 3000n, true],
    ["after a run", today, "2024-02-01", "2024-02-10 10:00", 3000n, true],
    ["after a missed run, which its end makes good", today, null, "2024-02-10 10:00", 3000n, true],
    ["on a billing day before its run: the new period is not begun", today, null, "2024-02-01 00:05", 3000n, false],
    ["in a trial", trial, null, "2024-01-20 10:00", 3000n, false],
    ["in a trial, after a run", trial, "2024-02-01", "2024-02-03 10:00", 3000n, false],
    ["after a trial", trial, "2024-02-01", "2024-02-10 10:00", 3000n, true],
  ];
  for (const [label, life, run, end, amount_cents, isOwed, isUpgrade = false] of rows) {
    const paid = { terms: life, bills_start: life !== backdated, amount_cents, schedules: afterRun(life, run) };
    assert.equal(leavesPaidDays(paid, at(end), { isUpgrade }), isOwed, label);
  }
});

test("a planned end is paid for exactly where it falls between periods", () => {
  const life = terms({ started_at: at("2024-01-17 10:00"), pay_in_advance: true });
  const rows = [
    ["2024-01-20 10:00", true],
    ["2024-01-31 10:00", false],
    ["2024-02-01 10:00", false],
    ["2024-02-02 10:00", true],
    ["2024-02-29 10:00", false],
  ] as const;
  for (const [end, isOwed] of rows) assert.equal(endLeavesPaidDays(life, { amount_cents: 1n }, at(end)), isOwed, end);
});

test("plans are compared by the year", () => {
  const yearly = (interval: "weekly" | "monthly" | "quarterly" | "semiannual" | "yearly") =>
    yearlyAmount({ interval, amount_cents: 100n });
  assert.deepEqual(
    [yearly("weekly"), yearly("monthly"), yearly("quarterly"), yearly("semiannual"), yearly("yearly")],
    [5200n, 1200n, 400n, 200n, 100n],
  );
});
