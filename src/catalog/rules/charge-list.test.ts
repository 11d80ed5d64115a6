import assert from "node:assert/strict";
import { test } from "node:test";
import type { BillableMetric } from "../model.ts";
import type { ChargeInput } from "./charge.ts";
import { type ChargeListFacts, type CodedCharge, readChargeList } from "./charge-list.ts";

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
  ...more,
});

const calls = metric("calls");
const bytes = metric("bytes");
const metrics = new Map([calls, bytes].map((known) => [known.id, known]));

const charge = (code: string, more: Partial<CodedCharge> = {}): CodedCharge => ({
  code,
  charge_model: "standard",
  pay_in_advance: false,
  prorated: false,
  invoiceable: true,
  regroup_paid_fees: null,
  min_amount_cents: 0n,
  invoice_display_name: null,
  properties: { amount: "1" },
  billable_metric: calls,
  ...more,
});

const facts = (live: Record<string, CodedCharge> = {}, isAttached = false): ChargeListFacts => ({
  live: new Map(Object.entries(live)),
  metrics,
  isAttached,
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
  assert.deepEqual(changed.get("a"), charge("a", { properties: { amount: "2" } }));
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
    charge("a", { charge_model: "package", properties: { package_size: 1, amount: "0", free_units: 0 } }),
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
  assert.deepEqual(changed.get("a"), { ...before, invoice_display_name: "New", properties: { amount: "3" } });
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
    "filters: not_supported_yet",
    "accepts_target_wallet: not_supported_yet",
  ]);
  assert.deepEqual(readChargeList([entry({ tax_codes: ["vat"] })], facts()), {
    refusal: "tax_not_found",
    problems: [],
  });
});
