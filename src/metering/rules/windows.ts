/**
 * What a request looks at, as windows that can be kept: the window itself, or (recurring) the whole history with an open end, of
 * which what came later is taken off again. Pure.
 */
import {
  earlier,
  floorToMillisecond,
  isBefore,
  later,
  localDayNumber,
  startOfDayNumber,
} from "../../kernel/calendar.ts";
import type { UsageRequest } from "../model.ts";

/** No event is older (decisions 14). */
const FIRST_INSTANT = Temporal.Instant.fromEpochMilliseconds(0);

export interface KeptWindow {
  readonly from: Temporal.Instant;
  /** Null: open, for whatever comes. */
  readonly to: Temporal.Instant | null;
  /** Events count before (until, until_ordinal): ordinals begin at 1, so that 0 leaves out what happened at `until` itself. */
  readonly until: Temporal.Instant;
  readonly until_ordinal: bigint;
  /** Starts of the local days that its numbers are told apart by; null where nothing is prorated. */
  readonly days: readonly Temporal.Instant[] | null;
  /** Of a weighted sum: the level that is carried into the window. */
  readonly is_carried: boolean;
}

/** Starts are floored to the millisecond (2.1 (3)). */
export const windowStart = ({ from }: UsageRequest): Temporal.Instant => floorToMillisecond(from);

/** Where the events begin that a request looks at: those of a recurring metric reach back. */
export function historyStart(request: UsageRequest): Temporal.Instant {
  const { history } = request;
  if (history === null) return windowStart(request);
  return history.from === null ? FIRST_INSTANT : earlier(floorToMillisecond(history.from), windowStart(request));
}

/** The last instant that lies in a half-open window's days: the end of the 31st, though the window ends with the 1st. */
export const lastInstant = ({ to }: UsageRequest): Temporal.Instant =>
  new Temporal.Instant(to.epochNanoseconds - 1000n);

/** The request's windows; none where it holds no instant. */
export function windowsOf(request: UsageRequest): KeptWindow[] {
  const { to, history, proration, weighted, aggregation_type } = request;
  const from = windowStart(request);
  if (!isBefore(from, to)) return [];
  const own = { from, to, ...endOf(request), days: null, is_carried: false };
  if (weighted !== null) {
    const before = "history_before" in weighted ? weighted.history_before : null;
    if (before === null) return [own];
    const start = historyStart({ ...request, history: history ?? { from: null } });
    const until = later(earlier(before, from), start);
    return [{ ...own, from: start, to: null, until, until_ordinal: 0n, is_carried: true }, own];
  }
  if (history === null) return [own];
  const days = proration !== null && aggregation_type === "sum_agg" ? daysOf(request, proration.timezone) : null;
  return [{ ...own, from: historyStart(request), to: null, days }];
}

function endOf({ to, up_to }: UsageRequest): Pick<KeptWindow, "until" | "until_ordinal"> {
  if (up_to === null || !isBefore(up_to.timestamp, to)) return { until: to, until_ordinal: 0n };
  return { until: up_to.timestamp, until_ordinal: up_to.ordinal + 1n };
}

/** Where each of the window's local days begins; the first of them with the window. */
function daysOf(request: UsageRequest, timezone: string): Temporal.Instant[] {
  const from = windowStart(request);
  const starts = [from];
  const last = localDayNumber(lastInstant(request), timezone);
  for (let day = localDayNumber(from, timezone) + 1; day <= last; day++) {
    const start = startOfDayNumber(day, timezone);
    // A day that the zone leaves out begins where the next one does.
    starts.push(later(start, starts.at(-1) as Temporal.Instant));
  }
  return starts;
}
