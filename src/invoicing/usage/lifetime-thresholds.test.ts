import assert from "node:assert/strict";
import { test } from "node:test";
import { thresholdProgress } from "./lifetime-thresholds.ts";

const fixed = (...amounts: number[]) => amounts.map((amount) => ({ amount_cents: BigInt(amount), recurring: false }));
const recurring = (amount: number) => ({ amount_cents: BigInt(amount), recurring: true });

const told = (...given: Parameters<typeof thresholdProgress>) =>
  thresholdProgress(...given).map(({ amount_cents, completion_ratio }) => [
    Number(amount_cents),
    completion_ratio.toFixed(),
  ]);

test("9.4: the worked thresholds", () => {
  assert.deepEqual(told(fixed(100, 200), 120n), [
    [100, "1"],
    [200, "0.2"],
  ]);
  assert.deepEqual(told([...fixed(100), recurring(200)], 723n), [
    [100, "1"],
    [300, "1"],
    [500, "1"],
    [700, "1"],
    [900, "0.115"],
  ]);
});

test("nothing used, nothing reached", () => {
  assert.deepEqual(told(fixed(100), 0n), [[100, "0"]]);
  assert.deepEqual(told([], 50n), []);
  assert.deepEqual(told([recurring(200)], 0n), [[200, "0"]]);
});

test("a recurring threshold waits behind the fixed ones", () => {
  assert.deepEqual(told([...fixed(100, 300), recurring(50)], 150n), [
    [100, "1"],
    [300, "0.25"],
    [350, "0"],
  ]);
});

test("a recurring threshold that was passed very often shows its last thousand times", () => {
  const progress = thresholdProgress([recurring(1)], 1_000_000n);
  assert.equal(progress.length, 1_001);
  assert.equal(progress[0]?.amount_cents, 999_001n);
  assert.equal(progress.at(-1)?.amount_cents, 1_000_001n);
});
