import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FilterValues, MetricFilter } from "../model.ts";
import { expandedValues } from "./charge-buckets.ts";
import { filterTrimming, trimmedValues } from "./charge-filter-trimming.ts";

const ALL = ["__ALL_FILTER_VALUES__"];
const admitted = [
  { key: "size", values: ["512", "1024"] },
  { key: "steps", values: ["25"] },
];

test("a value that goes is trimmed, an entry without values goes, a filter without entries goes (1.4 of the metering spec)", () => {
  for (const [values, left] of [
    [{ size: ["512", "256", "1024"] }, { size: ["512", "1024"] }],
    [{ size: ["256"], steps: ["25"] }, { steps: ["25"] }],
    [{ size: ["256"], steps: ["50"] }, null],
    [{ size: ALL, steps: ["50"] }, { size: ALL }],
    // Only the whole key takes "all" along.
    [{ model: ALL }, null],
    [{ model: ALL, size: ["512"] }, { size: ["512"] }],
  ] as const) {
    assert.deepEqual(trimmedValues(values, admitted), left);
  }
});

test("only filters that lose something change; trimming may make twins", () => {
  const filters: readonly { id: string; values: FilterValues }[] = [
    { id: "a", values: { size: ["512", "256"] } },
    { id: "b", values: { size: ["512"] } },
    { id: "c", values: { model: ["x"] } },
    { id: "d", values: { size: ALL } },
  ];
  assert.deepEqual(filterTrimming(filters, admitted), {
    changed: new Map([["a", { size: ["512"] }]]),
    goneIds: ["c"],
  });
});

const someKeys = ["a", "b"];
const someValues = fc.uniqueArray(fc.constantFrom("1", "2", "3"), { minLength: 1 });
const metricFilters = fc
  .dictionary(fc.constantFrom(...someKeys), someValues)
  .map((byKey) => Object.entries(byKey).map(([key, values]): MetricFilter => ({ key, values })));
const filterValues = fc
  .dictionary(fc.constantFrom(...someKeys), fc.oneof(someValues, fc.constant(ALL)), { minKeys: 1 })
  .map((values) => ({ ...values }) as FilterValues);

test("what is left is admissible and was there; trimming twice trims no more", () => {
  fc.assert(
    fc.property(filterValues, metricFilters, (values, filters) => {
      const left = trimmedValues(values, filters);
      if (left === null) return;
      const known = new Map(filters.map(({ key, values: of }) => [key, of]));
      for (const [key, texts] of Object.entries(expandedValues(left, filters))) {
        assert.ok(texts.length > 0 && texts.every((text) => known.get(key)?.includes(text)));
      }
      for (const [key, texts] of Object.entries(left)) assert.ok(texts.every((text) => values[key]?.includes(text)));
      assert.deepEqual(trimmedValues(left, filters), left);
    }),
  );
});
