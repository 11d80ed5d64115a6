import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec } from "../../kernel/decimal.ts";
import { parseJson } from "../../kernel/json.ts";
import { evaluateExpression, isFailure, storedResult } from "./evaluate.ts";
import { parseExpression } from "./expression.ts";

const AT = { code: "storage", timestamp: "1651240791" };

function evaluated(source: string, properties: Record<string, unknown> = {}): string {
  const expression = parseExpression(source);
  assert.ok(expression !== null, source);
  const result = evaluateExpression(expression, { ...AT, properties });
  return isFailure(result) ? `! ${result.failure}` : storedResult(result);
}

test("the worked examples (1.5)", () => {
  for (const [source, properties, expected] of [
    ["round(event.properties.value * event.properties.units)", { value: 10.4, units: 2 }, "21.0"],
    ["round(event.properties.p, -1)", { p: "12.34" }, "10.0"],
    ["concat(event.properties.a, '-', 'suffix')", { a: "test" }, "test-suffix"],
    ["(123 - event.properties.p) / 10", { p: 1.23 }, "12.177"],
    ["ceil(123, -1)", {}, "130.0"],
    ["event.properties.a + event.properties.b", { a: "1", b: "2" }, "3.0"],
    ["event.properties.a + event.properties.b", { a: "1" }, "! Variable: b not found"],
  ] as const) {
    assert.equal(evaluated(source, properties), expected, source);
  }
});

test("every element of the language (1.5)", () => {
  for (const [source, properties, expected] of [
    ["event.timestamp", {}, "1651240791.0"],
    ["event.code", {}, "storage"],
    ["event.timestamp + 1", {}, "1651240792.0"],
    ["event.code + 1", {}, "! Expected a decimal"],
    ["'1' + 1", {}, "! Expected a decimal"],
    ["-event.code", {}, "! Expected a decimal"],
    ["-event.properties.a", { a: "2" }, "-2.0"],
    ["1 - -1", {}, "2.0"],
    ["7 - 2 - 1", {}, "4.0"],
    ["2 + 3 * 4", {}, "14.0"],
    ["(2 + 3) * 4", {}, "20.0"],
    ["8 / 4 / 2", {}, "1.0"],
    ["0.1 + 0.2", {}, "0.3"],
    ["1 / 0", {}, "! Division by zero"],
    ["1 / (event.properties.a - 1)", { a: 1 }, "! Division by zero"],
    ["0 / 7", {}, "0.0"],
    ["concat('a')", {}, "a"],
    ["concat(1.50, 'x', event.code)", {}, "1.50xstorage"],
    ["concat(event.properties.id, '-x')", { id: "007" }, "007-x"],
    ["concat(1 + 1, '')", {}, "2"],
    ["concat(event.timestamp, '')", {}, "1651240791"],
    ["round(2.5)", {}, "3.0"],
    ["round(-2.5)", {}, "-3.0"],
    ["round(12.345, 2)", {}, "12.35"],
    ["round(12.345, 1.9)", {}, "12.3"],
    ["round(1234, -2)", {}, "1200.0"],
    ["round(-0.4)", {}, "0.0"],
    ["ceil(12.31, 1)", {}, "12.4"],
    ["ceil(-12.39, 1)", {}, "-12.3"],
    ["ceil(1234, -2)", {}, "1300.0"],
    ["floor(12.39, 1)", {}, "12.3"],
    ["floor(-12.31, 1)", {}, "-12.4"],
    ["FLOOR(1234, -2)", {}, "1200.0"],
    ["Round(1.25, 'x')", {}, "! Expected a decimal"],
    ["round('x')", {}, "! Expected a decimal"],
    ["round(1.5, 99999999999)", {}, "1.5"],
    ["least(3, 1, 2)", {}, "1.0"],
    ["Greatest(3, 1, 20)", {}, "20.0"],
    ["least(1, 'a')", {}, "! Expected a decimal"],
    ["event.properties.a", { a: "text" }, "text"],
    ["event.properties.a", { a: "" }, ""],
    ["event.properties.a + 1", { a: "" }, "! Expected a decimal"],
    ["event.properties.a", { a: null }, "! Variable: a not found"],
    ["event.properties.constructor", {}, "! Variable: constructor not found"],
    ["event.properties.a", { a: true }, "true"],
    ["event.properties.a + 1", { a: [1] }, "! Expected a decimal"],
    ["event.properties.a", { a: { b: [1, 2] } }, '{"b": [1, 2]}'],
    ["event.properties.a + 1", { a: "1e3" }, "! Expected a decimal"],
  ] as const) {
    assert.equal(evaluated(source, properties), expected, source);
  }
});

