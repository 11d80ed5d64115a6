import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { dec, max, round, sum, toWire, ZERO } from "../../../kernel/decimal.ts";
import { type Change, type Marks, riseOf } from "./high-water.ts";

const value = (text: string | number): Change => ({ kind: "value", value: dec(text) });

/** Units shown and units charged of each event. */
function walk(changes: readonly Change[]): [units: string, charged: string][] {
  let marks: Marks | null = null;
  return changes.map((change) => {
    const rise = riseOf(marks, change, null);
    marks = rise.marks;
    return [toWire(rise.units), toWire(rise.increment)];
  });
}

/** Distinct values that come and leave, by their operations. */
function seats(operations: readonly (readonly ["add" | "remove", string])[]): Change[] {
  const active = new Set<string>();
  return operations.map(([operation, id]): Change => {
    const isActive = active.has(id);
    if (operation === "remove") active.delete(id);
    else active.add(id);
    return operation === "remove" ? { kind: "remove", is_active: isActive } : { kind: "add", is_new: !isActive };
  });
}

test("a sum is charged above its high-water mark (7.3)", () => {
  assert.deepEqual(walk([value(10), value(-4), value(8)]), [
    ["10.0", "10.0"],
    ["0.0", "0.0"],
    ["4.0", "4.0"],
  ]);
  assert.deepEqual(walk([value(10), value(-4), value(3)])[2], ["3.0", "0.0"]);
});

test("a sum's lifecycle (G7)", () => {
  assert.deepEqual(walk([value(10), value(-4), value(3), value(6)]), [
    ["10.0", "10.0"],
    ["0.0", "0.0"],
    ["3.0", "0.0"],
    ["5.0", "5.0"],
  ]);
});

test("distinct values are charged once, and again in another's place for nothing (7.3)", () => {
  const operations = [
    ["add", "id_1"],
    ["remove", "id_1"],
    ["add", "id_1"],
    ["add", "id_2"],
    ["add", "id_2"],
    ["add", "id_3"],
    ["remove", "id_3"],
  ] as const;
  assert.deepEqual(walk(seats(operations)), [
    ["1.0", "1.0"],
    ["0.0", "0.0"],
    ["1.0", "0.0"],
    ["1.0", "1.0"],
    ["0.0", "0.0"],
    ["1.0", "1.0"],
    ["0.0", "0.0"],
  ]);
});

test("a period that begins below zero is charged from zero on (7.3)", () => {
  assert.deepEqual(walk([value(-5), value(3), value(4)]), [
    ["0.0", "0.0"],
    ["3.0", "0.0"],
    ["2.0", "2.0"],
  ]);
});

test("a removal of what was there before the period leaves its level at zero (7.3)", () => {
  assert.deepEqual(walk([{ kind: "remove", is_active: true }, ...seats([["add", "u"]])]), [
    ["0.0", "0.0"],
    ["1.0", "1.0"],
  ]);
});

test("prorated seats are charged for the days left (7.3 and G8)", () => {
  const june = (day: number) => ({ days: 31 - day, period_days: 30 });
  const steps = [
    [11, "add", "u1"],
    [12, "add", "u2"],
    [20, "remove", "u1"],
    [25, "add", "u3"],
    [26, "add", "u4"],
  ] as const;
  const changes = seats(steps.map(([, operation, id]) => [operation, id]));
  let marks: Marks | null = null;
  const fees = steps.map(([day], index) => {
    const rise = riseOf(marks, changes[index] as Change, june(day));
    marks = rise.marks;
    return [toWire(rise.units), toWire(round(rise.prorated_increment.times(30), 2))];
  });
  assert.deepEqual(fees, [
    ["1.0", "20.0"],
    ["1.0", "19.0"],
    ["0.0", "0.0"],
    ["1.0", "0.0"],
    ["1.0", "5.0"],
  ]);
  const july = riseOf(null, { kind: "add", is_new: true }, { days: 15, period_days: 31 });
  assert.equal(toWire(july.prorated_increment), "0.48388");
  assert.equal(toWire(round(july.prorated_increment.times(30), 2)), "14.52");
});

test("what is charged adds up to the highest level that the period had", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 })), (values) => {
      const charged = sum(walk(values.map(value)).map(([, units]) => dec(units)));
      let level = ZERO;
      let highest = ZERO;
      for (const each of values) {
        level = level.plus(each);
        highest = max(highest, level);
      }
      return charged.eq(highest);
    }),
    { numRuns: 3_000 },
  );
});
