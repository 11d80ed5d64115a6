/**
 * Days in a customer's time zone. Business windows are half-open [from, to) between instants;
 * a local day begins at its first existing instant (daylight saving may skip midnight).
 */

export function localDate(at: Temporal.Instant, timezone: string): Temporal.PlainDate {
  return at.toZonedDateTimeISO(timezone).toPlainDate();
}

/** The first instant of the local day `date`. */
export function startOfDay(date: Temporal.PlainDate, timezone: string): Temporal.Instant {
  return startOfDayNumber(dayNumberOf(date), timezone);
}

/** Whole calendar days from `a` to `b` (b − a). */
export function daysBetween(a: Temporal.PlainDate, b: Temporal.PlainDate): number {
  return dayNumberOf(b) - dayNumberOf(a);
}

const NS_PER_DAY = 86_400_000_000_000n;

/**
 * The number of local days that the half-open window [from, to) touches, as every proration counts them
 * (0.2 of the subscriptions spec). The spec's `days(a, b)` takes the window's last instant for b, or an exact
 * instant such as a termination, whose day counts as soon as it has begun: see `justAfter`.
 */
export function daysTouched(from: Temporal.Instant, to: Temporal.Instant, timezone: string): number {
  const first = from.toZonedDateTimeISO(timezone);
  // The offset before the end: where clocks are set forward at midnight, the end itself is an hour into its day.
  const last = new Temporal.Instant(to.epochNanoseconds - 1000n).toZonedDateTimeISO(timezone);
  const elapsed =
    to.epochNanoseconds - from.epochNanoseconds - BigInt(first.offsetNanoseconds - last.offsetNanoseconds);
  if (elapsed <= 0n) return 0;
  return Number((elapsed + NS_PER_DAY - 1n) / NS_PER_DAY);
}

/**
 * The exclusive end of a window whose last instant is `at` (a termination, say): one microsecond later, the finest step
 * that is stored. So the day of a termination at midnight counts, what was used at that very instant is billed, and
 * the end is shown as `at`.
 */
export function justAfter(at: Temporal.Instant): Temporal.Instant {
  return new Temporal.Instant(at.epochNanoseconds + 1000n);
}

/** Starts are floored to the millisecond (0.6 of the metering spec). */
export function floorToMillisecond(at: Temporal.Instant): Temporal.Instant {
  return at.round({ smallestUnit: "millisecond", roundingMode: "floor" });
}

/** What a timestamptz column holds of an instant. */
export function floorToMicrosecond(at: Temporal.Instant): Temporal.Instant {
  return at.round({ smallestUnit: "microsecond", roundingMode: "floor" });
}

export function earlier(a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant {
  return a.epochNanoseconds <= b.epochNanoseconds ? a : b;
}

export function later(a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant {
  return a.epochNanoseconds >= b.epochNanoseconds ? a : b;
}

export function isBefore(a: Temporal.Instant, b: Temporal.Instant): boolean {
  return a.epochNanoseconds < b.epochNanoseconds;
}

/** The IANA time zone of that name in its usual spelling ("europe/paris" → "Europe/Paris"); null where there is none. */
export function timezoneNamed(name: string): string | null {
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId;
  } catch {
    return null;
  }
}

export function isTimezone(name: string): boolean {
  return timezoneNamed(name) !== null;
}

/**
 * Days since 1970-01-01: what period arithmetic counts in, because it is integer arithmetic.
 * A month is counted likewise, as a month index: year × 12 + (month − 1).
 */
export type DayNumber = number;

const MS_PER_DAY = 86_400_000;
// Date.UTC takes the years 0 to 99 for 1900 to 1999: months are counted from a later year instead.
const PIVOT_YEAR = 2000;

/** The day `dayOfMonth` of a month, or the month's last day where it is shorter. */
export function dayInMonth(monthIndex: number, dayOfMonth: number): DayNumber {
  const first = Date.UTC(PIVOT_YEAR, monthIndex - PIVOT_YEAR * 12, 1) / MS_PER_DAY;
  if (dayOfMonth <= 28) return first + dayOfMonth - 1;
  const last = Date.UTC(PIVOT_YEAR, monthIndex - PIVOT_YEAR * 12 + 1, 1) / MS_PER_DAY - 1;
  return Math.min(first + dayOfMonth - 1, last);
}

export function dayNumberOf({ year, month, day }: Temporal.PlainDate): DayNumber {
  return dayInMonth(year * 12 + month - 1, day);
}

export function dateOf(day: DayNumber): Temporal.PlainDate {
  const date = new Date(day * MS_PER_DAY);
  return new Temporal.PlainDate(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
}

export function monthIndexOf(day: DayNumber): number {
  const date = new Date(day * MS_PER_DAY);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** 0 is Monday. */
export function weekdayOf(day: DayNumber): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** The local day on which `at` falls. */
export function localDayNumber(at: Temporal.Instant, timezone: string): DayNumber {
  const { year, month, day } = at.toZonedDateTimeISO(timezone);
  return dayInMonth(year * 12 + month - 1, day);
}

const startsOfZone = new Map<string, Map<DayNumber, Temporal.Instant>>();
/** 128 zones × 1,024 days: a billing run meets few days, but each of them thousands of times. */
const ZONES_MAX = 128;
const DAYS_MAX = 1_024;

/** As startOfDay; remembered, since time zone rules do not change while a process lives. */
export function startOfDayNumber(day: DayNumber, timezone: string): Temporal.Instant {
  let starts = startsOfZone.get(timezone);
  if (starts === undefined) {
    if (startsOfZone.size >= ZONES_MAX) startsOfZone.clear();
    starts = new Map();
    startsOfZone.set(timezone, starts);
  }
  let start = starts.get(day);
  if (start === undefined) {
    if (starts.size >= DAYS_MAX) starts.clear();
    start = dateOf(day).toZonedDateTime(timezone).startOfDay().toInstant();
    starts.set(day, start);
  }
  return start;
}
