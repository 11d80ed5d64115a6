import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../../kernel/json.ts";
import type { Charge, ChargeFilter, FilterValues, MetricFilter } from "../model.ts";
import {
  ALL_FILTER_VALUES,
  bucketOfEvent,
  type ChargeBucket,
  chargeBuckets,
  expandedValues,
  presentationGroupKeys,
  propertyText,
} from "./charge-buckets.ts";

const ALL = [ALL_FILTER_VALUES];

/** Filters named f1, f2, … in order of creation. */
function charge(
  metricFilters: readonly MetricFilter[],
  values: readonly FilterValues[],
  more: Partial<Pick<Charge, "properties" | "accepts_target_wallet">> = {},
) {
  const filters = values.map(
    (of, index): ChargeFilter => ({
      ...{ id: `f${index + 1}`, ordinal: BigInt(index + 1), invoice_display_name: null },
      ...{ properties: { amount: String(index + 1) }, values: of },
    }),
  );
  const properties = { amount: "10" };
  return { properties, accepts_target_wallet: false, filters, billable_metric: { filters: metricFilters }, ...more };
}

const nameOf = ({ filter }: ChargeBucket) => filter?.id ?? "default";
const bucketFor = (of: ReturnType<typeof charge>, properties: Record<string, unknown>) =>
  nameOf(bucketOfEvent(chargeBuckets(of), properties));

test("each event is in the bucket of the most specific filter (G4 of the metering spec)", () => {
  const metric = [
    { key: "cloud", values: ["aws", "gcp"] },
    { key: "region", values: ["eu", "us"] },
  ];
  const clouds = charge(metric, [{ cloud: ["aws", "gcp"] }, { cloud: ["aws"] }, { cloud: ["aws"], region: ["eu"] }]);
  assert.deepEqual(chargeBuckets(clouds).map(nameOf), ["f3", "f2", "f1", "default"]);
  for (const [properties, bucket] of [
    [{ cloud: "aws", region: "eu" }, "f3"],
    [{ cloud: "aws", region: "us" }, "f2"],
    [{ cloud: "gcp" }, "f1"],
    [{ cloud: "azure" }, "default"],
    [{}, "default"],
    [{ cloud: null }, "default"],
    [{ constructor: "aws", region: "eu" }, "default"],
  ] as const) {
    assert.equal(bucketFor(clouds, properties), bucket, JSON.stringify(properties));
  }
  // "All" are the admissible values: azure and no cloud at all stay in the default bucket.
  const all = charge(metric, [{ cloud: ALL }]);
  assert.deepEqual(chargeBuckets(all)[0]?.conditions, { cloud: ["aws", "gcp"] });
  assert.equal(bucketFor(all, { cloud: "gcp" }), "f1");
  assert.equal(bucketFor(all, { cloud: "azure" }), "default");
  assert.equal(bucketFor(all, {}), "default");
  // The metric no longer has the key: nothing meets it.
  assert.equal(bucketFor(charge([], [{ cloud: ALL }]), { cloud: "aws" }), "default");
});

const STEPS = [
  { key: "steps", values: ["25", "50", "75", "100"] },
  { key: "size", values: ["512", "1024"] },
  { key: "model", values: ["llama-1", "llama-2", "llama-3", "llama-4"] },
];
const STEP_FILTERS: readonly FilterValues[] = [
  { steps: ["25"], size: ["512"], model: ["llama-2"] },
  { steps: ["25"], size: ["512"] },
  { steps: ALL, size: ALL },
  { size: ALL },
  { size: ["512"] },
];

/** The sets of the worked example of 6.2, as the spec lists them: what an event of a filter must not meet. */
const EXCLUDED: readonly (readonly FilterValues[])[] = [
  [],
  [
    { model: ["llama-2"], size: ["512"], steps: ["25"] },
    { size: ["1024"], steps: ["50", "75", "100"] },
  ],
  [
    { steps: ["25"], size: ["512"], model: ["llama-2"] },
    { size: ["512"], steps: ["25"] },
  ],
  [
    { steps: ["25"], size: ["512"], model: ["llama-2"] },
    { steps: ["25"], size: ["512"] },
    { steps: ["25", "50", "75", "100"], size: ["512", "1024"] },
    { size: ["512"] },
  ],
  [
    { steps: ["25"], size: ["512"], model: ["llama-2"] },
    { steps: ["25"], size: ["512"] },
    { steps: ["25", "50", "75", "100"], size: ["512", "1024"] },
    { size: ["1024"] },
  ],
];

const meets = (properties: Readonly<Record<string, unknown>>, values: FilterValues) =>
  Object.entries(values).every(([key, texts]) => texts.includes(String(properties[key] ?? "\u0000")));

test("the worked example of 6.2 of the metering spec: the excluded sets and the order of precedence agree on every event", () => {
  const steps = charge(STEPS, STEP_FILTERS);
  assert.deepEqual(chargeBuckets(steps).map(nameOf), ["f1", "f2", "f3", "f5", "f4", "default"]);
  const choices = STEPS.map(({ values }) => [undefined, "other", ...values]);
  for (const step of choices[0] ?? []) {
    for (const size of choices[1] ?? []) {
      for (const model of choices[2] ?? []) {
        const event = { steps: step, size, model };
        const inSets = STEP_FILTERS.flatMap((values, index) => {
          const own = meets(event, expandedValues(values, STEPS));
          return own && !EXCLUDED[index]?.some((set) => meets(event, set)) ? `f${index + 1}` : [];
        });
        const expected = inSets.length === 0 ? ["default"] : inSets;
        assert.deepEqual([bucketFor(steps, event)], expected, JSON.stringify(event));
      }
    }
  }
});

