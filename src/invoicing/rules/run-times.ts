/** When runs come: ten past every hour, which is ten minutes after midnight somewhere. Pure. */
import { isBefore } from "../../kernel/calendar.ts";

/** Billing is due ten minutes after local midnight. */
export const AFTER_MIDNIGHT = { minutes: 10 };
const MINUTE_OF_RUN = 10;

/** The first hourly run after `after`. */
export function nextRun(after: Temporal.Instant): Temporal.Instant {
  const hour = after.round({ smallestUnit: "hour", roundingMode: "floor" });
  const run = hour.add({ minutes: MINUTE_OF_RUN });
  return isBefore(after, run) ? run : run.add({ hours: 1 });
}
