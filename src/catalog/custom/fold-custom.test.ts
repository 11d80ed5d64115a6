import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dec, round, sum } from "../../kernel/decimal.ts";
import { Refusal } from "../../kernel/failure.ts";
import { parseJson } from "../../kernel/json.ts";
import { type CustomEvent, type CustomState, carriedState, foldCustom, scriptProblem } from "./fold-custom.ts";

const FIRST = Temporal.Instant.from("2024-01-01T00:00:00.123456Z");

const eventsOf = (properties: readonly unknown[]): CustomEvent[] =>
  properties.map((own, index) => ({
    transaction_id: `t${index}`,
    timestamp: FIRST.add({ seconds: index }),
    properties: own,
    precise_total_amount_cents: index === 0 ? dec("12.5") : null,
  }));

const script = (body: string) => `function aggregate(state, event, properties) { ${body} }`;

async function fold(
  body: string,
  properties: readonly unknown[] = [{ v: 1 }],
  custom: unknown = {},
  state?: CustomState,
) {
  const { total_units, amount, state: next } = await foldCustom(script(body), eventsOf(properties), custom, state);
  return { total_units: total_units.toFixed(), amount: amount.toFixed(), state: next };
}

test("a script folds events in order into units and an amount (2.8)", async () => {
  const body = `
    const units = decimal.add(state.total_units, event.properties.v);
    return { total_units: units, amount: decimal.add(state.amount, decimal.mul(event.properties.v, properties.price)), last: event };`;
  const { total_units, amount, state } = await fold(body, [{ v: 0.1 }, { v: "0.2" }, { v: 0.3 }], { price: "0.07" });
  assert.deepEqual([total_units, amount], ["0.6", "0.042"]);
  assert.deepEqual(state.last, {
    transaction_id: "t2",
    timestamp: 1704067202.123456,
    properties: { v: 0.3 },
    precise_total_amount_cents: null,
  });
  assert.equal((await fold("return { total_units: event.precise_total_amount_cents }")).total_units, "12.5");
  assert.equal(
    (
      await foldCustom("const aggregate = (s) => ({ ...s, total_units: 2 });", eventsOf([{}]), null)
    ).total_units.toFixed(),
    "2",
  );
});

test("without events the state stays what it was; a carried one begins a new amount", async () => {
  const state = { total_units: "7.5", amount: 3, seen: ["a"] };
  assert.deepEqual(await fold("throw 1", [], {}, state), { total_units: "7.5", amount: "3", state });
  assert.deepEqual(carriedState(state), { total_units: "7.5", amount: 0, seen: ["a"] });
  assert.deepEqual(await fold("throw 1", []), { total_units: "0", amount: "0", state: { total_units: 0, amount: 0 } });
});

test("numbers cross the border without loss: what a double cannot hold is a text", async () => {
  const properties = parseJson('{"a": 12345678901234567890.5, "b": 0.1, "c": "007"}');
  const { state } = await fold("return { total_units: 1, is: event.properties }", [properties]);
  assert.deepEqual(state.is, { a: "12345678901234567890.5", b: 0.1, c: "007" });
  for (const [returned, expected] of [
    ["0.1 + 0.2", "0.30000000000000004"],
    ["1e21", "1000000000000000000000"],
    ["1e-7", "0.0000001"],
    ["'-12.50'", "-12.5"],
    [`'0.${"3".repeat(40)}'`, `0.${"3".repeat(30)}`],
  ] as const) {
    assert.equal((await fold(`return { total_units: ${returned} }`)).total_units, dec(expected).toFixed(), returned);
  }
});