test("of identical filters the oldest takes the events, the others none (6.3 of the metering spec)", () => {
  const metric = [{ key: "a", values: ["1", "2"] }];
  const twins = charge(metric, [{ a: ["2", "1"] }, { a: ["1", "2"] }, { a: ALL }]);
  assert.deepEqual(chargeBuckets(twins).map(nameOf), ["f1", "f2", "f3", "default"]);
  assert.equal(bucketFor(twins, { a: 1 }), "f1");
  // The order of the list is not the age.
  const reordered = { ...twins, filters: twins.filters.toReversed() };
  assert.equal(bucketFor(reordered, { a: "2" }), "f1");
});

test("of filters with equal keys that overlap in part each event is in one bucket only", () => {
  const metric = STEPS.slice(0, 2);
  const overlapping = charge(metric, [
    { size: ["512", "1024"], steps: ["25", "50"] },
    { size: ["512"], steps: ["25", "75"] },
  ]);
  assert.equal(bucketFor(overlapping, { size: 512, steps: 25 }), "f1");
  assert.equal(bucketFor(overlapping, { size: 512, steps: 75 }), "f2");
  assert.equal(bucketFor(overlapping, { size: 1024, steps: 50 }), "f1");
});

test("a filter has its own group keys; a charge for target wallets groups each bucket by the wallet", () => {
  const metric = [{ key: "a", values: ["1"] }];
  const grouped = charge(metric, [{ a: ["1"] }], { properties: { pricing_group_keys: ["country"] } });
  assert.deepEqual(
    chargeBuckets(grouped).map(({ pricing_group_keys }) => pricing_group_keys),
    [[], ["country"]],
  );
  const targeted = { ...grouped, accepts_target_wallet: true };
  assert.deepEqual(
    chargeBuckets(targeted).map(({ pricing_group_keys }) => pricing_group_keys),
    [["target_wallet_code"], ["country", "target_wallet_code"]],
  );
  assert.deepEqual(chargeBuckets(charge([], [])).length, 1);
});

test("presentation keys say whether invoices show them", () => {
  const keys = [{ value: "a" }, { value: "b", options: { display_in_invoice: false } }];
  assert.deepEqual(presentationGroupKeys({ properties: { presentation_group_keys: keys } }), [
    { value: "a", display_in_invoice: true },
    { value: "b", display_in_invoice: false },
  ]);
  assert.deepEqual(presentationGroupKeys({ properties: {} }), []);
});

test("a property's text is PostgreSQL's", () => {
  for (const [json, text] of [
    ['"eu"', "eu"],
    ['""', ""],
    ["null", null],
    ["true", "true"],
    ["12", "12"],
    ["-0.5", "-0.5"],
    ["1e3", "1000"],
    ["1.0e-2", "0.010"],
    ["1e21", "1000000000000000000000"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ['[1,"a",{"x":null}]', '[1, "a", {"x": null}]'],
    ['{"bb":1,"a":{"é":2,"zz":3,"y":[]},"c":"\\"\\n"}', '{"a": {"y": [], "zz": 3, "é": 2}, "c": "\\"\\n", "bb": 1}'],
    ["{}", "{}"],
  ] as const) {
    assert.equal(propertyText(parseJson(json)), text, json);
  }
  assert.equal(propertyText(undefined), null);
});

const VALUES = ["1", "2", "3"];
const KEYS = ["a", "b", "c"];
const metricFilters = KEYS.map((key) => ({ key, values: VALUES }));
const someValues = fc.oneof(
  { weight: 4, arbitrary: fc.subarray(VALUES, { minLength: 1 }) },
  { weight: 1, arbitrary: fc.constant(ALL) },
);
const someFilter = fc
  .dictionary(fc.constantFrom(...KEYS), someValues, { minKeys: 1, maxKeys: 3 })
  .map((values) => ({ ...values }) as FilterValues);
const someEvent = fc.record(
  Object.fromEntries(KEYS.map((key) => [key, fc.constantFrom<unknown>("1", "2", 3, "4", "", null)])),
  { requiredKeys: [] },
);

test("every event is in exactly one bucket, and no bucket that it meets is more specific", () => {
  fc.assert(
    fc.property(fc.array(someFilter, { maxLength: 8 }), someEvent, (filters, event) => {
      const buckets = chargeBuckets(charge(metricFilters, filters));
      assert.equal(buckets.length, filters.length + 1);
      assert.deepEqual(new Set(buckets.map(nameOf)), new Set(["default", ...filters.map((_, i) => `f${i + 1}`)]));
      const met = buckets.filter(({ conditions }) => meets(event, conditions));
      const own = bucketOfEvent(buckets, event);
      assert.equal(met[0], own);
      const sizes = (bucket: ChargeBucket) => KEYS.map((key) => new Set(bucket.conditions[key] ?? VALUES).size);
      for (const other of met) {
        const [mine, theirs] = [Object.keys(own.conditions), Object.keys(other.conditions)];
        assert.ok(theirs.length <= mine.length, "most keys first");
        const isSameKeys = theirs.length === mine.length && theirs.every((key) => mine.includes(key));
        const isInside = theirs.every((key) => other.conditions[key]?.every((v) => own.conditions[key]?.includes(v)));
        const isSmaller = sizes(other).some((size, index) => size < (sizes(own)[index] ?? 0));
        assert.ok(!(isSameKeys && isInside && isSmaller), "a strict subset goes before what holds it");
        const isTwin = isSameKeys && isInside && !isSmaller;
        if (isTwin) assert.ok((own.filter?.ordinal ?? 0n) <= (other.filter?.ordinal ?? 0n), "the oldest of twins");
      }
    }),
    { numRuns: 2000 },
  );
});
