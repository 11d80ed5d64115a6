import assert from "node:assert/strict";
import { test } from "node:test";
import { dec } from "../../kernel/decimal.ts";
import type { ChargeFilter, FilterValues } from "../model.ts";
import type { StoredCharge } from "../stored.ts";
import { chargesCascade, followedCharges, isSameJson } from "./cascade.ts";

const AT = Temporal.Instant.from("2024-01-01T00:00:00Z");

function charge(id: string, more: Partial<StoredCharge> = {}): StoredCharge {
  return {
    ...{ id, plan_id: "plan", parent_id: null, code: id, charge_model: "standard", pay_in_advance: false },
    ...{ prorated: false, invoiceable: true, regroup_paid_fees: null, min_amount_cents: 0n },
    ...{ accepts_target_wallet: false, invoice_display_name: null, properties: { amount: "1" }, filters: [] },
    ...{ applied_pricing_unit: null, created_at: AT },
    billable_metric: {
      ...{ id: "m", code: "m", name: "M", description: null, aggregation_type: "sum_agg", field_name: "v" },
      ...{ recurring: false, weighted_interval: null, rounding_function: null, rounding_precision: null },
      ...{ expression: null, custom_aggregator: null, created_at: AT },
      filters: [{ key: "region", values: ["eu", "us", "asia"] }],
    },
    ...more,
  };
}

let ordinal = 0n;
function filter(id: string, region: readonly string[], amount = "1", name: string | null = null): ChargeFilter {
  ordinal += 1n;
  return { id, ordinal, invoice_display_name: name, properties: { amount }, values: { region } };
}

const copy = (of: StoredCharge, more: Partial<StoredCharge> = {}): StoredCharge => ({
  ...of,
  id: `child-${of.id}`,
  plan_id: "child",
  parent_id: of.id,
  filters: of.filters.map((each) => ({ ...each, id: `child-${each.id}` })),
  ...more,
});

/** What becomes of `child` when the parent's charges go from `before` to `after`. */
function follow(before: readonly StoredCharge[], after: readonly StoredCharge[], child: readonly StoredCharge[]) {
  const cascade = chargesCascade(before, after);
  assert.ok(cascade !== null);
  // It waits as JSON.
  return followedCharges(child, after, JSON.parse(JSON.stringify(cascade)));
}

test("what children do not follow makes no cascade", () => {
  const before = charge("a", { filters: [filter("f", ["eu"])] });
  assert.equal(chargesCascade([before], [before]), null);
  const after = { ...before, invoice_display_name: "A", min_amount_cents: 5n, pay_in_advance: true };
  assert.equal(chargesCascade([before], [after]), null);
});

test("prices follow where they were the parent's, group keys always, other models not at all (10.6 of the metering spec)", () => {
  const before = charge("a");
  const after = charge("a", { code: "b", properties: { amount: "2", pricing_group_keys: ["country"] } });
  const same = copy(before, { properties: { amount: "1.0" } });
  const terms = (child: StoredCharge) => follow([before], [after], [child]).changed.get(child.id)?.terms;
  assert.deepEqual(terms(same)?.properties, after.properties);
  assert.equal(terms(same)?.code, "b");
  const own = copy(before, { properties: { amount: "9", pricing_group_keys: ["user"] }, min_amount_cents: 7n });
  assert.deepEqual(terms(own)?.properties, { amount: "9", pricing_group_keys: ["country"] });
  assert.equal(terms(own)?.min_amount_cents, 7n);
  assert.equal(terms(copy(before, { charge_model: "package" })), undefined);
});

test("a conversion rate follows where it was the parent's", () => {
  const unit = (rate: string) => ({
    ...{ pricing_unit_id: "u", code: "credits", short_name: "CR" },
    conversion_rate: dec(rate),
  });
  const [before, after] = [
    charge("a", { applied_pricing_unit: unit("0.5") }),
    charge("a", { applied_pricing_unit: unit("2") }),
  ];
  const rate = (own: string) =>
    follow([before], [after], [copy(before, { applied_pricing_unit: unit(own) })])
      .changed.get("child-a")
      ?.terms.applied_pricing_unit?.conversion_rate.toFixed();
  assert.equal(rate("0.50"), "2");
  assert.equal(rate("3"), "3");
});

test("a charge that is added is copied once, one that is deleted goes", () => {
  const [a, b, c] = [charge("a"), charge("b"), charge("c")];
  const { copied, goneIds } = follow([a, b], [b, c], [copy(a), copy(b)]);
  assert.deepEqual(
    copied.map(({ id }) => id),
    ["c"],
  );
  assert.deepEqual(goneIds, ["child-a"]);
  assert.deepEqual(follow([b], [b, c], [copy(b), copy(c)]).copied, []);
  assert.deepEqual(follow([b], [b, c], [copy(b), charge("other", { code: "c" })]).copied, [], "the code is taken");
});

test("a code that another charge of the child has is not taken from it", () => {
  const [before, after] = [charge("a"), charge("a", { code: "b" })];
  const child = [copy(before), copy(charge("b"))];
  assert.equal(follow([before], [after], child).changed.get("child-a")?.terms.code, "a");
});

const US: FilterValues = { region: ["us"] };

test("filters follow by their values: names and prices where they were the parent's, else group keys only", () => {
  const before = charge("a", { filters: [filter("us", ["us"], "10", "US"), filter("eu", ["eu"], "20", "EU")] });
  const changedUs = {
    ...filter("us", ["us"], "15", "States"),
    properties: { amount: "15", pricing_group_keys: ["c"] },
  };
  const after = charge("a", { filters: [changedUs, before.filters[1] as ChargeFilter] });
  const change = (child: StoredCharge) => follow([before], [after], [child]).changed.get(child.id)?.filters;
  assert.deepEqual(change(copy(before)), {
    created: [],
    changed: new Map([
      [
        "child-us",
        { ...{ invoice_display_name: "States", properties: changedUs.properties, values: US }, position: null },
      ],
    ]),
    goneIds: [],
  });
  const own = copy(before, { filters: [filter("mine", ["us"], "99", "Mine")] });
  assert.deepEqual(change(own)?.changed.get("mine"), {
    ...{ invoice_display_name: "Mine", properties: { amount: "99", pricing_group_keys: ["c"] } },
    ...{ values: US, position: null },
  });
});

test("a filter that is added is added once, with what is still admissible; one that is deleted goes, even customised", () => {
  const before = charge("a", { filters: [filter("us", ["us"], "10")] });
  const after = charge("a", { filters: [filter("asia", ["asia", "moon"], "30", "Asia"), filter("moon", ["moon"])] });
  const child = copy(before, { filters: [filter("mine", ["us"], "99"), filter("own", ["eu"])] });
  const filters = follow([before], [after], [child]).changed.get(child.id)?.filters;
  assert.deepEqual(filters?.goneIds, ["mine"]);
  assert.deepEqual(
    filters?.created.map(({ invoice_display_name, values }) => [invoice_display_name, values]),
    [["Asia", { region: ["asia"] }]],
  );
  const known = copy(before, { filters: [filter("known", ["asia"])] });
  assert.deepEqual(follow([before], [after], [known]).changed.get(known.id)?.filters?.created, []);
});

test("prices are compared as numbers", () => {
  assert.ok(isSameJson({ a: "1.0", b: [{ c: "x" }] }, { b: [{ c: "x" }], a: "1" }));
  assert.ok(isSameJson({ a: 1 }, { a: "1.00" }));
  assert.ok(!isSameJson({ a: "1" }, { a: "1", b: null }));
  assert.ok(!isSameJson([], {}));
  assert.ok(!isSameJson(null, {}));
});