test("decimals in the sandbox are exact", async () => {
  const number = fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: 0, max: 8 }))
    .map(([isNegative, digits, places]) => dec(`${isNegative ? "-" : ""}${digits}e-${places}`).toFixed());
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(number, number, fc.integer({ min: -3, max: 9 })), { minLength: 1, maxLength: 200 }),
      async (pairs) => {
        const body = `
        const { a, b, places } = event.properties;
        const { add, sub, mul, div, round, ceil, floor, compare, min, max } = decimal;
        const all = [add(a, b), sub(a, b), mul(a, b), round(a, places), ceil(a, places), floor(a, places), min(a, b), max(a, b)];
        if (compare(b, 0) !== 0) all.push(div(a, b, 30));
        return { total_units: add(state.total_units, a), all: [...(state.all ?? []), all] };`;
        const { state, total_units } = await fold(
          body,
          pairs.map(([a, b, places]) => ({ a, b, places })),
        );
        assert.equal(total_units, sum(pairs.map(([a]) => dec(a))).toFixed());
        for (const [index, [x, y, places]] of pairs.entries()) {
          const [a, b] = [dec(x), dec(y)];
          const up = a.round(places, a.lt(0) ? 0 : 3);
          const down = a.round(places, a.lt(0) ? 3 : 0);
          const expected = [
            a.plus(b),
            a.minus(b),
            a.times(b),
            round(a, places),
            up,
            down,
            a.lt(b) ? a : b,
            a.gt(b) ? a : b,
          ];
          if (!b.eq(0)) expected.push(round(a.div(b), 30));
          const found = (state.all as string[][])[index] as string[];
          assert.deepEqual(
            found.map((text) => dec(text).times(1).toFixed().replace(/^-0$/, "0")),
            expected.map((one) => one.toFixed().replace(/^-0$/, "0")),
            `${x} ${y} ${places}`,
          );
        }
      },
    ),
    { numRuns: 20 },
  );
});

test("however many events there are, they are folded as one list; the same list always gives the same", async () => {
  const properties = Array.from({ length: 2_500 }, (_, index) => ({ v: index % 10, pad: "x".repeat(index % 900) }));
  const body =
    "return { total_units: state.total_units + event.properties.v, hash: ((state.hash ?? 7) * 31 + event.properties.v) % 1000003 };";
  const once = await fold(body, properties);
  assert.equal(once.total_units, String(properties.reduce((total, { v }) => total + v, 0)));
  assert.equal(
    once.state.hash,
    properties.reduce((hash, { v }) => (hash * 31 + v) % 1000003, 7),
  );
  assert.deepEqual(await fold(body, properties), once);
});

test("what fails, loops, grows or reaches out is stopped with the reason", async () => {
  for (const [body, reason] of [
    ["while (true) {}", /too many steps/],
    ["for (;;) state = { ...state };", /too many steps/],
    ["return aggregate(state, event, properties)", /stack overflow/],
    ["return /(a+)+$/.test('a'.repeat(60) + '!')", /too many steps/],
    ["return { get total_units() { while (true) {} } }", /too many steps/],
    ["const all = []; while (true) all.push({ a: [1, 2] })", /too much memory/],
    ["return { total_units: 1, s: 'x'.repeat(2 ** 29) }", /too much memory/],
    ["return { total_units: new Uint8Array(2 ** 30).length }", /too much memory/],
    ["return { total_units: 1, s: 'x'.repeat(100000) }", /too large/],
    ["let text = 'a'; for (;;) text += text", /string too long|too much memory/],
    ["return { total_units: 10n ** 100000000n > 0n ? 1 : 2 }", /too large|too long|too much/],
    ["let s = {}; for (let i = 0; i < 1e5; i++) s = { s }; return { total_units: 1, s }", /stack overflow|too large/],
    ["return require('fs').readFileSync('/etc/passwd')", /'require' is not defined/],
    ["return process.env", /'process' is not defined/],
    ["return import('node:fs')", /TypeError/],
    ["return { total_units: Date.now() }", /'Date' is not defined/],
    ["return { total_units: performance.now() }", /'performance' is not defined/],
    ["return { total_units: Math.random() }", /not a function/],
    ["return fetch('http://localhost')", /'fetch' is not defined/],
    ["return WebAssembly", /'WebAssembly' is not defined/],
    ["return { total_units: [].constructor.constructor('return process')() }", /'process' is not defined/],
    ["return { total_units: (0, eval)('globalThis.process') }", /must be JSON|must be a number/],
    ["return { total_units: 1, m: new Map() }", /state.m is an object of a class/],
    ["return { total_units: 1, f() {} }", /must be JSON/],
    ["return { total_units: 5n }", /must be JSON/],
    ["return { total_units: NaN }", /must be JSON/],
    ["return { total_units: 'many' }", /total_units must be a number or a decimal text/],
    ["return { amount: 1 }", /total_units must be a number/],
    ["return { total_units: 1, amount: [] }", /amount must be a number/],
    ["return { total_units: 1e300 }", /too many digits/],
    ["return undefined", /must return the next state/],
    ["return [1]", /must return the next state/],
    ["throw new RangeError('no price\\nfor this')", /RangeError: no price/],
    ["throw null", /thrown: null/],
    ["throw { name: {}, message: { toString() { while (true) {} } } }", /./],
    ["return Promise.resolve(state)", /'Promise' is not defined/],
  ] as const) {
    await assert.rejects(fold(body), (error) => {
      assert.ok(error instanceof Refusal && error.code === "custom_aggregation_failed", `${body}: ${error}`);
      assert.match(error.message, reason, body);
      return true;
    });
  }
  // The threads are in order.
  assert.equal((await fold("return { total_units: 1 }")).total_units, "1");
});

