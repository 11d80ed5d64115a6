/** Every model again, written from the specification with fractions of whole numbers: the two must agree exactly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, toWire } from "../../kernel/decimal.ts";
import { decimalText, tiersWith, usageOf } from "../testing.ts";
import { price } from "./charge-models.ts";

/** numerator / denominator, never reduced, denominator > 0. */
interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

function fraction(text: string): Fraction {
  const [whole = "0", decimals = ""] = text.split(".");
  return { n: BigInt(whole + decimals), d: 10n ** BigInt(decimals.length) };
}
const plus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d });
const minus = (a: Fraction, b: Fraction): Fraction => plus(a, { n: -b.n, d: b.d });
const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d });
const percentOf = (rate: Fraction, base: Fraction): Fraction => times(times(rate, base), { n: 1n, d: 100n });
const isLess = (a: Fraction, b: Fraction): boolean => a.n * b.d < b.n * a.d;
const isMore = (a: Fraction, b: Fraction): boolean => isLess(b, a);
const least = (a: Fraction, b: Fraction): Fraction => (isLess(a, b) ? a : b);
const NOTHING: Fraction = { n: 0n, d: 1n };
const count = (value: number): Fraction => ({ n: BigInt(value), d: 1n });

function agrees(amount: ReturnType<typeof dec>, expected: Fraction): void {
  const [whole = "0", decimals = ""] = toWire(amount).split(".");
  const scale = 10n ** BigInt(decimals.length);
  assert.equal(BigInt(whole + decimals) * expected.d, expected.n * scale);
}

interface Range {
  readonly from_value: number;
  readonly to_value: number | null;
  readonly flat_amount: string;
}

/** 5.2: top − from + 1 beside tiers written 0–10, 11–20; top − from where they are adjacent. */
function tiered<T extends Range>(
  units: Fraction,
  ranges: readonly T[],
  isAdjacent: boolean,
  line: (share: Fraction, range: T) => Fraction,
): Fraction {
  let amount = NOTHING;
  for (const range of ranges) {
    const top = range.to_value === null ? units : least(units, count(range.to_value));
    const fromStart = isAdjacent ? count(range.from_value) : count(range.from_value - 1);
    const share = range.from_value === 0 ? top : minus(top, fromStart);
    amount = plus(plus(amount, line(share, range)), fraction(range.flat_amount));
    if (range.to_value === null || !isMore(units, count(range.to_value))) break;
  }
  return amount;
}

const RUNS = { numRuns: 4_000 };
const units = decimalText(400, 5);
const usage = (text: string) => usageOf(text);

test("standard", () => {
  fc.assert(
    fc.property(units, decimalText(1_000, 12), (used, amount) => {
      agrees(price("standard", { amount }, usage(used)).amount, times(fraction(used), fraction(amount)));
    }),
    RUNS,
  );
});

test("graduated", () => {
  const amounts = fc.record({ per_unit_amount: decimalText(50, 8), flat_amount: decimalText(20, 3) });
  fc.assert(
    fc.property(units, tiersWith(amounts), (used, { ranges, isAdjacent }) => {
      const adjacent = isAdjacent && ranges.length > 1;
      agrees(
        price("graduated", { graduated_ranges: ranges }, usage(used)).amount,
        tiered(fraction(used), ranges, adjacent, (share, range) => times(share, fraction(range.per_unit_amount))),
      );
    }),
    RUNS,
  );
});

test("graduated percentage", () => {
  const rates = fc.record({ rate: decimalText(100, 8), flat_amount: decimalText(20, 3) });
  fc.assert(
    fc.property(units, tiersWith(rates), (used, { ranges, isAdjacent }) => {
      agrees(
        price("graduated_percentage", { graduated_percentage_ranges: ranges }, usage(used)).amount,
        tiered(fraction(used), ranges, isAdjacent && ranges.length > 1, (share, range) =>
          percentOf(fraction(range.rate), share),
        ),
      );
    }),
    RUNS,
  );
});

