import assert from "node:assert/strict";
import { test } from "node:test";
import type { BillableMetric } from "../model.ts";
import type { ChargeInput } from "./charge.ts";
import { type ChargeListFacts, type LiveCharge, readChargeList } from "./charge-list.ts";

const metric = (code: string, more: Partial<BillableMetric> = {}): BillableMetric => ({
  id: `metric-${code}`,
  code,
  name: code,
  description: null,
  aggregation_type: "sum_agg",
  field_name: "v",
  recurring: false,
  weighted_interval: null,
  rounding_function: null,
  rounding_precision: null,
  expression: null,
  custom_aggregator: null,
  filters: [],
  created_at: Temporal.Instant.from("2024-01-01T00:00:00Z"),
  ...more,
});

const calls = metric("calls");
const bytes = metric("bytes");
const metrics = new Map([calls, bytes].map((known) => [known.id, known]));

const charge = (code: string, more: Partial<LiveCharge> = {}): LiveCharge => ({
  code,
  charge_model: "standard",
  pay_in_advance: false,
  prorated: false,
  invoiceable: true,
  regroup_paid_fees: null,
  min_amount_cents: 0n,
  accepts_target_wallet: false,
  filters: [],
  applied_pricing_unit: null,
  invoice_display_name: null,
  properties: { amount: "1" },
  billable_metric: calls,
  ...more,
});

const facts = (live: Record<string, LiveCharge> = {}, isAttached = false): ChargeListFacts => ({
  live: new Map(Object.entries(live)),
  metrics,
  isAttached,
  units: new Map(),
});

const entry = (more: ChargeInput = {}): ChargeInput => ({
  billable_metric_id: calls.id,
  charge_model: "standard",
  properties: { amount: "1" },
  ...more,
});

function changes(entries: readonly ChargeInput[], of = facts()) {
  const reading = readChargeList(entries, of);
  assert.ok("changes" in reading, "refused");
  return reading.changes;
}

function problems(entries: readonly ChargeInput[], of = facts()) {
  const reading = readChargeList(entries, of);
  assert.ok("refusal" in reading);
  return reading.problems.map(({ field, code }) => `${field}: ${code}`);
}

const codesOf = (entries: readonly ChargeInput[], of = facts()) => changes(entries, of).created.map(({ code }) => code);

/** A change that leaves the filters as they are. */
const unfiltered = (terms: LiveCharge) => ({ terms: { ...terms, filters: null }, filters: null });

test("a charge without a code gets its metric's, then _2, _3 and so on", () => {
  assert.deepEqual(codesOf([entry(), entry(), entry({ billable_metric_id: bytes.id }), entry()]), [
    "calls",
    "calls_2",
    "bytes",
    "calls_3",
  ]);
  assert.deepEqual(codesOf([entry({ code: "" }), entry({ code: "calls_7" }), entry({ code: null })]), [
    "calls",
    "calls_7",
    "calls_8",
  ]);
  assert.deepEqual(codesOf([entry(), entry({ code: "calls" })]), ["calls_2", "calls"]);
  const live = { a: charge("calls"), b: charge("calls_4") };
  assert.deepEqual(codesOf([{ id: "a" }, { id: "b" }, entry()], facts(live)), ["calls_5"]);
});

test("a code is taken once", () => {
  assert.deepEqual(problems([entry({ code: "x" }), entry({ code: "x" })]), ["code: value_already_exist"]);
  assert.deepEqual(problems([{ id: "a" }, entry({ code: "x" })], facts({ a: charge("x") })), [
    "code: value_already_exist",
  ]);
  assert.deepEqual(codesOf([entry({ code: "x" })], facts({ gone: charge("x") })), ["x"], "a code of the gone is free");
});

test("known ids change, unknown ones create, the unlisted go", () => {
  const live = { a: charge("a"), b: charge("b") };
  const { created, changed, goneIds } = changes(
    [{ id: "a", properties: { amount: "2" } }, entry({ id: "?" })],
    facts(live),
  );
  assert.deepEqual(changed.get("a"), unfiltered(charge("a", { properties: { amount: "2" } })));
  assert.deepEqual(
    created.map(({ code }) => code),
    ["calls"],
  );
  assert.deepEqual(goneIds, ["b"]);
  assert.deepEqual(changes([], facts(live)).goneIds, ["a", "b"]);
  assert.deepEqual(problems([{ id: "a" }, { id: "a" }], facts(live)), [
    "code: value_already_exist",
    "id: value_is_duplicated",
  ]);
});

test("a change resets what it does not name: properties, display name and minimum", () => {
  const before = charge("a", { invoice_display_name: "A", min_amount_cents: 5n, prorated: false });
  const { changed } = changes([{ id: "a", charge_model: "package" }], facts({ a: before }));
  assert.deepEqual(
    changed.get("a"),
    unfiltered(charge("a", { charge_model: "package", properties: { package_size: 1, amount: "0", free_units: 0 } })),
  );
});

test("on an attached plan only display name and properties of a charge change", () => {
  const before = charge("a", { min_amount_cents: 5n });
  const sent: ChargeInput = {
    id: "a",
    code: "z",
    charge_model: "volume",
    billable_metric_id: bytes.id,
    pay_in_advance: true,
    prorated: true,
    invoiceable: false,
    regroup_paid_fees: "invoice",
    min_amount_cents: 9n,
    invoice_display_name: "New",
    properties: { amount: "3" },
  };
  const { changed } = changes([sent], facts({ a: before }, true));
  assert.deepEqual(
    changed.get("a"),
    unfiltered({ ...before, invoice_display_name: "New", properties: { amount: "3" } }),
  );
});

