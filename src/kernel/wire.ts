/** How instants and dates are written in answers. `…:59` of an inclusive end exists only here and in `present.ts` files. */

/** ISO 8601 UTC to the second: "2022-09-14T16:35:31Z". */
export function toSeconds(at: Temporal.Instant): string {
  return at.toString({ smallestUnit: "second", roundingMode: "floor" });
}

/** ISO 8601 UTC to the millisecond: "2022-04-29T08:59:51.123Z". */
export function toMilliseconds(at: Temporal.Instant): string {
  return at.toString({ smallestUnit: "millisecond", roundingMode: "floor" });
}

/** As toMilliseconds, from milliseconds since 1970: several times faster, for what is written once per event. */
export function epochToMilliseconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function toSecondsOrNull(at: Temporal.Instant | null): string | null {
  return at === null ? null : toSeconds(at);
}

/** The last shown instant of a half-open window: one nanosecond before its end, floored to the second ("…:59Z"). */
export function toInclusiveEnd(to: Temporal.Instant): string {
  return toSeconds(to.subtract({ nanoseconds: 1 }));
}
