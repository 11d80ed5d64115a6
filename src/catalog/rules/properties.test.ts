import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec } from "../../kernel/decimal.ts";
import type { ChargeModel } from "../model.ts";
import { readAmount, readBound } from "./amounts.ts";
import { defaultProperties, readProperties } from "./properties.ts";

const read = (model: ChargeModel, given: Record<string, unknown>) =>
  readProperties(model, given, { isCustomMetric: false });
const tier = (from_value: unknown, to_value: unknown, per_unit_amount: unknown = "1", flat_amount: unknown = "0") => ({
  from_value,
  to_value,
  per_unit_amount,
  flat_amount,
});

test("each model names what is wrong with its properties (4.4)", () => {
  const amounts = "invalid_amount";
  for (const [model, given, codes] of [
    ["standard", { amount: "0.0025" }, []],
    ["standard", { amount: "0" }, []],
    ["standard", { amount: "1e-3" }, []],
    ["standard", { amount: 5 }, [amounts]],
    ["standard", { amount: "abc" }, [amounts]],
    ["standard", { amount: "" }, [amounts]],
    ["standard", { amount: null }, [amounts]],
    ["standard", { amount: "-1" }, [amounts]],
    ["standard", { amount: "NaN" }, [amounts]],
    ["standard", { rate: "1" }, [amounts]],
    ["package", { amount: "100", free_units: 10, package_size: 10 }, []],
    ["package", { amount: "100", free_units: 0, package_size: 1 }, []],
    ["package", { amount: "100", package_size: 10 }, ["invalid_free_units"]],
    [
      "package",
      { amount: "100", free_units: "10", package_size: "10" },
      ["invalid_free_units", "invalid_package_size"],
    ],
    [
      "package",
      { amount: 1, free_units: -1, package_size: 0 },
      [amounts, "invalid_free_units", "invalid_package_size"],
    ],
    ["percentage", { rate: "1.3" }, []],
    ["percentage", { rate: "1", fixed_amount: null, free_units_per_events: null, per_transaction_min_amount: "" }, []],
    ["percentage", { rate: 1, fixed_amount: 2 }, ["invalid_rate", "invalid_fixed_amount"]],
    ["percentage", { rate: "1", fixed_amount: "" }, ["invalid_fixed_amount"]],
    ["percentage", { rate: "1", free_units_per_events: 0 }, ["invalid_free_units_per_events"]],
    ["percentage", { rate: "1", free_units_per_events: 3, free_units_per_total_aggregation: "250" }, []],
    ["percentage", { rate: "1", free_units_per_total_aggregation: 250 }, ["invalid_free_units_per_total_aggregation"]],
    ["percentage", { rate: "1", per_transaction_min_amount: "x", per_transaction_max_amount: 2 }, [amounts, amounts]],
    ["percentage", { rate: "1", per_transaction_min_amount: "2", per_transaction_max_amount: "2" }, []],
    [
      "percentage",
      { rate: "1", per_transaction_min_amount: "10", per_transaction_max_amount: "9" },
      ["per_transaction_max_lower_than_per_transaction_min"],
    ],
    ["graduated", {}, ["missing_graduated_ranges"]],
    ["graduated", { graduated_ranges: [] }, ["missing_graduated_ranges"]],
    ["graduated", { graduated_ranges: [tier(0, 10), tier(11, null)] }, []],
    ["graduated", { graduated_ranges: [tier(0, 10, 5, null), tier(11, null)] }, [amounts, amounts]],
    ["graduated", { graduated_ranges: [tier(0, 10), tier(12, null)] }, ["invalid_graduated_ranges"]],
    [
      "graduated",
      { graduated_ranges: [null, "x"] },
      Array(2).fill([amounts, amounts, "invalid_graduated_ranges"]).flat(),
    ],
    ["volume", { volume_ranges: {} }, ["missing_volume_ranges"]],
    ["volume", { volume_ranges: [tier(0, 100), tier(101, null)] }, []],
    ["volume", { volume_ranges: [tier(0, 100), tier(102, null)] }, ["invalid_volume_ranges"]],
    ["graduated_percentage", {}, ["missing_graduated_percentage_ranges"]],
    [
      "graduated_percentage",
      { graduated_percentage_ranges: [{ from_value: 0, to_value: null, rate: 1, flat_amount: 2 }] },
      ["invalid_rate", amounts],
    ],
    ["dynamic", { amount: 5 }, []],
    ["custom", {}, []],
  ] as const) {
    assert.deepEqual(read(model, given).codes, codes, `${model} ${JSON.stringify(given)}`);
  }
});

test("the first range begins at 0 or 1, each next one at the end before it or one above, and only the last is open", () => {
  for (const [bounds, ok] of [
    [[[0, null]], true],
    [[[1, null]], true],
    [[[2, null]], false],
    [[[0, 10]], false],
    [
      [
        [0, 10],
        [11, 20],
        [21, null],
      ],
      true,
    ],
    [
      [
        ["0", "10"],
        ["11", null],
      ],
      true,
    ],
    [
      [
        [0, 0.1],
        [0.1, 1],
        [1, null],
      ],
      true,
    ],
    [
      [
        [0, 10],
        [10, 20],
        [21, null],
      ],
      true,
    ],
    [
      [
        [0, 10],
        [10.5, null],
      ],
      false,
    ],
    [
      [
        [0, 10],
        [12, null],
      ],
      false,
    ],
    [
      [
        [0, 0],
        [1, null],
      ],
      false,
    ],
    [
      [
        [0, 10],
        [11, 11],
        [12, null],
      ],
      false,
    ],
    [
      [
        [0, null],
        [11, null],
      ],
      false,
    ],
    [
      [
        [11, null],
        [0, 10],
      ],
      false,
    ],
    [
      [
        [0, -1],
        [0, null],
      ],
      false,
    ],
    [
      [
        [0, "ten"],
        [11, null],
      ],
      false,
    ],
    [[[null, null]], false],
    [[[0, Number.NaN]], false],
  ] as const) {
    const graduated_ranges = bounds.map(([from, to]) => tier(from, to));
    const { codes } = read("graduated", { graduated_ranges });
    assert.equal(codes.length === 0, ok, JSON.stringify(bounds));
    assert.ok(codes.every((code) => code === "invalid_graduated_ranges"));
  }
});

