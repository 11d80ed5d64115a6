import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FilterValues } from "../model.ts";
import {
  type FilterInput,
  filterChanges,
  readChangedFilter,
  readFilterList,
  readNewFilter,
  valuesKey,
} from "./charge-filters.ts";

const charge = {
  charge_model: "standard",
  billable_metric: {
    aggregation_type: "sum_agg",
    filters: [
      { key: "cloud", values: ["aws", "gcp"] },
      { key: "region", values: ["eu", "us"] },
    ],
  },
} as const;

const problems = (input: FilterInput, of: Parameters<typeof readNewFilter>[1] = charge) =>
  readNewFilter(input, of).problems.map(({ field, code }) => `${field}: ${code}`);

test("what a new filter must say (6.4)", () => {
  const properties = { amount: "1" };
  for (const [values, expected] of [
    [{ cloud: ["aws"] }, []],
    [{ cloud: ["__ALL_FILTER_VALUES__"], region: ["eu", "us"] }, []],
    [undefined, ["values: value_is_mandatory"]],
    [null, ["values: value_is_mandatory"]],
    [{}, ["values: value_is_mandatory"]],
    [{ cloud: [] }, ["values: value_is_mandatory"]],
    [{ cloud: ["azure"] }, ["values: value_is_invalid"]],
    [{ cloud: ["aws", "__ALL_FILTER_VALUES__"] }, ["values: value_is_invalid"]],
    [{ cloud: "aws" }, ["values: value_is_invalid"]],
    [{ cloud: ["aws", 1] }, ["values: value_is_invalid"]],
    [{ zone: ["aws"] }, ["billable_metric_filter: relation_must_exist", "values: value_is_invalid"]],
    [{ constructor: ["aws"] }, ["billable_metric_filter: relation_must_exist", "values: value_is_invalid"]],
  ] as const) {
    assert.deepEqual(problems({ properties, ...(values === undefined ? {} : { values }) }), expected);
  }
  const values = { cloud: ["aws"] };
  assert.deepEqual(problems({ values }), ["properties: invalid_amount"], "no defaults");
  assert.deepEqual(problems({ values, properties: { amount: 1, pricing_group_keys: [1] } }), [
    "properties: invalid_amount",
    "properties: invalid_type",
  ]);
  assert.deepEqual(problems({ values }, { ...charge, charge_model: "dynamic" }), []);
});

test("a filter keeps the model's properties, but no presentation keys", () => {
  const { terms } = readNewFilter(
    {
      invoice_display_name: " ",
      values: { cloud: ["aws", "aws"] },
      properties: { amount: "1", rate: "2", grouped_by: ["country"], presentation_group_keys: [{ value: "x" }] },
    },
    charge,
  );
  assert.deepEqual(terms, {
    invoice_display_name: null,
    values: { cloud: ["aws"] },
    properties: { amount: "1", pricing_group_keys: ["country"] },
  });
});

test("a change touches the name and the properties that are given, never the values (6.5)", () => {
  const before = { invoice_display_name: "A", properties: { amount: "1" }, values: { cloud: ["aws"] } };
  const changed = (input: FilterInput) => readChangedFilter(input, before, charge).terms;
  assert.deepEqual(changed({ values: { cloud: ["gcp"] } }), before);
  assert.deepEqual(changed({ invoice_display_name: null }), { ...before, invoice_display_name: null });
  assert.deepEqual(changed({ properties: { amount: "2" } }), { ...before, properties: { amount: "2" } });
  assert.deepEqual(readChangedFilter({ properties: {} }, before, charge).problems, [
    { field: "properties", code: "invalid_amount" },
  ]);
});

test("entries with equal values all stay; the first wrong entry decides", () => {
  const of = (amount: unknown, values: FilterValues): FilterInput => ({ properties: { amount }, values });
  const twice = readFilterList(
    [
      of("1", { cloud: ["aws"], region: ["eu"] }),
      of("2", { cloud: ["gcp"] }),
      of("3", { region: ["eu"], cloud: ["aws"] }),
    ],
    charge,
  );
  assert.deepEqual(
    twice.filters.map(({ properties }) => properties.amount),
    ["1", "2", "3"],
  );
  assert.deepEqual(readFilterList([of("1", { cloud: ["x"] }), of(1, { cloud: ["gcp"] })], charge).problems, [
    { field: "values", code: "value_is_invalid" },
  ]);
});

const someFilters = fc.array(
  fc
    .dictionary(fc.constantFrom("a", "b"), fc.uniqueArray(fc.constantFrom("1", "2"), { minLength: 1 }), { minKeys: 1 })
    .map((values) => ({ invoice_display_name: null, properties: {}, values: { ...values } as FilterValues })),
);

test("after its changes a charge has exactly the list that was sent, in its order, with the ids of equal values kept", () => {
  fc.assert(
    fc.property(someFilters, someFilters, (before, wanted) => {
      const live = before.map((filter, index) => ({ ...filter, id: `f${index}`, ordinal: BigInt(index) }));
      const { created, changed, goneIds } = filterChanges(live, wanted);
      const after = [...created, ...changed.values()].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
      assert.deepEqual(
        after.map(({ values }) => values),
        wanted.map(({ values }) => values),
      );
      for (const [id, { values }] of changed) {
        assert.equal(valuesKey(live.find((filter) => filter.id === id)?.values ?? {}), valuesKey(values));
      }
      assert.deepEqual(new Set([...changed.keys(), ...goneIds]), new Set(live.map(({ id }) => id)));
    }),
  );
});
