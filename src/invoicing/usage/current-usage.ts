/** What a subscription has used in its open period, priced as it will be billed. */
import type { Charge } from "../../catalog/index.ts";
import { Refusal } from "../../kernel/failure.ts";
import type { Database } from "../../storage/database.ts";
import type { Window } from "../../subscriptions/index.ts";
import { type CurrentUsageQuery, selectCharges } from "./current-usage-query.ts";
import { gatherUsage } from "./gather.ts";
import type { UsageFeeDraft } from "./model.ts";
import { findOpenSubscription, type OpenSubscription, openPeriod, type Wanted } from "./open-period.ts";
import { usageFees } from "./usage-fees.ts";

export interface CurrentUsage {
  /** Half-open: up to the end of the period, so that events dated ahead count. */
  readonly window: Window;
  /** Where the subscription's own period ends, exclusive: later than the window where a yearly plan's charges are monthly. */
  readonly period_to: Temporal.Instant;
  readonly currency: string;
  /** Per charge its fees: of each filter, then of the default bucket, in groups; also where nothing was used. */
  readonly charges: readonly { readonly charge: Charge; readonly fees: readonly UsageFeeDraft[] }[];
}

export interface CurrentUsageRequest extends CurrentUsageQuery {
  readonly organization_id: string;
  readonly external_customer_id: string;
}

/**
 * Refusals: customer_not_found; no_active_subscription (unknown, pending, terminated, another customer's);
 * charge_not_found where a restriction matches nothing; full_usage_not_allowed without a restriction to charges or groups, or on prorated charges.
 */
export async function currentUsage(
  database: Database,
  request: CurrentUsageRequest,
  now: Temporal.Instant,
): Promise<CurrentUsage> {
  const { organization_id, external_customer_id, external_subscription_id, restriction } = request;
  const open = await findOpenSubscription(database.db, organization_id, external_customer_id, external_subscription_id);
  const charges = selectCharges(open.plan.charges, restriction);
  if (restriction !== null && charges.length === 0) throw new Refusal("charge_not_found");
  const isRestricted = restriction !== null || Object.keys(request.view.group).length > 0;
  if (request.full_usage && (!isRestricted || charges.some(({ prorated }) => prorated))) {
    throw new Refusal("full_usage_not_allowed");
  }
  return usageNow(database, open, { charges, full_usage: request.full_usage, view: request.view }, now);
}

/** What an active subscription has used so far of these charges. */
export async function usageNow(
  database: Database,
  open: OpenSubscription,
  wanted: Wanted,
  now: Temporal.Instant,
): Promise<CurrentUsage> {
  const { window, period_to, bucket } = openPeriod(open, wanted, now);
  const [usages = []] = await gatherUsage(database, [bucket]);
  const currency = open.plan.amount_currency;
  const charges = usages.map((used) => ({ charge: used.charge, fees: usageFees(used, currency) }));
  return { window, period_to, currency, charges };
}