test("numbers keep every digit, up to 100 significant ones in a division", () => {
  const properties = parseJson('{"a": 12345678901234567890.123456789, "b": 1e2}') as Record<string, unknown>;
  assert.equal(evaluated("event.properties.a * 10", properties), "123456789012345678901.23456789");
  assert.equal(evaluated("event.properties.b + 1", properties), "101.0");
  const third = evaluateExpression(parseExpression("1 / 3") ?? assert.fail(), { ...AT, properties: {} });
  assert.equal(String(third), `0.${"3".repeat(100)}`);
  const twoThirds = evaluateExpression(parseExpression("200 / 3") ?? assert.fail(), { ...AT, properties: {} });
  assert.equal(String(twoThirds), `66.${"6".repeat(97)}7`);
  // What is stored must still count as a number.
  assert.equal(evaluated("1 / 3"), `0.${"3".repeat(30)}`);
});

test("what would grow without end is refused", () => {
  const many = (text: string, times: number) => Array.from({ length: times }, () => text).join("*");
  assert.equal(evaluated(many("event.properties.a", 9), { a: "9".repeat(60) }), "! Number too long");
  assert.equal(evaluated("ceil(1, -1000000)"), "! Number too long");
  assert.equal(
    evaluated("concat(event.properties.a, event.properties.a)", { a: "x".repeat(40_000) }),
    "! Text too long",
  );
  assert.equal(
    evaluated("event.properties.a + 1", parseJson('{"a": 1e999999999}') as Record<string, unknown>),
    "! Expected a decimal",
  );
  assert.equal(evaluated(Array.from({ length: 4_900 }, () => "1").join("+")), "4900.0");
});

/** A fraction of whole numbers: an arithmetic of its own. */
interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}
const fractionOf = (text: string): Fraction => {
  const [whole = "", places = ""] = text.split(".");
  return { over: BigInt(whole + places), under: 10n ** BigInt(places.length) };
};
const abs = (value: bigint) => (value < 0n ? -value : value);

function roundFraction({ over, under }: Fraction, places: number, direction: "half" | "up" | "down"): Fraction {
  const [scaledOver, scaledUnder] =
    places >= 0 ? [over * 10n ** BigInt(places), under] : [over, under * 10n ** BigInt(-places)];
  const floor = scaledOver / scaledUnder - (scaledOver < 0n && scaledOver % scaledUnder !== 0n ? 1n : 0n);
  const rest = scaledOver - floor * scaledUnder;
  const half = 2n * rest - scaledUnder;
  const isUp =
    rest !== 0n && (direction === "up" || (direction === "half" && (half > 0n || (half === 0n && over > 0n))));
  const whole = floor + (isUp ? 1n : 0n);
  return places >= 0
    ? { over: whole, under: 10n ** BigInt(places) }
    : { over: whole * 10n ** BigInt(-places), under: 1n };
}

interface Case {
  readonly source: string;
  readonly value: Fraction;
}

const decimal = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.integer({ min: 0, max: 6 }))
  .map(([digits, places]) => (places === 0 ? String(digits) : `${digits}.${"5".repeat(places)}`));
