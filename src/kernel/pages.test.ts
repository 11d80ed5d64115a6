import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { offsetOf, pageMeta } from "./pages.ts";

test("the table of pages", () => {
  for (const [page, perPage, total, expected] of [
    [1, 100, 0, [0, null, null, 0, 0]],
    [3, 100, 0, [0, null, null, 0, 0]],
    [1, 100, 1, [1, null, null, 1, 1]],
    [1, 2, 5, [1, 2, null, 3, 5]],
    [2, 2, 5, [2, 3, 1, 3, 5]],
    [3, 2, 5, [3, null, 2, 3, 5]],
    [9, 2, 5, [9, null, 8, 3, 5]],
  ] as const) {
    assert.deepEqual(Object.values(pageMeta({ page, perPage }, total)), expected, `${page} of ${total} by ${perPage}`);
  }
});

test("walking next_page visits every row once", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 50 }), (total, perPage) => {
      const rows = Array.from({ length: total }, (_, i) => i);
      const seen: number[] = [];
      for (let page: number | null = 1; page !== null; page = pageMeta({ page, perPage }, total).next_page) {
        seen.push(...rows.slice(offsetOf({ page, perPage }), offsetOf({ page, perPage }) + perPage));
      }
      assert.deepEqual(seen, rows);
    }),
  );
});
