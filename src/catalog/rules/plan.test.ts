import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlanInput, readChangedPlan, readNewPlan } from "./plan.ts";

const base: PlanInput = {
  name: "P",
  code: "p",
  interval: "monthly",
  amount_cents: 100n,
  amount_currency: "EUR",
  pay_in_advance: false,
};

test("what a new plan must say (10.1)", () => {
  for (const [input, expected] of [
    [base, []],
    [
      {},
      [
        "name: value_is_mandatory",
        "code: value_is_mandatory",
        "interval: value_is_invalid",
        "amount_cents: value_is_mandatory",
        "amount_currency: value_is_invalid",
        "pay_in_advance: value_is_invalid",
      ],
    ],
    [{ ...base, interval: "daily" }, ["interval: value_is_invalid"]],
    [{ ...base, amount_cents: -1n }, ["amount_cents: value_is_out_of_range"]],
    [{ ...base, amount_currency: "eur" }, ["amount_currency: value_is_invalid"]],
    [{ ...base, trial_period: 0.5 }, []],
    [{ ...base, trial_period: "30" }, []],
    [{ ...base, trial_period: -1 }, ["trial_period: value_is_out_of_range"]],
    [{ ...base, trial_period: 1e9 }, ["trial_period: value_is_out_of_range"]],
    [{ ...base, trial_period: 1e-300 }, ["trial_period: value_is_invalid"]],
    [{ ...base, name: "x".repeat(256) }, ["name: value_is_too_long"]],
  ] as const) {
    const found = readNewPlan(input).problems.map(({ field, code }) => `${field}: ${code}`);
    assert.deepEqual(found, expected, JSON.stringify(expected));
  }
});

test("usage is billed monthly only in intervals longer than a quarter, and the resulting interval counts", () => {
  const monthly = readNewPlan({ ...base, bill_charges_monthly: true }).terms;
  assert.equal(monthly.bill_charges_monthly, null);
  const yearly = readNewPlan({ ...base, interval: "yearly", bill_charges_monthly: true }).terms;
  assert.deepEqual([yearly.bill_charges_monthly, yearly.bill_fixed_charges_monthly], [true, false]);
  assert.equal(readChangedPlan({ name: "Q" }, yearly, false).terms.bill_charges_monthly, true);
  assert.equal(
    readChangedPlan({ bill_fixed_charges_monthly: true }, yearly, false).terms.bill_fixed_charges_monthly,
    true,
  );
  assert.equal(readChangedPlan({ interval: "monthly" }, yearly, false).terms.bill_charges_monthly, null);
});

test("an attached plan changes only its names and amount; the rest is ignored, even what is wrong (10.2)", () => {
  const { terms: before } = readNewPlan(base);
  const sent: PlanInput = {
    ...{ name: "Q", invoice_display_name: "I", description: "D", amount_cents: 7n },
    ...{ code: "", interval: "x", amount_currency: "x", pay_in_advance: null, trial_period: -1 },
  };
  const { terms, problems } = readChangedPlan(sent, before, true);
  assert.deepEqual(problems, []);
  assert.deepEqual(terms, { ...before, name: "Q", invoice_display_name: "I", description: "D", amount_cents: 7n });
  assert.deepEqual(readChangedPlan({ amount_cents: null }, before, true).problems, [
    { field: "amount_cents", code: "value_is_mandatory" },
  ]);
});
