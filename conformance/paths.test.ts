import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "./paths.ts";

const answer = {
  fees: [
    { item: { type: "charge", code: "api calls" }, units: "0.0", filters: { region: ["eu"] }, id: 1 },
    { item: { type: "charge", code: "storage" }, units: "2.0", filters: { region: ["us"] }, id: 2 },
    { item: { type: "subscription", code: null }, units: "1.0", id: 3 },
  ],
  meta: { total_count: 3 },
};

test("the table of paths", () => {
  for (const [path, expected] of [
    ["meta.total_count", 3],
    ["fees.1.id", 2],
    ["fees.#", 3],
    ["meta.#", 1],
    ["meta.total_count.#", 0],
    ["fees[item.code=api calls].id", 1],
    ["fees[item.type=charge][units=2].id", 2],
    ["fees[item.type=charge].#", 2],
    ["fees[item.type=charge].*.id", [1, 2]],
    ["fees[item.code=null].id", 3],
    ["fees[filters.region.0=us].id", 2],
    ["fees[id=2]", answer.fees[1]],
    ["fees[id=9]", undefined],
    ["fees[id=9].id", undefined],
    ["fees[id=9].#", 0],
    ["fees.*.item.code", ["api calls", "storage", null]],
    ["fees.7.id", undefined],
    ["nothing.at.all", undefined],
    ["meta[total_count=3].id", undefined],
  ] as const) {
    assert.deepEqual(read(answer, path), expected, path);
  }
});
