import assert from "node:assert/strict";
import { test } from "node:test";
import { type MetricInput, readChangedMetric, readNewMetric } from "./metric.ts";

const base: MetricInput = { name: "N", code: "c", aggregation_type: "sum_agg", field_name: "v" };
const problems = (input: MetricInput) => readNewMetric(input).problems.map(({ field, code }) => `${field}: ${code}`);

test("what a new metric must say (1.1)", () => {
  for (const [input, expected] of [
    [base, []],
    [{}, ["name: value_is_mandatory", "code: value_is_mandatory", "aggregation_type: value_is_invalid"]],
    [{ ...base, name: " ", code: "" }, ["name: value_is_mandatory", "code: value_is_mandatory"]],
    [{ ...base, code: "x".repeat(256) }, ["code: value_is_too_long"]],
    [{ ...base, aggregation_type: "avg" }, ["aggregation_type: value_is_invalid"]],
    [{ ...base, field_name: null }, ["field_name: value_is_mandatory"]],
    [{ ...base, aggregation_type: "count_agg", field_name: null }, []],
    [{ ...base, aggregation_type: "custom_agg", field_name: null, custom_aggregator: "script" }, []],
    [{ ...base, aggregation_type: "custom_agg" }, ["custom_aggregator: value_is_mandatory"]],
    [{ ...base, custom_aggregator: "script" }, ["custom_aggregator: not_compatible_with_aggregation_type"]],
    [
      { ...base, aggregation_type: "custom_agg", custom_aggregator: "x".repeat(70_000) },
      ["custom_aggregator: value_is_too_long"],
    ],
    [{ ...base, aggregation_type: "unique_count_agg", recurring: true }, []],
    [{ ...base, aggregation_type: "max_agg", recurring: true }, ["recurring: not_compatible_with_aggregation_type"]],
    [{ ...base, aggregation_type: "latest_agg", recurring: true }, ["recurring: not_compatible_with_aggregation_type"]],
    [{ ...base, aggregation_type: "count_agg", recurring: true }, ["recurring: not_compatible_with_aggregation_type"]],
    [{ ...base, aggregation_type: "weighted_sum_agg" }, ["weighted_interval: value_is_invalid"]],
    [{ ...base, aggregation_type: "weighted_sum_agg", weighted_interval: "seconds", recurring: true }, []],
    [{ ...base, rounding_function: "up" }, ["rounding_function: value_is_invalid"]],
    [{ ...base, rounding_function: "ceil", rounding_precision: -2 }, []],
    [
      { ...base, rounding_function: "ceil", rounding_precision: 2_000_000 },
      ["rounding_precision: value_is_out_of_range"],
    ],
    [{ ...base, expression: "1 +" }, ["expression: invalid_expression"]],
    [{ ...base, expression: " " }, []],
    [{ ...base, filters: [{ key: "", values: [] }] }, ["key: value_is_mandatory", "values: value_is_mandatory"]],
    [{ ...base, filters: [{ key: "region" }] }, ["values: value_is_mandatory"]],
  ] as const) {
    assert.deepEqual(problems(input), expected, JSON.stringify(input));
  }
});

test("a count keeps no field, and only a weighted sum keeps an interval", () => {
  const { terms } = readNewMetric({ ...base, aggregation_type: "count_agg", weighted_interval: "seconds" });
  assert.equal(terms.field_name, null);
  assert.equal(terms.weighted_interval, null);
});

test("filters are kept by key, each value once, the last entry of a key counting", () => {
  const filters = [
    { key: "region", values: ["us"] },
    { key: "cloud", values: ["gcp", "aws", "gcp"] },
    { key: "region", values: ["eu"] },
  ];
  assert.deepEqual(readNewMetric({ ...base, filters }).terms.filters, [
    { key: "cloud", values: ["gcp", "aws"] },
    { key: "region", values: ["eu"] },
  ]);
});

test("a used metric changes only its name, description and filters; the rest is ignored, even what is wrong (1.2)", () => {
  const { terms: before } = readNewMetric({ ...base, description: "D" });
  const sent: MetricInput = {
    name: "M",
    description: null,
    filters: [{ key: "k", values: ["v"] }],
    code: "d",
    aggregation_type: "nonsense",
    field_name: null,
    recurring: true,
    rounding_function: "up",
    expression: "1 +",
  };
  const { terms, problems: found } = readChangedMetric(sent, before, true);
  assert.deepEqual(found, []);
  assert.deepEqual(terms, { ...before, name: "M", description: null, filters: [{ key: "k", values: ["v"] }] });
});

test("an update touches only what it names, and is judged as a whole", () => {
  const { terms: before } = readNewMetric({
    ...base,
    rounding_function: "ceil",
    filters: [{ key: "k", values: ["v"] }],
  });
  assert.deepEqual(readChangedMetric({}, before, false), { terms: before, problems: [] });
  assert.deepEqual(readChangedMetric({ filters: [] }, before, false).terms.filters, []);
  const toCount = readChangedMetric({ aggregation_type: "count_agg" }, before, false).terms;
  assert.equal(toCount.field_name, null);
  assert.deepEqual(readChangedMetric({ aggregation_type: "max_agg" }, toCount, false).problems, [
    { field: "field_name", code: "value_is_mandatory" },
  ]);
  assert.deepEqual(readChangedMetric({ name: null }, before, false).problems, [
    { field: "name", code: "value_is_mandatory" },
  ]);
});
