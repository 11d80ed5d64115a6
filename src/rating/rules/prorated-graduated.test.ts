import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, max, min, round, sum, toWire, ZERO } from "../../kernel/decimal.ts";
import { decimalText, proratedUsageOf, tiersWith, usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

type Values = readonly (readonly [full: string | number, prorated: string | number])[];

const TWO_TIERS = {
  graduated_ranges: [
    { from_value: 0, to_value: 5, per_unit_amount: "10", flat_amount: "100" },
    { from_value: 6, to_value: null, per_unit_amount: "5", flat_amount: "50" },
  ],
};

const amount = (properties: typeof TWO_TIERS, units: string | number, values: Values) =>
  toWire(round(price("graduated", properties, proratedUsageOf(units, values)).amount, 2));

const unitsOf = (values: Values) => toWire(sum(values.map(([, prorated]) => dec(prorated))));

test("the table of 5.9: units are charged at the tier that they moved in, for their days", () => {
  const cases: readonly (readonly [Values, string])[] = [
    [
      [
        [5, "3.5"],
        [5, "2.66667"],
        [10, 2],
        [-6, "-2.2"],
      ],
      "197.33",
    ],
    [
      [
        [2, "1.4"],
        [5, "2.66667"],
        [10, 2],
        [-6, "-2.2"],
      ],
      "184.33",
    ],
    [
      [
        [1, "0.7097"],
        [4, "1.54839"],
        [1, "0.2258"],
        [-5, "-0.80645"],
        [-1, "-0.0645"],
      ],
      "165.81",
    ],
    [
      [
        [4, "2.8"],
        [2, 1],
        [-3, "-0.6"],
      ],
      "180.5",
    ],
    [
      [
        [5, "3.5"],
        [2, 1],
        [-4, "-1.6"],
        [10, 2],
      ],
      "190.0",
    ],
    [
      [
        [5, 2],
        [-100, "-33.33"],
      ],
      "0.0",
    ],
    [[[1, "0.7"]], "107.0"],
    [[], "100.0"],
  ];
  for (const [values, expected] of cases) assert.equal(amount(TWO_TIERS, unitsOf(values), values), expected);
});

test("5.9: three tiers through a September", () => {
  const properties = {
    graduated_ranges: [
      { from_value: 0, to_value: 5, per_unit_amount: "10", flat_amount: "100" },
      { from_value: 6, to_value: 15, per_unit_amount: "5", flat_amount: "50" },
      { from_value: 16, to_value: null, per_unit_amount: "2", flat_amount: "0" },
    ],
  };
  const share = (units: number, day: number) => [units, toWire(dec(units * (31 - day)).div(30))] as const;
  const days = [share(2, 10), share(5, 16), share(-6, 20), share(10, 25)];
  const expected = ["114.0", "184.0", "165.67", "179.67"];
  for (const [index, figure] of expected.entries()) {
    const values = days.slice(0, index + 1);
    assert.equal(amount(properties, unitsOf(values), values), figure);
  }
});

test("5.9: a seat that left gives nothing back, and one that came for no day moves nothing", () => {
  const seats: Values = [
    [1, "0.5"],
    [-1, 0],
    [1, "0.25"],
  ];
  assert.equal(amount(TWO_TIERS, "0.75", seats), "107.5");
  assert.equal(amount(TWO_TIERS, "0.5", [[-1, 0], ...seats.slice(0, 1)]), "105.0", "none was there");
  assert.equal(amount(TWO_TIERS, "0.5", [[7, 0], ...seats.slice(0, 1)]), "105.0", "the second tier is not reached");
});

test("5.9: the unit amount is the share of one whole unit, and there are no details", () => {
  const priced = price("graduated", TWO_TIERS, proratedUsageOf("0.7", [[4, "0.7"]]));
  assert.equal(toWire(priced.unit_amount), "26.75");
  assert.deepEqual(priced.amount_details, {});
});

const ranges = tiersWith(fc.record({ per_unit_amount: decimalText(50, 3), flat_amount: decimalText(20, 3) })).map(
  (tiers) => ({ graduated_ranges: tiers.ranges }),
);

test("for whole days only, a level that grows costs what it costs un-prorated", () => {
  fc.assert(
    fc.property(ranges, fc.array(decimalText(40, 2), { minLength: 1, maxLength: 8 }), (properties, texts) => {
      const total = toWire(sum(texts.map((text) => dec(text))));
      const prorated = price(
        "graduated",
        properties,
        proratedUsageOf(
          total,
          texts.map((text) => [text, text]),
        ),
      );
      assert.equal(toWire(prorated.amount), toWire(price("graduated", properties, usageOf(total)).amount));
    }),
    { numRuns: 2_000 },
  );
});

test("5.9 again, unit piece by unit piece: the way is cut at the bounds of the tiers", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: -60, max: 90 }), fc.integer({ min: 1, max: 30 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(ranges, steps, (properties, moves) => {
      const values = moves.map(([full, days]) => [full, toWire(dec(full * days).div(32))] as const);
      const usage = proratedUsageOf(unitsOf(values), values);
      let level = 0;
      let highest = 0;
      let charged = ZERO;
      const tierAt = (unit: number) =>
        properties.graduated_ranges.findIndex(({ to_value }) => to_value === null || unit <= to_value);
      for (const [full, days] of moves) {
        for (let moved = 0; moved < Math.abs(full); moved += 1) {
          const unit = full > 0 ? level + moved + 1 : level - moved;
          const at = properties.graduated_ranges[tierAt(Math.max(unit, 0))]?.per_unit_amount ?? "0";
          charged = charged.plus(
            dec(at)
              .times(Math.sign(full) * days)
              .div(32),
          );
        }
        level += full;
        highest = Math.max(highest, level);
      }
      const flats = properties.graduated_ranges.slice(0, tierAt(highest) + 1).map((range) => dec(range.flat_amount));
      const first = dec(properties.graduated_ranges[0]?.flat_amount ?? "0");
      const expected = usage.units.eq(0) ? first : level < 0 ? ZERO : max(charged, ZERO).plus(sum(flats));
      const found = price("graduated", properties, usage).amount;
      const gap = max(found, expected).minus(min(found, expected));
      assert.ok(gap.lt("0.000000000000000000000000001"), `${toWire(found)} is not ${toWire(expected)}`);
    }),
    { numRuns: 2_000 },
  );
});