test("the first entry that is refused decides, with all its problems", () => {
  const bad = entry({ pay_in_advance: true, min_amount_cents: 1n, properties: { amount: 5 } });
  assert.deepEqual(problems([entry(), bad, entry({ charge_model: "nope" })]), [
    "min_amount_cents: not_compatible_with_pay_in_advance",
    "properties: invalid_amount",
  ]);
  assert.deepEqual(problems([entry({ charge_model: null })]), ["charge_model: value_is_mandatory"]);
  assert.deepEqual(problems([entry({ charge_model: "nope" })]), ["charge_model: value_is_invalid"]);
  assert.deepEqual(problems([{ charge_model: "standard" }]), ["billable_metric_id: value_is_mandatory"]);
  assert.deepEqual(problems([entry({ regroup_paid_fees: "week" })]), ["regroup_paid_fees: value_is_invalid"]);
  assert.deepEqual(problems([entry({ applied_pricing_unit: { code: "x" } })]), ["pricing_unit: relation_must_exist"]);
  assert.deepEqual(problems([entry({ filters: [{}], accepts_target_wallet: true })]), [
    "values: value_is_mandatory",
    "properties: invalid_amount",
  ]);
  assert.deepEqual(readChargeList([entry({ tax_codes: ["vat"] })], facts()), {
    refusal: "tax_not_found",
    problems: [],
  });
});

const regional = metric("regional", { filters: [{ key: "region", values: ["eu", "us"] }] });
const units = new Map([
  [
    "credits",
    {
      ...{ id: "unit", code: "credits", name: "Credits", short_name: "CR", description: null },
      created_at: Temporal.Instant.from("2024-01-01T00:00:00Z"),
    },
  ],
]);
const filter = (id: string, ordinal: bigint, region: readonly string[], amount = "1") => ({
  ...{ id, ordinal, invoice_display_name: null, properties: { amount }, values: { region } },
});
const withRegions = { ...facts(), metrics: new Map([[regional.id, regional]]), units };

test("filters are matched by their values: known ones change in place, the rest is new, the unlisted go (6.5)", () => {
  const before = charge("a", {
    billable_metric: regional,
    filters: [filter("f1", 1n, ["eu"]), filter("f2", 2n, ["us", "eu"]), filter("f3", 3n, ["eu"])],
  });
  const of = { ...withRegions, live: new Map([["a", before]]) };
  const sent = [
    { values: { region: ["eu", "us"] }, properties: { amount: "7" } },
    { values: { region: ["eu"] }, properties: { amount: "8" }, invoice_display_name: "EU" },
  ];
  const filters = changes([{ id: "a", properties: { amount: "1" }, filters: sent }], of).changed.get("a")?.filters;
  assert.deepEqual(filters, {
    created: [
      { ...{ invoice_display_name: null, properties: { amount: "7" } }, values: { region: ["eu", "us"] }, position: 0 },
    ],
    changed: new Map([
      [
        "f1",
        { ...{ invoice_display_name: "EU", properties: { amount: "8" } }, values: { region: ["eu"] }, position: 1 },
      ],
    ]),
    goneIds: ["f2", "f3"],
  });
  const none = changes([{ id: "a", properties: { amount: "1" }, filters: [] }], of).changed.get("a")?.filters;
  assert.deepEqual(none?.goneIds, ["f1", "f2", "f3"]);
});

test("filters that stay must fit the charge's new model", () => {
  const before = charge("a", { billable_metric: regional, filters: [filter("f1", 1n, ["eu"])] });
  const of = { ...withRegions, live: new Map([["a", before]]) };
  assert.deepEqual(problems([{ id: "a", charge_model: "percentage", properties: { rate: "1" } }], of), [
    "properties: invalid_rate",
  ]);
  assert.deepEqual(changes([{ id: "a", properties: { amount: "3" } }], of).changed.get("a")?.filters, null);
});

test("a pricing unit is set at creation; later only its rate changes (12.1)", () => {
  const priced = entry({
    billable_metric_id: regional.id,
    applied_pricing_unit: { code: "credits", conversion_rate: "0.50" },
  });
  const [created] = changes([priced], withRegions).created;
  const unit = created?.applied_pricing_unit;
  assert.deepEqual([unit?.pricing_unit_id, unit?.short_name, unit?.conversion_rate.toFixed()], ["unit", "CR", "0.5"]);
  for (const [conversion_rate, code] of [
    [0, "value_is_out_of_range"],
    ["-1", "value_is_out_of_range"],
    ["0.0000000000000001", "value_is_out_of_range"],
    [null, "value_is_mandatory"],
  ] as const) {
    const wrong = { ...priced, applied_pricing_unit: { code: "credits", conversion_rate } };
    assert.deepEqual(problems([wrong], withRegions), [`conversion_rate: ${code}`]);
  }
  const rateAfter = (before: LiveCharge, applied_pricing_unit: ChargeInput["applied_pricing_unit"]) => {
    const of = { ...withRegions, isAttached: true, live: new Map([["a", before]]) };
    const sent = { id: "a", properties: { amount: "1" }, applied_pricing_unit };
    return changes([sent], of).changed.get("a")?.terms.applied_pricing_unit?.conversion_rate.toFixed();
  };
  const before = charge("a", { billable_metric: regional, applied_pricing_unit: unit ?? null });
  assert.equal(rateAfter(before, { code: "other", conversion_rate: 2 }), "2");
  assert.equal(rateAfter(before, null), "0.5");
  assert.equal(
    rateAfter(charge("a", { billable_metric: regional }), { code: "credits", conversion_rate: 2 }),
    undefined,
  );
});
