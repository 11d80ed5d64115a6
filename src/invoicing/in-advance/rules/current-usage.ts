/**
 * What the current usage of a charge in advance is priced on (7.5 of the metering spec): what was charged already, and what
 * has come since. After +10 and −4 there are 6 units, priced as 10. Pure.
 */
import { ceil, type Dec, max, ZERO } from "../../../kernel/decimal.ts";
import type { Marks } from "./high-water.ts";

export interface UsageInAdvance {
  /** T: the units of the whole period, not prorated. */
  readonly total: Dec;
  /** Of a prorated charge: its units as 2.5 prorates them, and the days of the window out of those of the period. */
  readonly proration: { readonly units: Dec; readonly billed_days: number; readonly period_days: number } | null;
}

const PRORATED_PLACES = 5;

/** `marks` null: no event of the bucket was charged in the period yet. */
export function pricedUnits({ total, proration }: UsageInAdvance, marks: Marks | null): Dec {
  return max(proration === null ? whole(total, marks) : prorated(total, proration, marks), ZERO);
}

function whole(total: Dec, marks: Marks | null): Dec {
  return marks === null ? total : total.minus(marks.current).plus(marks.max);
}

function prorated(
  total: Dec,
  { units, billed_days, period_days }: NonNullable<UsageInAdvance["proration"]>,
  marks: Marks | null,
): Dec {
  const isWhole = billed_days >= period_days;
  if (marks === null) return isWhole ? total : units;
  // A level below zero neither brings what was there before the period below zero, nor is it paid back.
  const before = max(total, ZERO).minus(max(marks.current, ZERO));
  const share = isWhole ? before : ceil(before.times(billed_days).div(period_days), PRORATED_PLACES);
  return share.plus(marks.max_prorated);
}
