/**
 * Days in a customer's time zone. Business windows are half-open [from, to) between instants;
 * a local day begins at its first existing instant (daylight saving may skip midnight).
 */

export function localDate(at: Temporal.Instant, timezone: string): Temporal.PlainDate {
  return at.toZonedDateTimeISO(timezone).toPlainDate();
}

/** The first instant of the local day `date`. */
export function startOfDay(date: Temporal.PlainDate, timezone: string): Temporal.Instant {
  return date.toZonedDateTime(timezone).startOfDay().toInstant();
}

/** Whole calendar days from `a` to `b` (b − a). */
export function daysBetween(a: Temporal.PlainDate, b: Temporal.PlainDate): number {
  return a.until(b, { largestUnit: "days" }).days;
}

const NS_PER_DAY = 86_400_000_000_000n;

/**
 * The number of local days that the half-open window [from, to) touches, as every proration counts them
 * (0.2 of the subscriptions spec): the spec's `days(a, b)` takes the inclusive end b, the window's last instant,
 * or an exact instant such as a termination, whose day counts as soon as it has begun.
 */
export function daysTouched(from: Temporal.Instant, to: Temporal.Instant, timezone: string): number {
  const a = from.toZonedDateTimeISO(timezone);
  const b = to.toZonedDateTimeISO(timezone);
  const elapsed = to.epochNanoseconds - from.epochNanoseconds - BigInt(a.offsetNanoseconds - b.offsetNanoseconds);
  if (elapsed <= 0n) return 0;
  return Number((elapsed + NS_PER_DAY - 1n) / NS_PER_DAY);
}

/** Starts are floored to the millisecond (0.6 of the metering spec). */
export function floorToMillisecond(at: Temporal.Instant): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(Number(at.epochNanoseconds / 1_000_000n));
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
