import assert from "node:assert/strict";
import { test } from "node:test";
import type { BillableMetric, Charge, Plan } from "../model.ts";
import { notYetSubscribable } from "./not-yet.ts";

const metric: BillableMetric = {
  ...{ id: "m", code: "m", name: "M", description: null, aggregation_type: "sum_agg", field_name: "v" },
  ...{ recurring: false, weighted_interval: null, rounding_function: "ceil", rounding_precision: 2, expression: null },
};
const charge: Charge = {
  ...{ id: "c", code: "m", charge_model: "graduated_percentage", pay_in_advance: false, prorated: false },
  ...{ invoiceable: true, min_amount_cents: 0n, invoice_display_name: null, properties: {}, billable_metric: metric },
};
const plan = (charges: readonly Charge[], trial_period: number | null = null): Plan => ({
  ...{ id: "p", code: "p", name: "P", invoice_display_name: null, description: null, interval: "yearly" },
  ...{ amount_cents: 0n, amount_currency: "EUR", pay_in_advance: false, trial_period, version_no: 1, charges },
  ...{ bill_charges_monthly: true, bill_fixed_charges_monthly: true },
});

test("what is rated today can be subscribed to", () => {
  assert.deepEqual(notYetSubscribable(plan([charge], 0)), []);
  assert.deepEqual(notYetSubscribable(plan([{ ...charge, properties: { pricing_group_keys: [] } }])), []);
});

test("each thing that is not rated yet is named once by its field", () => {
  for (const [field, charges] of [
    ["aggregation_type", [{ ...charge, billable_metric: { ...metric, aggregation_type: "weighted_sum_agg" } }]],
    ["aggregation_type", [{ ...charge, billable_metric: { ...metric, aggregation_type: "custom_agg" } }]],
    ["recurring", [{ ...charge, billable_metric: { ...metric, recurring: true } }]],
    ["expression", [{ ...charge, billable_metric: { ...metric, expression: "1" } }]],
    ["charge_model", [{ ...charge, charge_model: "dynamic" }]],
    [
      "charge_model",
      [
        { ...charge, charge_model: "custom" },
        { ...charge, charge_model: "dynamic" },
      ],
    ],
    ["pay_in_advance", [{ ...charge, pay_in_advance: true }]],
    ["prorated", [{ ...charge, prorated: true }]],
    ["invoiceable", [{ ...charge, invoiceable: false }]],
    ["min_amount_cents", [{ ...charge, min_amount_cents: 1n }]],
    ["pricing_group_keys", [{ ...charge, properties: { pricing_group_keys: ["a"] } }]],
    ["presentation_group_keys", [{ ...charge, properties: { presentation_group_keys: [{ value: "a" }] } }]],
  ] as const) {
    assert.deepEqual(notYetSubscribable(plan(charges)), [{ field, code: "not_supported_yet" }]);
  }
  assert.deepEqual(notYetSubscribable(plan([], 14)), [{ field: "trial_period", code: "not_supported_yet" }]);
});
