import assert from "node:assert/strict";
import { test } from "node:test";
import type { AggregationType, ChargeModel } from "../model.ts";
import { type ChargeTraits, compatibilityProblems } from "./matrix.ts";

const AGGREGATIONS = [
  "count_agg",
  "sum_agg",
  "max_agg",
  "unique_count_agg",
  "weighted_sum_agg",
  "latest_agg",
  "custom_agg",
] as const;

// 4.3 of the metering spec: A in arrears, I in advance, p also prorated where the metric recurs, - refused.
const TABLE = {
  standard: "A I|Ap Ip|A|Ap Ip|A|A|A I",
  graduated: "A I|Ap I|A|Ap I|A|A|A I",
  package: "A I|A I|A|A I|A|A|A I",
  percentage: "A I|A I|A|A I|A|-|A I",
  volume: "A|Ap|A|Ap|A|A|A",
  graduated_percentage: "A I|A I|A|A I|A|-|A I",
  dynamic: "-|A I|-|-|-|-|-",
  custom: "-|-|-|-|-|-|A I",
} as const satisfies Record<ChargeModel, string>;

const charge = (traits: Partial<ChargeTraits>): ChargeTraits => ({
  charge_model: "standard",
  pay_in_advance: false,
  prorated: false,
  invoiceable: true,
  regroup_paid_fees: null,
  min_amount_cents: 0n,
  ...traits,
});

const isAllowed = (traits: Partial<ChargeTraits>, aggregation_type: AggregationType, recurring: boolean) =>
  compatibilityProblems(charge(traits), { aggregation_type, recurring }).length === 0;

test("4.3 of the metering spec: the table of models and aggregations, in every cell", () => {
  for (const [model, line] of Object.entries(TABLE)) {
    const charge_model = model as ChargeModel;
    line.split("|").forEach((cell, index) => {
      const aggregation = AGGREGATIONS[index] as AggregationType;
      const where = `${model} × ${aggregation}`;
      for (const [pay_in_advance, letter] of [
        [false, "A"],
        [true, "I"],
      ] as const) {
        const mark = cell.split(" ").find((text) => text.startsWith(letter));
        assert.equal(isAllowed({ charge_model, pay_in_advance }, aggregation, false), mark !== undefined, where);
        // The table says p only where a metric of that kind may recur at all; a custom one may be prorated as well.
        if (aggregation === "sum_agg" || aggregation === "unique_count_agg") {
          const isProrated = isAllowed({ charge_model, pay_in_advance, prorated: true }, aggregation, true);
          assert.equal(isProrated, mark?.endsWith("p") ?? false, `${where} ${letter} prorated`);
        }
        assert.equal(isAllowed({ charge_model, pay_in_advance, prorated: true }, aggregation, false), false, where);
      }
    });
  }
});

test("each thing that does not go together is named by its field", () => {
  const sum = { aggregation_type: "sum_agg", recurring: false } as const;
  for (const [traits, metric, problems] of [
    [
      { pay_in_advance: true, charge_model: "volume" },
      sum,
      ["pay_in_advance: invalid_aggregation_type_or_charge_model"],
    ],
    [{ prorated: true }, sum, ["prorated: invalid_billable_metric_or_charge_model"]],
    [
      { prorated: true },
      { aggregation_type: "weighted_sum_agg", recurring: true },
      ["prorated: invalid_billable_metric_or_charge_model"],
    ],
    [{ charge_model: "custom" }, sum, ["charge_model: invalid_aggregation_type_or_charge_model"]],
    [
      { charge_model: "percentage" },
      { aggregation_type: "latest_agg", recurring: false },
      ["properties: invalid_value"],
    ],
    [{ invoiceable: false }, sum, ["invoiceable: must_be_true_unless_pay_in_advance"]],
    [{ invoiceable: false, pay_in_advance: true, regroup_paid_fees: "invoice" }, sum, []],
    [
      { pay_in_advance: true, regroup_paid_fees: "invoice" },
      sum,
      ["regroup_paid_fees: only_compatible_with_pay_in_advance_and_non_invoiceable"],
    ],
    [{ min_amount_cents: 1n, pay_in_advance: true }, sum, ["min_amount_cents: not_compatible_with_pay_in_advance"]],
    [{ min_amount_cents: -1n }, sum, ["min_amount_cents: value_is_out_of_range"]],
    [{ min_amount_cents: 1n }, sum, []],
  ] as const) {
    const found = compatibilityProblems(charge(traits), metric).map(({ field, code }) => `${field}: ${code}`);
    assert.deepEqual(found, problems, JSON.stringify(problems));
  }
});
