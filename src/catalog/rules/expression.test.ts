import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseExpression } from "./expression.ts";

test("what is an expression and what is none (1.5)", () => {
  for (const [source, ok] of [
    ["round(event.properties.value * event.properties.units)", true],
    ["round(event.properties.p, -1)", true],
    ["concat(event.properties.a, '-', 'suffix')", true],
    ["(123 - event.properties.p) / 10", true],
    ["ceil(123, -1)", true],
    ["event.timestamp+1", true],
    ["event.code", true],
    ["'text'", true],
    ["''", true],
    ["  1  ", true],
    ["-1", true],
    ["-(1+2)", true],
    ["1 - -1", true],
    ["ROUND(1)", true],
    ["Floor(1)", true],
    ["least(1)", true],
    ["greatest(1, 2, 3)", true],
    ["round (1)", true],
    ["1.1.1", false],
    ["", false],
    ["1 +", false],
    ["1 2", false],
    ["--1", false],
    ["+1", false],
    [".5", false],
    ["5.", false],
    ["1e3", false],
    ["rOund(1)", false],
    ["round()", false],
    ["round(1, 2, 3)", false],
    ["ceil(1, 2, 3)", false],
    ["concat()", false],
    ["sum(1)", false],
    ["round", false],
    ["event.properties", false],
    ["event.properties.1x", false],
    ["event.properties._x", false],
    ["event.properties.a-b", false],
    ["event.properties.a.b", false],
    ["event. properties.a", false],
    ["event.other", false],
    ["properties.a", false],
    ["(1", false],
    ["1)", false],
    ["'open", false],
    ["1\t+ 1", false],
    ["1\n", false],
    ["a = b", false],
    [`${"(".repeat(5000)}1${")".repeat(5000)}`, false],
  ] as const) {
    assert.equal(parseExpression(source) !== null, ok, source);
  }
});

test("* and / bind tighter than + and -, each from the left", () => {
  const show = (tree: ReturnType<typeof parseExpression>): string => {
    if (tree === null) return "none";
    if (tree.kind === "binary") return `(${show(tree.left)}${tree.operator}${show(tree.right)})`;
    if (tree.kind === "negated") return `-${show(tree.operand)}`;
    if (tree.kind === "call") return `${tree.name}(${tree.operands.map(show).join(",")})`;
    return tree.kind === "number" || tree.kind === "text" ? tree.text : tree.name;
  };
  assert.equal(show(parseExpression("1 - 2 - 3 * 4 / 5")), "((1-2)-((3*4)/5))");
  assert.equal(show(parseExpression("Round(event.properties.a + -2, 1)")), "round((a+-2),1)");
  assert.equal(show(parseExpression("event.timestamp * (1 + 2)")), "(timestamp*(1+2))");
});

test("any text either parses or does not", () => {
  const pieces = fc.constantFrom("1", "'a'", "event.code", "round(", "(", ")", "+", "-", "*", ",", " ", "\u0000", "é");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((all) => all.join("")),
      ),
      (source) => {
        parseExpression(source);
      },
    ),
  );
});
