/** What a projection starts from: the usage of the open period, and where there is none yet that of the one before. */
import type { App } from "../../app.ts";
import type { Charge } from "../../catalog/index.ts";
import { daysTouched, isBefore } from "../../kernel/calendar.ts";
import { currentUsageWindow, termsOf, type UsageWindow } from "../../subscriptions/index.ts";
import { gatherUsage } from "../usage/gather.ts";
import type { UsageBucket } from "../usage/model.ts";
import { INVOICE_VIEW } from "../usage/views.ts";
import type { Basis, Subject } from "./model.ts";
import { begunDays, isUsed } from "./rules/expected-usage.ts";

/** By charge id: those of the present plan and of the one that follows. */
export async function projectionBasis(
  app: App,
  organizationId: string,
  { line: { facts, next } }: Subject,
  now: Temporal.Instant,
): Promise<Map<string, Basis>> {
  const { subscription, plan, customer } = facts;
  const { timezone } = customer;
  if (subscription.started_at === null || isBefore(now, subscription.started_at)) return new Map();
  const terms = termsOf(subscription, plan, timezone);
  const open = currentUsageWindow(terms, now);
  const charges = [...plan.charges, ...(next?.plan.charges ?? [])].filter(
    ({ pay_in_advance, billable_metric }) => !pay_in_advance && !billable_metric.recurring,
  );
  if (charges.length === 0) return new Map();
  const before = isBefore(terms.started_at, open.from)
    ? currentUsageWindow(terms, open.from.subtract({ microseconds: 1 }))
    : null;
  const bucketOf = ({ from, to, duration_days }: UsageWindow): UsageBucket => ({
    organization_id: organizationId,
    external_subscription_id: subscription.external_id,
    subscription_id: subscription.id,
    chain_id: subscription.chain_id,
    has_predecessor: subscription.previous_subscription_id !== null,
    window: { from, to },
    timezone,
    period_days: duration_days,
    billed_days: daysTouched(from, to, timezone),
    charges: charges as readonly Charge[],
    view: INVOICE_VIEW,
  });
  const [now_, then] = await gatherUsage(app, before === null ? [bucketOf(open)] : [bucketOf(open), bucketOf(before)]);
  const basis = new Map<string, Basis>();
  for (const [index, used] of (now_ ?? []).entries()) {
    const earlier = then?.[index];
    if (before !== null && earlier !== undefined && !isUsed(used))
      basis.set(used.charge.id, { usage: earlier, days: daysTouched(before.from, before.to, timezone) });
    else basis.set(used.charge.id, { usage: used, days: begunDays(open, now, timezone) });
  }
  return basis;
}