test("package", () => {
  fc.assert(
    fc.property(
      units,
      decimalText(100, 6),
      fc.integer({ min: 1, max: 70 }),
      fc.nat(100),
      (used, amount, size, free) => {
        const paid = minus(fraction(used), count(free));
        const divisor = paid.d * BigInt(size);
        const packs = paid.n <= 0n ? 0n : (paid.n + divisor - 1n) / divisor;
        agrees(
          price("package", { amount, package_size: size, free_units: free }, usage(used)).amount,
          times({ n: packs, d: 1n }, fraction(amount)),
        );
      },
    ),
    RUNS,
  );
});

test("volume", () => {
  const amounts = fc.record({ per_unit_amount: decimalText(50, 8), flat_amount: decimalText(20, 3) });
  fc.assert(
    fc.property(units, tiersWith(amounts), (used, { ranges }) => {
      const quantity = fraction(used);
      const ceiling = (quantity.n + quantity.d - 1n) / quantity.d;
      const tier = ranges.find(
        ({ from_value, to_value }) =>
          BigInt(from_value) <= ceiling && (to_value === null || !isMore(quantity, count(to_value))),
      );
      assert.ok(tier);
      agrees(
        price("volume", { volume_ranges: ranges }, usage(used)).amount,
        plus(times(quantity, fraction(tier.per_unit_amount)), fraction(tier.flat_amount)),
      );
    }),
    RUNS,
  );
});

interface Percentage {
  readonly rate: string;
  readonly fixed_amount: string;
  readonly free_units_per_events: number | null;
  readonly free_units_per_total_aggregation: string | null;
  readonly per_transaction_min_amount: string | null;
  readonly per_transaction_max_amount: string | null;
}

/** 5.4, the amount of the whole. */
function ofTheWhole(terms: Percentage, values: readonly Fraction[], total: Fraction): Fraction {
  const events = terms.free_units_per_events ?? 0;
  const free = fraction(terms.free_units_per_total_aggregation ?? "0");
  const running: Fraction[] = [];
  for (const value of values) {
    if (events > 0 ? running.length === events : isMore(running.at(-1) ?? NOTHING, free)) break;
    running.push(plus(running.at(-1) ?? NOTHING, value));
  }
  const last = (events === 0 && free.n === 0n ? undefined : running.at(-1)) ?? NOTHING;
  const freeUnits = last.n === 0n ? NOTHING : free.n === 0n || !isMore(last, free) ? last : free;
  const below = free.n === 0n ? 0 : running.filter((entry) => isLess(entry, free)).length;
  const freeEvents = [events, below].filter((n) => n > 0).sort((a, b) => a - b)[0] ?? 0;
  const part = isMore(freeUnits, total) ? NOTHING : percentOf(fraction(terms.rate), minus(total, freeUnits));
  const paid = total.n === 0n ? 0 : Math.max(0, values.length - freeEvents);
  return plus(part, times(count(paid), fraction(terms.fixed_amount)));
}

/** 5.4, event by event, as its numbered steps. */
function eventByEvent(terms: Percentage, values: readonly Fraction[]): Fraction {
  let e = terms.free_units_per_events ?? 0;
  let a = fraction(terms.free_units_per_total_aggregation ?? "0");
  let total = NOTHING;
  for (let v of values) {
    if (e > 0 || a.n > 0n) {
      e -= 1;
      if (a.n <= 0n) continue;
      if (isMore(a, v)) {
        a = minus(a, v);
        continue;
      }
      v = minus(v, a);
      a = NOTHING;
      e = 0;
    }
    let t = plus(percentOf(fraction(terms.rate), v), fraction(terms.fixed_amount));
    const [least, most] = [terms.per_transaction_min_amount, terms.per_transaction_max_amount];
    if (least !== null && isLess(t, fraction(least))) t = fraction(least);
    else if (most !== null && isMore(t, fraction(most))) t = fraction(most);
    total = plus(total, t);
  }
  return total;
}

