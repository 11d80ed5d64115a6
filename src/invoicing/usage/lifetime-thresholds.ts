/** How far a lifetime's usage is on its way through the thresholds (9.4 of the metering spec). Pure. */
import { type Dec, dec, ZERO } from "../../kernel/decimal.ts";

export interface Threshold {
  readonly amount_cents: bigint;
  readonly recurring: boolean;
}

export interface ThresholdProgress {
  /** Minor units; with a fraction at most where usage itself has one. */
  readonly amount_cents: bigint;
  /** 0 to 1. */
  readonly completion_ratio: Dec;
  readonly is_reached: boolean;
}

/**
 * Fixed thresholds by amount, then the recurring one: each time that it was passed since the last fixed one, and the next
 * time. 100 and a recurring 200 of 723 used: 100, 300, 500, 700 are reached, 900 to 0.115.
 */
export function thresholdProgress(thresholds: readonly Threshold[], used: bigint): ThresholdProgress[] {
  const fixed = thresholds
    .filter(({ recurring }) => !recurring)
    .map(({ amount_cents }) => amount_cents)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const passed = fixed.filter((amount) => amount <= used);
  const [next, ...later] = fixed.slice(passed.length);
  const last = passed.at(-1) ?? 0n;
  const progress = passed.map(reached);
  if (next !== undefined) progress.push(towards(next, used - last, next - last), ...later.map(untouched));
  const step = thresholds.find(({ recurring }) => recurring)?.amount_cents;
  if (step === undefined) return progress;
  if (next !== undefined) return [...progress, untouched((fixed.at(-1) ?? 0n) + step)];
  return [...progress, ...recurrences(last, step, used)];
}

/** A list that is shown whole, but for a recurring threshold so small that it was passed more often than this. */
const RECURRENCES_MAX = 1_000n;

function recurrences(last: bigint, step: bigint, used: bigint): ThresholdProgress[] {
  const beyond = used > last ? used - last : 0n;
  const times = beyond / step;
  const first = times > RECURRENCES_MAX ? times - RECURRENCES_MAX + 1n : 1n;
  const progress: ThresholdProgress[] = [];
  for (let time = first; time <= times; time++) progress.push(reached(last + time * step));
  const remainder = beyond % step;
  return [...progress, towards(last + (times + 1n) * step, remainder, step)];
}

const ONE = dec(1);

const reached = (amount_cents: bigint): ThresholdProgress => ({
  amount_cents,
  completion_ratio: ONE,
  is_reached: true,
});

const untouched = (amount_cents: bigint): ThresholdProgress => ({
  amount_cents,
  completion_ratio: ZERO,
  is_reached: false,
});

const towards = (amount_cents: bigint, part: bigint, whole: bigint): ThresholdProgress => ({
  amount_cents,
  completion_ratio: part <= 0n ? ZERO : dec(part).div(dec(whole)),
  is_reached: false,
});
