import assert from "node:assert/strict";
import { test } from "node:test";
import type { BillableMetric, Charge, Plan } from "../model.ts";
import { notYetSubscribable } from "./not-yet.ts";

const metric: BillableMetric = {
  ...{ id: "m", code: "m", name: "M", description: null, aggregation_type: "sum_agg", field_name: "v" },
  ...{ recurring: false, weighted_interval: null, rounding_function: "ceil", rounding_precision: 2, expression: null },
  ...{ custom_aggregator: null, filters: [], created_at: Temporal.Instant.from("2024-01-01T00:00:00Z") },
};
const charge: Charge = {
  ...{
    parent_id: null,
    regroup_paid_fees: null,
    accepts_target_wallet: false,
    filters: [],
    applied_pricing_unit: null,
  },
  ...{ id: "c", code: "m", charge_model: "graduated_percentage", pay_in_advance: false, prorated: false },
  ...{ invoiceable: true, min_amount_cents: 0n, invoice_display_name: null, properties: {}, billable_metric: metric },
};
const plan = (charges: readonly Charge[], trial_period: number | null = null): Plan => ({
  ...{ id: "p", code: "p", name: "P", invoice_display_name: null, description: null, interval: "yearly" },
  ...{ amount_cents: 0n, amount_currency: "EUR", pay_in_advance: false, trial_period, version_no: 1, charges },
  ...{ bill_charges_monthly: true, bill_fixed_charges_monthly: true, parent_id: null, fixed_charges: [] },
  ...{ minimum_commitment: null, usage_thresholds: [], applicable_usage_thresholds: [] },
});

test("what is rated today can be subscribed to", () => {
  const commitment = { id: "m", amount_cents: 1n, invoice_display_name: null };
  assert.deepEqual(notYetSubscribable({ ...plan([]), minimum_commitment: commitment }), []);
  assert.deepEqual(notYetSubscribable(plan([charge, { ...charge, pay_in_advance: true, invoiceable: false }], 14)), []);
});

test("what is not rated yet is named once by its field", () => {
  const regrouped: Charge = { ...charge, pay_in_advance: true, invoiceable: false, regroup_paid_fees: "invoice" };
  assert.deepEqual(notYetSubscribable(plan([regrouped])), []);
  const at = metric.created_at;
  const times = { created_at: at, updated_at: at };
  const threshold = { id: "t", amount_cents: 1n, threshold_display_name: null, recurring: false, ...times };
  assert.deepEqual(notYetSubscribable({ ...plan([]), applicable_usage_thresholds: [threshold] }), [
    { field: "usage_thresholds", code: "not_supported_yet" },
  ]);
});
