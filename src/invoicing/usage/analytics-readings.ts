/** What has to be read of a subscription's usage to tell it apart by periods. Pure. */
import type { Charge, PlanVersion } from "../../catalog/index.ts";
import { daysTouched, isBefore, localDate, startOfDay } from "../../kernel/calendar.ts";
import { currentUsageWindow, type Subscription, termsOf, type UsageWindow } from "../../subscriptions/index.ts";
import { cutsOf, type Period } from "./analytics-periods.ts";
import type { UsageBucket } from "./model.ts";
import { CURRENT_VIEW } from "./views.ts";

/** What was used from a window's start up to an instant counts for the period that ends there, and not for the one that begins. */
export interface Reading {
  readonly bucket: UsageBucket;
  readonly currency: string;
  readonly adds: readonly { readonly period: number; readonly sign: 1 | -1 }[];
}

export interface ToRead {
  readonly organization_id: string;
  readonly subscription: Subscription;
  readonly timezone: string;
  readonly today: PlanVersion;
  /** What priced (or will price) the usage window that begins there. */
  readonly pricedBy: (from: Temporal.Instant) => PlanVersion;
  readonly isAsked: (charge: Charge) => boolean;
  /** Nothing beyond this day is told: what recurs would go on for ever. */
  readonly now: Temporal.Instant;
}

export function readingsOf(asked: ToRead, periods: readonly Period[]): Reading[] {
  return usageWindows(asked, periods).flatMap((window) => {
    const version = asked.pricedBy(window.from);
    const charges = version.charges.filter((charge) => !charge.pay_in_advance && asked.isAsked(charge));
    if (charges.length === 0) return [];
    const adds = new Map<bigint, { period: number; sign: 1 | -1 }[]>();
    const add = (at: Temporal.Instant, period: number, sign: 1 | -1) =>
      adds.set(at.epochNanoseconds, [...(adds.get(at.epochNanoseconds) ?? []), { period, sign }]);
    for (const { period, from, to } of cutsOf(window, periods, asked.timezone, endOf(asked, periods))) {
      add(to, period, 1);
      if (from !== null) add(from, period, -1);
    }
    return [...adds].map(
      ([nanoseconds, own]): Reading => ({
        bucket: { ...bucketOf(asked, window, new Temporal.Instant(nanoseconds)), charges },
        currency: version.amount_currency,
        adds: own,
      }),
    );
  });
}

/** The end of the last period, or of today. */
function endOf({ now, timezone }: ToRead, periods: readonly Period[]): Temporal.Instant {
  const today = localDate(now, timezone);
  const last = periods.at(-1)?.last ?? today;
  const day = Temporal.PlainDate.compare(last, today) < 0 ? last : today;
  return startOfDay(day.add({ days: 1 }), timezone);
}

/** The subscription's usage windows that hold a day of the periods. */
function usageWindows(asked: ToRead, periods: readonly Period[]): UsageWindow[] {
  const { subscription, today, timezone } = asked;
  const [first] = periods;
  if (first === undefined) return [];
  const terms = termsOf(subscription, today, timezone);
  const end = endOf(asked, periods);
  const windows: UsageWindow[] = [];
  let window = currentUsageWindow(terms, startOfDay(first.first, timezone));
  while (isBefore(window.from, end)) {
    windows.push(window);
    const next = currentUsageWindow(terms, window.to);
    if (!isBefore(window.from, next.from)) break;
    window = next;
  }
  return windows;
}

function bucketOf(
  { organization_id, subscription, timezone }: ToRead,
  { from, to, duration_days }: UsageWindow,
  at: Temporal.Instant,
): Omit<UsageBucket, "charges"> {
  // The day of an upgrade is its successor's.
  const unpaid = subscription.terminated_by === "upgrade" && at.equals(to) ? 1 : 0;
  return {
    organization_id,
    external_subscription_id: subscription.external_id,
    subscription_id: subscription.id,
    chain_id: subscription.chain_id,
    has_predecessor: subscription.previous_subscription_id !== null,
    window: { from, to: at },
    timezone,
    period_days: duration_days,
    billed_days: Math.max(daysTouched(from, at, timezone) - unpaid, 0),
    view: CURRENT_VIEW,
  };
}