test("percentage, of the whole and event by event", () => {
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
  const terms: fc.Arbitrary<Percentage> = fc.record({
    rate: decimalText(100, 5),
    fixed_amount: decimalText(5, 3),
    free_units_per_events: optional(fc.integer({ min: 1, max: 6 })),
    free_units_per_total_aggregation: optional(decimalText(300, 2)),
    per_transaction_min_amount: optional(decimalText(2, 3)),
    per_transaction_max_amount: optional(decimalText(9, 3)),
  });
  fc.assert(
    fc.property(terms, fc.array(decimalText(200, 3), { maxLength: 10 }), (properties, texts) => {
      const values = texts.map(fraction);
      const total = values.reduce(plus, NOTHING);
      const isPerEvent =
        properties.per_transaction_min_amount !== null || properties.per_transaction_max_amount !== null;
      agrees(
        price(
          "percentage",
          { ...properties },
          {
            ...usageOf(0, texts.length),
            units: texts.reduce((sum, text) => sum.plus(dec(text)), dec(0)),
            series: texts.map((text) => dec(text)),
          },
        ).amount,
        isPerEvent ? eventByEvent(properties, values) : ofTheWhole(properties, values, total),
      );
    }),
    { numRuns: 6_000 },
  );
});

test("prorated: whole units choose the tier, prorated ones pay", () => {
  const amounts = fc.record({ per_unit_amount: decimalText(50, 8), flat_amount: decimalText(20, 3) });
  fc.assert(
    fc.property(units, units, tiersWith(amounts), (prorated, whole, { ranges }) => {
      const used = { ...usageOf(prorated), full_units: dec(whole) };
      const { n, d } = fraction(whole);
      const tier = ranges.find(
        ({ from_value, to_value }) =>
          BigInt(from_value) <= (n + d - 1n) / d && (to_value === null || !isMore(fraction(whole), count(to_value))),
      );
      assert.ok(tier);
      agrees(
        price("volume", { volume_ranges: ranges }, used).amount,
        plus(times(fraction(prorated), fraction(tier.per_unit_amount)), fraction(tier.flat_amount)),
      );
      const { per_unit_amount: amount } = tier;
      agrees(price("standard", { amount }, used).amount, times(fraction(prorated), fraction(amount)));
    }),
    RUNS,
  );
});

test("prorated graduated, unit by unit, where quarters of them count", () => {
  const amounts = fc.record({ per_unit_amount: decimalText(50, 4), flat_amount: decimalText(20, 3) });
  const moves = fc.array(fc.tuple(fc.integer({ min: -40, max: 60 }), fc.integer({ min: 1, max: 4 })), { minLength: 1 });
  fc.assert(
    fc.property(tiersWith(amounts), moves, ({ ranges }, steps) => {
      // Of each unit quarters count: w / v is exact in decimals.
      const pairs = steps.map(([full, quarters]) => ({ full: dec(full), prorated: dec(full * quarters).div(4) }));
      const total = steps.reduce((sum, [full, quarters]) => sum + full * quarters, 0);
      const tierOf = (unit: number) => ranges.findIndex(({ to_value }) => to_value === null || unit <= to_value);
      let [level, highest, charged] = [0, 0, NOTHING];
      for (const [full, quarters] of steps) {
        for (let moved = 0; moved < Math.abs(full); moved += 1) {
          const unit = Math.max(full > 0 ? level + moved + 1 : level - moved, 0);
          const at = fraction(ranges[tierOf(unit)]?.per_unit_amount ?? "0");
          charged = plus(charged, times(at, { n: BigInt(Math.sign(full) * quarters), d: 4n }));
        }
        level += full;
        highest = Math.max(highest, level);
      }
      const flats = ranges.slice(0, tierOf(highest) + 1).map((range) => fraction(range.flat_amount));
      const first = fraction(ranges[0]?.flat_amount ?? "0");
      const amount = plus(charged.n < 0n ? NOTHING : charged, flats.reduce(plus, NOTHING));
      agrees(
        price("graduated", { graduated_ranges: ranges }, { ...usageOf(0), units: dec(total).div(4), pairs }).amount,
        total === 0 ? first : level < 0 ? NOTHING : amount,
      );
    }),
    { numRuns: 1_500 },
  );
});
