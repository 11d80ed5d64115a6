/** How many units of a fixed charge a window has, from the records of a subscription (10.3 of the metering spec). */
import { isBefore, later, localDayNumber } from "../../kernel/calendar.ts";
import { type Dec, dec, max, round, sum, ZERO } from "../../kernel/decimal.ts";

/** Units from an instant on. A list of them is in the order of writing, which need not be that of the instants. */
export interface UnitRecord {
  readonly units: Dec;
  readonly effective_at: Temporal.Instant;
}

export interface UnitsWindow {
  /** Half-open. */
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
  readonly timezone: string;
  /** Days of the whole period that the window is in or is: the denominator of proration. */
  readonly duration_days: number;
}

export interface FixedChargeUnits {
  /** What is priced. */
  readonly units: Dec;
  /** What is shown: the units at the end of the window, whole. */
  readonly full_units: Dec;
}

const PLACES = 6;

export function fixedChargeUnits(
  records: readonly UnitRecord[],
  window: UnitsWindow,
  isProrated: boolean,
): FixedChargeUnits {
  const relevant = relevantRecords(records, window);
  const full_units = relevant.at(-1)?.units ?? ZERO;
  if (!isProrated) return { units: full_units, full_units };
  const counted = relevant.filter(
    ({ effective_at }, index) => !relevant.slice(index + 1).some((next) => isBefore(next.effective_at, effective_at)),
  );
  const dayOf = (at: Temporal.Instant) => localDayNumber(later(at, window.from), window.timezone);
  const dayAfter = localDayNumber(window.to.subtract({ nanoseconds: 1 }), window.timezone) + 1;
  const parts = counted.map(({ units, effective_at }, index) => {
    const next = counted[index + 1];
    const days = (next === undefined ? dayAfter : dayOf(next.effective_at)) - dayOf(effective_at);
    return round(units.times(dec(days)).div(dec(window.duration_days)), PLACES);
  });
  return { units: max(sum(parts), ZERO), full_units };
}

/** Those that begin inside the window, and of those before it the one written last; in the order of writing. */
function relevantRecords(records: readonly UnitRecord[], { from, to }: UnitsWindow): readonly UnitRecord[] {
  const lastBefore = records.findLastIndex(({ effective_at }) => isBefore(effective_at, from));
  return records.filter(
    ({ effective_at }, index) => index === lastBefore || (!isBefore(effective_at, from) && isBefore(effective_at, to)),
  );
}
