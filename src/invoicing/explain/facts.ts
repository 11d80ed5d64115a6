/** What a fee was priced on, as it was then. */
import { findPlanVersion, type PlanVersion } from "../../catalog/index.ts";
import { loadBilledCustomers } from "../../customers/index.ts";
import { justAfter } from "../../kernel/calendar.ts";
import { type Dec, dec } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import type { Database } from "../../storage/database.ts";
import {
  type BillingTerms,
  loadSubscriptions,
  type Subscription,
  successorPlans,
  termsOf,
  type Window,
} from "../../subscriptions/index.ts";
import type { FeeRow } from "../model.ts";
import { findBilledPeriod } from "./store.ts";

export interface FeeFacts {
  readonly fee: FeeRow;
  /** As it stood when the fee was made: what ended later had not ended. */
  readonly subscription: Subscription;
  readonly version: PlanVersion;
  readonly terms: BillingTerms;
  /** The window that the fee pays for. */
  readonly window: Window;
  /** The usage window of the invoice's period; null for a fee of its own. */
  readonly charges_window: Window | null;
  readonly has_successor: boolean;
}

/** Null where the fee is not of a subscription, or what priced it is not kept. */
export async function loadFeeFacts({ db }: Database, organizationId: string, fee: FeeRow): Promise<FeeFacts | null> {
  const { subscription_id, plan_id, plan_version_no, from_at, to_at } = fee;
  if (subscription_id === null || plan_id === null || plan_version_no === null || from_at === null || to_at === null)
    return null;
  const [subscriptions, version, customers, period, successors] = await Promise.all([
    loadSubscriptions(db, organizationId, [subscription_id]),
    findPlanVersion(db, organizationId, { plan_id, no: plan_version_no }),
    loadBilledCustomers(db, organizationId, [fee.customer_id]),
    fee.invoice_id === null ? null : findBilledPeriod(db, organizationId, fee.invoice_id, subscription_id),
    successorPlans(db, organizationId, [subscription_id]),
  ]);
  const subscription = subscriptions.get(subscription_id);
  if (subscription === undefined || version === null || subscription.started_at === null) return null;
  const window = { from: from_at, to: to_at };
  const then = asOf(subscription, [window, period?.charges_window ?? window]);
  const timezone = period?.timezone ?? customers.get(fee.customer_id)?.timezone ?? "UTC";
  return {
    fee,
    subscription: then,
    version,
    terms: termsOf(then, version, timezone),
    window,
    charges_window: period?.charges_window ?? null,
    has_successor: then.terminated_at !== null && successors.has(subscription_id),
  };
}

/** Only a window that ends with the subscription was billed because it ended. */
function asOf(subscription: Subscription, windows: readonly Window[]): Subscription {
  const { terminated_at } = subscription;
  if (terminated_at === null) return subscription;
  const end = justAfter(terminated_at);
  const isLast = windows.some(({ to }) => to.equals(end) || to.equals(terminated_at));
  return isLast ? subscription : { ...subscription, terminated_at: null, terminated_by: null };
}

/** What the fee came to before it was rounded: in major units, or in credits where it is priced in them. */
export function unroundedAmount({ pricing_unit, precise_amount_cents, amount_currency }: FeeRow): Dec {
  if (pricing_unit === null) return inMajorUnits(precise_amount_cents, amount_currency);
  return dec(String(pricing_unit.precise_amount_cents)).times("0.01");
}