test("group keys of both kinds are checked for every model (4.4)", () => {
  for (const [given, codes] of [
    [{ pricing_group_keys: [] }, []],
    [{ pricing_group_keys: ["a", ""] }, []],
    [{ pricing_group_keys: ["a", " "] }, ["invalid_type"]],
    [{ pricing_group_keys: "a" }, ["invalid_type"]],
    [{ grouped_by: [1] }, ["invalid_type"]],
    [{ presentation_group_keys: [{ value: "a" }, { value: "b", options: { display_in_invoice: true } }] }, []],
    [{ presentation_group_keys: ["a"] }, ["invalid_type"]],
    [{ presentation_group_keys: [{ value: "" }] }, ["invalid_type"]],
    [{ presentation_group_keys: [{ value: "a", other: 1 }] }, ["invalid_type"]],
    [{ presentation_group_keys: [{ value: "a", options: { display_in_invoice: "yes" } }] }, ["invalid_type"]],
    [{ presentation_group_keys: ["a", "b", "c"].map((value) => ({ value })) }, ["too_many_keys"]],
    [{ presentation_group_keys: [{ value: "a" }, { value: "a" }] }, ["value_is_duplicated"]],
  ] as const) {
    assert.deepEqual(read("standard", { amount: "1", ...given }).codes, codes, JSON.stringify(given));
  }
});

test("only the model's own keys are kept", () => {
  const given = { amount: "1", rate: "2", junk: true, free_units: 0, package_size: 3, grouped_by: ["a", ""] };
  assert.deepEqual(read("standard", given).properties, { amount: "1", pricing_group_keys: ["a"] });
  assert.deepEqual(read("package", given).properties, {
    amount: "1",
    free_units: 0,
    package_size: 3,
    pricing_group_keys: ["a"],
  });
  assert.deepEqual(read("percentage", { ...given, fixed_amount: null, per_transaction_min_amount: "" }).properties, {
    rate: "2",
    pricing_group_keys: ["a"],
  });
  assert.deepEqual(read("dynamic", { amount: "1" }).properties, {});
});

test("a custom metric's own properties are kept, parsed where they came as text", () => {
  const custom = (custom_properties: unknown) =>
    readProperties("custom", { custom_properties }, { isCustomMetric: true }).properties;
  assert.deepEqual(custom('{"a": [1]}'), { custom_properties: { a: [1] } });
  assert.deepEqual(custom({ a: 1 }), { custom_properties: { a: 1 } });
  assert.deepEqual(custom("{nonsense"), { custom_properties: {} });
  assert.deepEqual(custom({ a: "\u0000" }), { custom_properties: {} });
  assert.deepEqual(read("custom", { custom_properties: { a: 1 } }).properties, {});
});

test("every model's defaults pass its own checks", () => {
  for (const [model, properties] of Object.entries(defaultProperties)) {
    assert.deepEqual(read(model as ChargeModel, { ...properties }).codes, [], model);
  }
});

test("an amount is kept as a plain text of the same value", () => {
  for (const [given, kept] of [
    ["1.50", "1.50"],
    ["007", "007"],
    ["1e-3", "0.001"],
    ["2.5E3", "2500"],
    [".5", "0.5"],
    ["5.", "5"],
    ["+5", "5"],
    ["1e999", null],
    ["1e-99", null],
    ["9".repeat(16), null],
    [" 5", null],
    ["1,5", null],
    ["Infinity", null],
  ] as const) {
    assert.equal(readAmount(given), kept, given);
  }
  const decimals = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), fc.stringMatching(/^\d{1,30}$/));
  fc.assert(
    fc.property(decimals, ([digits, fraction]) => readAmount(`${digits}.${fraction}`) === `${digits}.${fraction}`),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const kept = readAmount(text);
      return kept === null || (/^\d+(\.\d+)?$/.test(kept) && dec(kept).gte(0));
    }),
  );
});

test("a bound is a number or its text, never a huge or an odd one", () => {
  assert.equal(readBound(0.1), 0.1);
  assert.equal(readBound("10"), "10");
  assert.equal(readBound({ rawJSON: "0.12345678901234567890" }), "0.12345678901234567890");
  for (const odd of [-1, 1e21, Number.POSITIVE_INFINITY, { rawJSON: "1e999999" }, "1e3", "", " 1", null, [1], true]) {
    assert.equal(readBound(odd), null, JSON.stringify(odd));
  }
});

test("whatever is given, properties are read without an error and are kept as JSON", () => {
  const models = Object.keys(defaultProperties) as ChargeModel[];
  const keys = fc.constantFrom(
    "amount",
    "rate",
    "graduated_ranges",
    "volume_ranges",
    "pricing_group_keys",
    "grouped_by",
  );
  fc.assert(
    fc.property(fc.constantFrom(...models), fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 })), (model, given) => {
      const { properties } = readProperties(model, given, { isCustomMetric: true });
      assert.deepEqual(JSON.parse(JSON.stringify(properties)), properties);
    }),
  );
});