const leaf: fc.Arbitrary<Case> = decimal.map((text) => ({ source: text, value: fractionOf(text) }));
const { sum: cases } = fc.letrec<{ sum: Case; product: Case; primary: Case }>((tie) => ({
  sum: fc.oneof(
    { depthSize: "small" },
    tie("product"),
    fc.tuple(tie("sum"), fc.constantFrom("+", "-"), tie("product")).map(([a, sign, b]) => {
      const step = sign === "+" ? b.value.over * a.value.under : -b.value.over * a.value.under;
      return {
        source: `${a.source} ${sign} ${b.source}`,
        value: { over: a.value.over * b.value.under + step, under: a.value.under * b.value.under },
      };
    }),
  ),
  product: fc.oneof(
    { depthSize: "small" },
    tie("primary"),
    fc.tuple(tie("product"), tie("primary")).map(([a, b]) => ({
      source: `${a.source}*${b.source}`,
      value: { over: a.value.over * b.value.over, under: a.value.under * b.value.under },
    })),
    tie("primary").map(({ source, value }) => ({ source: `-${source}`, value: { ...value, over: -value.over } })),
  ),
  primary: fc.oneof(
    { depthSize: "small" },
    leaf,
    tie("sum").map(({ source, value }) => ({ source: `( ${source})`, value })),
    fc
      .tuple(tie("sum"), fc.integer({ min: -5, max: 8 }), fc.constantFrom("round", "CEIL", "Floor"))
      .map(([a, places, name]) => ({
        source: `${name}(${a.source}, ${places})`,
        value: roundFraction(a.value, places, name === "round" ? "half" : name === "CEIL" ? "up" : "down"),
      })),
    fc.tuple(fc.array(tie("sum"), { minLength: 1, maxLength: 3 }), fc.boolean()).map(([all, isLeast]) => ({
      source: `${isLeast ? "least" : "greatest"}(${all.map(({ source }) => source).join(",")})`,
      value: all.map(({ value }) => value).reduce((a, b) => (a.over * b.under < b.over * a.under === isLeast ? a : b)),
    })),
  ),
}));

const asFraction = (text: string): Fraction => {
  const { over, under } = fractionOf(text.replace("-", ""));
  return { over: text.startsWith("-") ? -over : over, under };
};

test("an evaluation is what fractions of whole numbers say", () => {
  fc.assert(
    fc.property(cases, ({ source, value }) => {
      const expression = parseExpression(source);
      // A minus before a minus is none of the language.
      fc.pre(expression !== null);
      const result = evaluateExpression(expression, { ...AT, properties: {} });
      if (isFailure(result)) return assert.equal(result.failure, "Number too long");
      const { over, under } = asFraction(typeof result === "string" ? result : result.toFixed());
      assert.equal(over * value.under, value.over * under, source);
    }),
    { numRuns: 3_000 },
  );
});

test("a division is the fraction, rounded to 100 significant digits", () => {
  const number = fc.tuple(fc.boolean(), decimal).map(([isNegative, text]) => (isNegative ? `(0-${text})` : text));
  const plain = (text: string) => asFraction(text.replace(/^\(0-(.*)\)$/, "-$1"));
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [left, right] = [plain(a), plain(b)];
      fc.pre(right.over !== 0n);
      const result = evaluateExpression(parseExpression(`${a}/${b}`) ?? assert.fail(), { ...AT, properties: {} });
      assert.ok(!isFailure(result) && typeof result !== "string");
      const over = left.over * right.under;
      const under = left.under * right.over;
      // Where the quotient's first digit stands, and its 100th.
      const text = (abs(over) * 10n ** 200n) / abs(under);
      const places = 200 - (String(text).length - 100);
      const exact = roundFraction({ over: under < 0n ? -over : over, under: abs(under) }, places, "half");
      assert.ok(
        over === 0n
          ? result.eq(0)
          : dec(exact.over)
              .div(1)
              .eq(result.times(dec(exact.under))),
        `${a}/${b}`,
      );
    }),
    { numRuns: 3_000 },
  );
});
