/**
 * What of an event is charged at once (7.3 of the metering spec): only what raises the period's level above the highest that
 * it had. +10, −4, +8 charge 10, 0 and 4: nothing is given back, and what was freed is filled again for nothing. Pure.
 */
import { ceil, type Dec, max, ZERO } from "../../../kernel/decimal.ts";

/** How a bucket stands in a period, after all events of it that were charged so far. */
export interface Marks {
  readonly current: Dec;
  readonly max: Dec;
  /** Σ of what was charged, prorated; of a charge that is not: the same as its units. */
  readonly max_prorated: Dec;
}

/** What an event does to the level: a sum's value may be negative; a distinct value comes, leaves, or was so already. */
export type Change =
  | { readonly kind: "value"; readonly value: Dec }
  | { readonly kind: "add"; readonly is_new: boolean }
  | { readonly kind: "remove"; readonly is_active: boolean };

/** The days of the period D that are left with the event's own; null where the charge is not prorated. */
export interface DaysLeft {
  readonly days: number;
  readonly period_days: number;
}

export interface Rise {
  /** The units that the event is charged for. */
  readonly increment: Dec;
  /** The same for the days that are left, rounded up at 5 decimals. */
  readonly prorated_increment: Dec;
  /** What the fee shows: the units charged, else those that the event brought, at least 0. */
  readonly units: Dec;
  readonly marks: Marks;
}

const ONE = ZERO.plus(1);
const PRORATED_PLACES = 5;

function levelAfter(marks: Marks | null, change: Change): { brought: Dec; current: Dec } {
  switch (change.kind) {
    case "value":
      return { brought: change.value, current: (marks?.current ?? ZERO).plus(change.value) };
    case "add": {
      const brought = change.is_new ? ONE : ZERO;
      return { brought, current: (marks?.current ?? ZERO).plus(brought) };
    }
    case "remove":
      // What was there before the period began has been paid with its renewal: its leaving frees nothing in this one.
      return { brought: ZERO, current: marks === null ? ZERO : marks.current.minus(change.is_active ? ONE : ZERO) };
  }
}

/** `marks` null: the first event of the bucket in the period. */
export function riseOf(marks: Marks | null, change: Change, left: DaysLeft | null): Rise {
  const { brought, current } = levelAfter(marks, change);
  const highest = marks?.max ?? ZERO;
  const increment = max(current.minus(highest), ZERO);
  const prorated_increment =
    left === null ? increment : ceil(increment.times(left.days).div(left.period_days), PRORATED_PLACES);
  return {
    increment,
    prorated_increment,
    units: increment.gt(0) ? increment : max(brought, ZERO),
    marks: {
      current,
      max: max(current, highest),
      max_prorated: (marks?.max_prorated ?? ZERO).plus(prorated_increment),
    },
  };
}