test("tricks on prototypes hurt the script alone: the next one finds everything in its place", async () => {
  const tricks = [
    "Object.prototype.total_units = 5; Array.prototype[Symbol.iterator] = function* () {};",
    "JSON.stringify = () => '{\"total_units\": 7}';",
    "JSON.parse = () => { throw 1 };",
    "JSON.stringify = () => 'no json';",
    "JSON.stringify = () => 'null';",
    "JSON.stringify = () => ({ toString() { return '{}' } });",
    "Object.defineProperty(Object.prototype, 'toJSON', { value() { return 'x'; } });",
    "Object.getPrototypeOf = () => Object.prototype; globalThis.decimal = null;",
    "Object.freeze(globalThis); delete globalThis.aggregate;",
    "Function.prototype.call = Function.prototype.apply = () => 1;",
  ];
  for (const trick of tricks) {
    const tricked = `${trick} function aggregate(state) { return { ...state, total_units: 3 }; }`;
    await foldCustom(tricked, eventsOf([{}, {}]), {}).catch((error) =>
      assert.ok(error instanceof Refusal, String(error)),
    );
    assert.equal((await fold("return { total_units: decimal.add(state.total_units, 1) }", [{}, {}])).total_units, "2");
  }
});

test("a script is proven before it is stored: it compiles and leaves a function behind", async () => {
  assert.equal(await scriptProblem(script("return state;")), null);
  assert.match((await scriptProblem("function aggregate( {")) ?? "", /SyntaxError.*line 1/);
  assert.match((await scriptProblem("\n\nclass {")) ?? "", /SyntaxError.*line 3/);
  assert.match((await scriptProblem("let x = 1;")) ?? "", /there is no function aggregate/);
  assert.match((await scriptProblem("const aggregate = 7;")) ?? "", /there is no function aggregate/);
  assert.match((await scriptProblem("while (true) {}")) ?? "", /too many steps/);
});

test("a hopeless script does not hold up the process", async () => {
  let turns = 0;
  const ticking = setInterval(() => turns++, 10);
  const slow = fold("let all = []; while (true) all.push('x'.repeat(1000))");
  await assert.rejects(slow, Refusal);
  clearInterval(ticking);
  assert.ok(turns > 5, `${turns} turns`);
});

test("good scripts among a crowd of hopeless ones are all answered, each by its own result", async () => {
  const hopeless = ["while (true) {}", "const all = []; while (true) all.push([1])", "return process.exit(1)"];
  const crowd = Array.from({ length: 12 }, (_, index) =>
    index % 2 === 0
      ? fold(`return { total_units: ${index} }`).then(({ total_units }) => total_units)
      : fold(hopeless[index % 3] ?? "").catch((error) => (error instanceof Refusal ? error.code : String(error))),
  );
  assert.deepEqual(
    await Promise.all(crowd),
    Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? String(index) : "custom_aggregation_failed")),
  );
});

test("no script tells the time by waiting or by another's memory", async () => {
  for (const body of [
    "return { total_units: Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100) === 'timed-out' ? 1 : 2 }",
    "return { total_units: new Intl.DateTimeFormat().format().length }",
    "return { total_units: Temporal.Now.instant().epochMilliseconds }",
    "setTimeout(() => {}, 1); return { total_units: 1 }",
  ])
    await assert.rejects(fold(body), Refusal, body);
  await fold("globalThis.kept = 7; return { total_units: 1 }");
  assert.equal((await fold("return { total_units: typeof kept === 'undefined' ? 1 : 2 }")).total_units, "1");
});
