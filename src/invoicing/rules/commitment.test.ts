import assert from "node:assert/strict";
import { test } from "node:test";
import { dec } from "../../kernel/decimal.ts";
import { commitmentAmounts, committedPeriod } from "./commitment.ts";
import { at, due } from "./testing.ts";

const COMMITMENT = { id: "m", amount_cents: 100_000n, invoice_display_name: null };

const missing = (amount: bigint, billed_days: number, period_days: number, fees: readonly bigint[]) => {
  const amount_cents = fees.reduce((total, fee) => total + fee, 0n);
  const billed = { amount_cents, precise_amount_cents: dec(amount_cents) };
  return commitmentAmounts(amount, { billed_days, period_days }, billed)?.amount_cents ?? null;
};

test("G13: a full month is filled up; one that began on the 16th to a half", () => {
  assert.equal(missing(100_000n, 30, 30, [30_000n, 45_000n]), 25_000n);
  assert.equal(missing(100_000n, 15, 30, [15_000n, 10_000n]), 25_000n);
});

test("4.8 of the subscriptions spec: 2 of 29 days, then a whole month", () => {
  assert.equal(missing(1_000_000n, 2, 29, [690n, 1000n, 1000n, 1000n]), 65_276n);
  assert.equal(missing(1_000_000n, 31, 31, [10_000n, 1000n]), 989_000n);
});

test("nothing is missing where the period brought in what is committed", () => {
  assert.equal(missing(100_000n, 30, 30, [100_000n]), null);
  assert.equal(missing(100_000n, 30, 30, [60_000n, 50_000n]), null);
});

test("a plan in arrears is held to the period that it bills, one in advance to the one before", () => {
  const closed = (pay_in_advance: boolean, reason: "subscription_periodic" | "subscription_terminating") => {
    const plan = { minimum_commitment: COMMITMENT, pay_in_advance };
    const { period } = due("s", { plan, period: { reason } });
    return committedPeriod(period);
  };
  const february = { from: at("2024-02-01T00:00:00Z"), to: at("2024-03-01T00:00:00Z") };
  for (const pay_in_advance of [false, true]) {
    assert.deepEqual(closed(pay_in_advance, "subscription_periodic"), {
      window: february,
      billed_days: 29,
      period_days: 29,
    });
  }
  assert.deepEqual(closed(true, "subscription_terminating")?.window.from, at("2024-03-01T00:00:00Z"));
});

test("an invoice that closes no period of the plan, and a plan without a commitment, are held to nothing", () => {
  const plan = { minimum_commitment: COMMITMENT };
  assert.equal(committedPeriod(due("s", { plan, period: { closes_period: false } }).period), null);
  assert.equal(committedPeriod(due("s").period), null);
});
