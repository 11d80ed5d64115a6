import assert from "node:assert/strict";
import { test } from "node:test";
import { dec } from "../../kernel/decimal.ts";
import type { StoredFixedCharge } from "../stored.ts";
import { fixedChargesCascade, followedFixedCharges } from "./fixed-charge-cascade.ts";
import { readFixedOverrides, unitsOnlyOverrides, withOwnUnits } from "./plan-overrides.ts";

const fixed = (id: string, more: Partial<StoredFixedCharge> = {}): StoredFixedCharge => ({
  ...{ id, plan_id: "p", parent_id: null, code: id, invoice_display_name: null, charge_model: "standard" },
  ...{ units: dec(10), pay_in_advance: true, prorated: false, properties: { amount: "1" } },
  add_on: { id: "a", code: "a", name: "A", description: null, invoice_display_name: null },
  created_at: Temporal.Instant.from("2024-01-01T00:00:00Z"),
  ...more,
});

test("a fixed charge is overridden by its id or its source's; what is not named stays", () => {
  const child = fixed("own", { parent_id: "f", invoice_display_name: "Seats" });
  for (const id of ["own", "f", "OWN"]) {
    const reading = readFixedOverrides([child], [{ id, units: "20", apply_units_immediately: true }]);
    assert.ok("charges" in reading);
    const [{ terms, isNamed } = {}] = reading.charges;
    assert.deepEqual(
      [terms?.units.toFixed(), terms?.properties, terms?.invoice_display_name, terms?.applies_at_once, isNamed],
      ["20", { amount: "1" }, "Seats", true, true],
    );
  }
  for (const [override, expected] of [
    [{ units: -1 }, { refusal: "validation_errors", problems: [{ field: "units", code: "value_is_out_of_range" }] }],
    [
      { properties: { amount: 1 } },
      { refusal: "validation_errors", problems: [{ field: "properties", code: "invalid_amount" }] },
    ],
    [{ charge_model: "volume" }, { refusal: "cannot_override_charge_model", problems: [] }],
    [{ tax_codes: ["vat"] }, { refusal: "tax_not_found", problems: [] }],
  ] as const) {
    assert.deepEqual(readFixedOverrides([child], [{ id: "f", ...override }]), expected);
  }
});

test("units alone need no child plan", () => {
  assert.deepEqual(unitsOnlyOverrides({ fixed_charges: [{ id: "f", units: 2 }] }), [{ id: "f", units: 2 }]);
  assert.equal(unitsOnlyOverrides({ fixed_charges: [{ id: "f", units: 2, properties: { amount: "1" } }] }), null);
  assert.equal(unitsOnlyOverrides({ fixed_charges: [{ id: "f" }] }), null);
  assert.equal(unitsOnlyOverrides({ name: "x", fixed_charges: [{ id: "f", units: 2 }] }), null);
  assert.equal(unitsOnlyOverrides({ fixed_charges: [] }), null);
  assert.equal(unitsOnlyOverrides({}), null);
});

test("units that a subscription had of its own go into its child plan, unless others are given", () => {
  const own = (id: string) => (id === "f" || id === "g" ? dec(7) : null);
  const { fixed_charges } = withOwnUnits(
    { name: "x", fixed_charges: [{ id: "g", units: 3 }] },
    [fixed("f"), fixed("g"), fixed("h")],
    own,
  );
  assert.deepEqual(fixed_charges, [
    { id: "f", units: "7" },
    { id: "g", units: 3 },
  ]);
  assert.deepEqual(withOwnUnits({ name: "x" }, [fixed("h")], own), { name: "x" });
});

test("10.6: units and prices follow together where they were the parent's, the code always", () => {
  const before = [fixed("f"), fixed("gone")];
  const after = [fixed("f", { code: "new", units: dec(20), properties: { amount: "2" } }), fixed("added")];
  const cascade = fixedChargesCascade(before, after, ["f", "added"]);
  assert.ok(cascade !== null);
  const follow = (more: Partial<StoredFixedCharge>) =>
    followedFixedCharges([fixed("c", { parent_id: "f", code: "f", ...more })], after, cascade).changed.get("c");
  const equal = follow({ properties: { amount: "1.0" } });
  assert.deepEqual(
    [equal?.code, equal?.units.toFixed(), equal?.properties, equal?.applies_at_once],
    ["new", "20", { amount: "2" }, true],
  );
  const otherUnits = follow({ units: dec(11) });
  assert.deepEqual(
    [otherUnits?.code, otherUnits?.units.toFixed(), otherUnits?.properties, otherUnits?.applies_at_once],
    ["new", "11", { amount: "1" }, false],
  );
  assert.deepEqual(follow({ properties: { amount: "5" } })?.properties, { amount: "5" });
  assert.equal(follow({ charge_model: "volume" }), undefined, "another model does not follow");
});

test("10.6: what is created is copied once, what is deleted goes, customised or not", () => {
  const cascade = fixedChargesCascade([fixed("gone")], [fixed("added")], ["added"]);
  assert.ok(cascade !== null);
  const child = [fixed("c", { parent_id: "gone", units: dec(99) })];
  const { goneIds, copied } = followedFixedCharges(child, [fixed("added")], cascade);
  assert.deepEqual(goneIds, ["c"]);
  assert.deepEqual(
    copied.map(({ id, applies_at_once }) => [id, applies_at_once]),
    [["added", true]],
  );
  const again = followedFixedCharges([fixed("d", { parent_id: "added", code: "x" })], [fixed("added")], cascade);
  assert.deepEqual(again.copied, []);
  assert.equal(fixedChargesCascade([fixed("f")], [fixed("f", { invoice_display_name: "only a name" })], []), null);
});
