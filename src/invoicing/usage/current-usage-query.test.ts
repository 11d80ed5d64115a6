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

test("what comes later is refused by its name, unless it asks for nothing", () => {
  for (const [query, field] of [
    [{ "group[user]": "1" }, "group"],
    [{ filter_by_group: '{"user": "1"}' }, "filter_by_group"],
    [{ filter_by_presentation: '["team"]' }, "filter_by_presentation"],
  ] as const)
    assert.throws(() => readCurrentUsageQuery(query), {
      code: "validation_errors",
      details: { [field]: ["not_supported_yet"] },
    });
  for (const query of [{ group: "{}" }, { filter_by_presentation: "[ ]" }, { group: "" }, { skip_grouping: "true" }])
    assert.equal(readCurrentUsageQuery(query).full_usage, false);
  assert.throws(() => readCurrentUsageQuery({ apply_taxes: "maybe" }), { code: "validation_errors" });
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
