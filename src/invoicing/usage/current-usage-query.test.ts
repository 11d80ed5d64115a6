import assert from "node:assert/strict";
import { test } from "node:test";
import type { Charge } from "../../catalog/index.ts";
import { readCurrentUsageQuery, selectCharges } from "./current-usage-query.ts";

test("the first restriction given counts, under its own or its deprecated name", () => {
  for (const [query, restriction] of [
    [{}, null],
    [
      { charge_code: "b", charge_id: "a" },
      { by: "charge_id", value: "a" },
    ],
    [
      { filter_by_charge_id: "a", charge_code: "b" },
      { by: "charge_id", value: "a" },
    ],
    [
      { filter_by_charge_code: "b", billable_metric_code: "c" },
      { by: "charge_code", value: "b" },
    ],
    [
      { filter_by_metric_code: "c", charge_id: "" },
      { by: "billable_metric_code", value: "c" },
    ],
  ] as const)
    assert.deepEqual(readCurrentUsageQuery(query).restriction, restriction);
});

test("groups come as a map, as lists, or as a JSON text; the deprecated name is the weaker one", () => {
  for (const [query, group] of [
    [{}, {}],
    [
      { "group[user]": "1", "group[team]": "a" },
      { user: ["1"], team: ["a"] },
    ],
    [{ "group[user][]": ["1", "2"] }, { user: ["1", "2"] }],
    [{ group: '{"user": "1", "team": ["a", "b"]}' }, { user: ["1"], team: ["a", "b"] }],
    [{ "filter_by_group[user]": "1", "group[user]": "2" }, { user: ["2"] }],
    [{ filter_by_group: "{}", group: "" }, {}],
    [{ "group[__proto__]": "1" }, Object.fromEntries([["__proto__", ["1"]]])],
  ] as const)
    assert.deepEqual(readCurrentUsageQuery(query).view.group, group);
});

test("presentation keys come as a JSON array: none given shows all, an empty one shows none", () => {
  for (const [query, keys] of [
    [{}, null],
    [{ filter_by_presentation: "null" }, null],
    [{ filter_by_presentation: "[ ]" }, []],
    [{ filter_by_presentation: '["team"]' }, ["team"]],
    [{ "filter_by_presentation[]": ["team", "user"] }, ["team", "user"]],
  ] as const)
    assert.deepEqual(readCurrentUsageQuery(query).view.presentation, keys);
});

test("what cannot be read is refused by its name", () => {
  for (const [query, field] of [
    [{ group: "user" }, "group"],
    [{ group: "[1]" }, "group"],
    [{ group: '{"user": {"a": 1}}' }, "group"],
    [{ filter_by_group: '"user"' }, "filter_by_group"],
    [{ filter_by_presentation: "team" }, "filter_by_presentation"],
    [{ filter_by_presentation: "[1]" }, "filter_by_presentation"],
    [{ apply_taxes: "maybe" }, "apply_taxes"],
    [{ skip_grouping: "maybe" }, "skip_grouping"],
  ] as const)
    assert.throws(() => readCurrentUsageQuery(query), {
      code: "validation_errors",
      details: { [field]: ["value_is_invalid"] },
    });
});

const chargeOf = (code: string, name: string) => ({ id: code, code, billable_metric: { name, code: name } }) as Charge;

test("charges are shown by metric name whatever its case, those of one metric as they were created", () => {
  const charges = [chargeOf("1", "beta"), chargeOf("2", "Alpha"), chargeOf("3", "Gamma"), chargeOf("4", "alpha")];
  const codes = (chosen: readonly Charge[]) => chosen.map(({ code }) => code);
  assert.deepEqual(codes(selectCharges(charges, null)), ["2", "4", "1", "3"]);
  assert.deepEqual(codes(selectCharges(charges, { by: "charge_code", value: "3" })), ["3"]);
  assert.deepEqual(codes(selectCharges(charges, { by: "billable_metric_code", value: "alpha" })), ["4"]);
  assert.deepEqual(codes(selectCharges(charges, { by: "charge_id", value: "9" })), []);
});
