import assert from "node:assert/strict";
import { test } from "node:test";
import { firstSchedules } from "./schedules.ts";
import { assertWindow, at, terms, written } from "./testing.ts";
import { dueTrialEnd, isInTrial, trialEndOf } from "./trial.ts";

const start = at("2024-03-05 12:12");

test("2.13 of the subscriptions spec: a trial ends so many days after the chain began, to the instant, and is none's second", () => {
  for (const [days, initial, started, end] of [
    [10, start, start, "2024-03-15T12:12:00Z"],
    [45, start, start, "2024-04-19T12:12:00Z"],
    // Parts of days count.
    [0.5, start, start, "2024-03-06T00:12:00Z"],
    [1.25, start, start, "2024-03-06T18:12:00Z"],
    // A change of plan: the days are those since the first start.
    [13, start, at("2024-03-10 10:00"), "2024-03-18T12:12:00Z"],
    [13, start, at("2024-03-18 12:11"), "2024-03-18T12:12:00Z"],
    [13, start, at("2024-03-18 12:12"), null],
    [13, start, at("2024-05-01"), null],
    [0, start, start, null],
    [null, start, start, null],
  ] as const)
    assert.equal(trialEndOf(days, initial, started)?.toString() ?? null, end, `${days} days, ${started}`);
});

test("a trial's last instant is the one before its end", () => {
  const trial_ends_at = at("2024-03-15 12:12");
  assert.ok(isInTrial({ trial_ends_at }, at("2024-03-15 12:11")));
  assert.ok(!isInTrial({ trial_ends_at }, trial_ends_at));
  assert.ok(!isInTrial({ trial_ends_at: null }, start));
});

test("a trial's end is due at its instant; a plan in advance pays the period around it, unless its run does", () => {
  const life = terms({ started_at: start, pay_in_advance: true, trial_ends_at: at("2024-03-15 12:12") });
  const due = (of: typeof life, now: string) => dueTrialEnd("s", of, firstSchedules(of), at(now));
  assert.equal(due(life, "2024-03-15 12:11"), null);
  const end = due(life, "2024-03-15 13:02");
  assert.equal(end?.day.toString(), "2024-03-15");
  assert.equal(end?.bills_subscription_fee, true);
  assertWindow(end?.windows.subscription ?? null, written("2024-03-05 → 2024-03-31"), "March");
  assert.equal(end?.windows.duration_days, 31);
  assert.equal(end?.move.next_due_at, null);
  assert.equal(
    due({ ...life, pay_in_advance: false }, "2024-03-15 13:02")?.bills_subscription_fee,
    false,
    "in arrears",
  );
  const onBillingDay = { ...life, trial_ends_at: at("2024-04-01 06:00") };
  assert.equal(due(onBillingDay, "2024-04-01 07:00")?.bills_subscription_fee, false, "the day's run bills it");
  const ending = { ...life, ending_at: at("2024-03-15 18:00") };
  assert.equal(due(ending, "2024-03-15 13:02")?.bills_subscription_fee, false, "it ends on that day");
  assert.equal(due({ ...life, trial_ends_at: null }, "2025-01-01"), null);
});
