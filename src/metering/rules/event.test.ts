import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson, rawNumber } from "../../kernel/json.ts";
import { readEvent, readTimestamp } from "./event.ts";
import { keyOf, keyRangeOf } from "./key.ts";

const ORGANIZATION = "01a20d03-cc4e-7012-bea4-643fa93ffe75";

test("timestamps are read as decimals, to the microsecond (3.2)", () => {
  const rows: readonly [unknown, string | null][] = [
    [1651240791, "1651240791000000"],
    [1651240791.123, "1651240791123000"],
    ["1651240791.123456", "1651240791123456"],
    ["1651240791.1234567", "1651240791123456"],
    [1693842304.344, "1693842304344000"],
    [rawNumber("1651240791.12345678901234567"), "1651240791123456"],
    [0, "0000000"],
    ["2024-01-01T00:00:00Z", null],
    ["", null],
    ["1e9", null],
    ["-1", null],
    [Number.NaN, null],
    [true, null],
    [253_402_300_799, "253402300799000000"],
    [253_402_300_800, null],
  ];
  for (const [value, expected] of rows) assert.equal(readTimestamp(value), expected, JSON.stringify(value));
});

test("whatever is accepted is JSON that PostgreSQL can store: no U+0000, no half surrogate, and reading it again changes nothing", () => {
  const properties = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary", maxDepth: 4 }), {
    maxKeys: 6,
  });
  fc.assert(
    fc.property(properties, (sent) => {
      const event = readEvent({ transaction_id: "t", code: "c", properties: parseJson(JSON.stringify(sent)) }, "0");
      if (Array.isArray(event)) {
        assert.deepEqual(event, [{ field: "properties", code: "value_is_invalid" }]);
        assert.match(JSON.stringify(sent), /\\u0000|\\ud[89a-f]/i);
        return;
      }
      assert.doesNotMatch(event.properties, /(?<!\\)(\\\\)*\\u(0000|d[89a-f])/i);
      assert.deepEqual(JSON.parse(event.properties), JSON.parse(JSON.stringify(sent)));
    }),
    { numRuns: 300 },
  );
});

test("a key is the same for the same triple and differs for any other, whatever the texts hold", () => {
  const text = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom("a", "b", ":", "1", "2", "-") });
  fc.assert(
    fc.property(text, text, text, text, (subscription, transaction, otherSubscription, otherTransaction) => {
      const key = keyOf(ORGANIZATION, subscription, transaction);
      assert.equal(key, keyOf(ORGANIZATION, subscription, transaction));
      const isSame = subscription === otherSubscription && transaction === otherTransaction;
      assert.equal(key === keyOf(ORGANIZATION, otherSubscription, otherTransaction), isSame);
    }),
    { numRuns: 2000 },
  );
});

test("all keys of a transaction id lie in its range, also those without a subscription", () => {
  const { from, to } = keyRangeOf(ORGANIZATION, "t1");
  for (const subscription of ["s1", "s2", null]) {
    const key = keyOf(ORGANIZATION, subscription, "t1");
    assert.ok(from <= key && key <= to);
  }
  assert.notEqual(keyOf(ORGANIZATION, null, "t1"), keyOf(ORGANIZATION, null, "t1"));
});
