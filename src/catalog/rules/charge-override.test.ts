import assert from "node:assert/strict";
import { test } from "node:test";
import { dec } from "../../kernel/decimal.ts";
import type { StoredCharge } from "../stored.ts";
import { readOverride, readOverrides } from "./charge-override.ts";

const AT = Temporal.Instant.from("2024-01-01T00:00:00Z");

const charge: StoredCharge = {
  ...{ id: "019ff000-0000-7000-8000-00000000000a", plan_id: "plan", parent_id: null, code: "a" },
  ...{ charge_model: "standard", pay_in_advance: false, prorated: false, invoiceable: true, regroup_paid_fees: null },
  ...{ min_amount_cents: 3n, accepts_target_wallet: false, invoice_display_name: "A", properties: { amount: "1" } },
  filters: [
    {
      ...{ id: "f", ordinal: 1n, invoice_display_name: null, properties: { amount: "2" } },
      values: { region: ["eu"] },
    },
  ],
  applied_pricing_unit: {
    ...{ pricing_unit_id: "u", code: "credits", short_name: "CR" },
    conversion_rate: dec("0.5"),
  },
  billable_metric: {
    ...{ id: "m", code: "m", name: "M", description: null, aggregation_type: "sum_agg", field_name: "v" },
    ...{ recurring: false, weighted_interval: null, rounding_function: null, rounding_precision: null },
    ...{ expression: null, custom_aggregator: null, created_at: AT, filters: [{ key: "region", values: ["eu"] }] },
  },
  created_at: AT,
};

test("an override changes what it gives, and leaves the rest (10.6 of the metering spec)", () => {
  const { terms, problems } = readOverride({}, charge);
  assert.deepEqual(problems, []);
  assert.deepEqual(terms, { ...charge, filters: null });
  const given = {
    ...{ properties: { amount: "5", rate: "1" }, min_amount_cents: 9n, invoice_display_name: null },
    ...{ filters: [], applied_pricing_unit: { conversion_rate: "2" }, charge_model: "volume" },
  };
  const changed = readOverride(given, charge).terms;
  assert.deepEqual(changed.properties, { amount: "5" });
  assert.equal(changed.charge_model, "standard");
  assert.equal(changed.min_amount_cents, 9n);
  assert.equal(changed.invoice_display_name, null);
  assert.deepEqual(changed.filters, []);
  assert.equal(changed.applied_pricing_unit?.conversion_rate.toFixed(), "2");
});

test("an override is checked as the charge is", () => {
  const problems = (given: Parameters<typeof readOverride>[0], of = charge) =>
    readOverride(given, of).problems.map(({ field, code }) => `${field}: ${code}`);
  assert.deepEqual(problems({ properties: { amount: 1 } }), ["properties: invalid_amount"]);
  assert.deepEqual(problems({ min_amount_cents: -1n }), ["min_amount_cents: value_is_out_of_range"]);
  assert.deepEqual(problems({ min_amount_cents: 1n }, { ...charge, pay_in_advance: true }), [
    "min_amount_cents: not_compatible_with_pay_in_advance",
  ]);
  assert.deepEqual(problems({ applied_pricing_unit: { conversion_rate: 0 } }), [
    "conversion_rate: value_is_out_of_range",
  ]);
  assert.deepEqual(problems({ filters: [{ values: { region: ["us"] }, properties: { amount: "1" } }] }), [
    "values: value_is_invalid",
  ]);
});

test("overrides find their charge by id; unknown ids are ignored, a tax is unknown", () => {
  const reading = readOverrides([charge], [{ id: charge.id.toUpperCase(), min_amount_cents: 8n }, { id: "?" }]);
  assert.ok("charges" in reading);
  assert.deepEqual(
    reading.charges.map(({ terms, filters }) => [terms.min_amount_cents, filters]),
    [[8n, null]],
  );
  assert.deepEqual(readOverrides([charge], [{ id: charge.id, tax_codes: ["vat"] }]), {
    refusal: "tax_not_found",
    problems: [],
  });
});
