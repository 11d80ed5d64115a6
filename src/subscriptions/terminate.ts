/** The end of a subscription by request (2.11 of the subscriptions spec). */
import type { App } from "../app.ts";
import { loadPlans, type StoredPlan } from "../catalog/index.ts";
import { type BilledCustomer, loadBilledCustomers } from "../customers/index.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { floorToMicrosecond, localDate, startOfDay } from "../kernel/calendar.ts";
import { invalid, Refusal } from "../kernel/failure.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import { cancelPending, endActive } from "./end.ts";
import { type BillMissed, billMissedOf } from "./missed.ts";
import type { CreditNoteOnTermination, Subscription, SubscriptionView } from "./model.ts";
import { leavesPaidDays } from "./rules/lifecycle.ts";
import type { TerminationOptions } from "./rules/request.ts";
import { termsOf } from "./rules/windows.ts";
import { lockSchedules } from "./schedules-store.ts";
import { findByExternalId, listByExternalId, lockSubscription } from "./store.ts";
import { lockCustomers } from "./transitions-store.ts";
import { loadViews } from "./views-store.ts";

export interface Termination {
  readonly externalId: string;
  /** Only the pending one is meant: it is canceled. */
  readonly isOfPending: boolean;
  readonly options: TerminationOptions;
  readonly now: Temporal.Instant;
}

/**
 * Ends the active subscription of an external id. Periods that no run has billed are billed first; the day on which a period
 * begins is left to the end itself. 422 where a credit note would be owed for days that were paid and not used.
 */
export async function terminateSubscription(
  app: App,
  organization: Organization,
  { externalId, isOfPending, options, now }: Termination,
  billMissed: BillMissed,
): Promise<SubscriptionView> {
  if (!isOfPending) {
    const named = await findByExternalId(app.db, organization.id, externalId, "active");
    if (named !== null) {
      await billMissedOf(app, organization, named, { now, billMissed }, (timezone) =>
        startOfDay(localDate(now, timezone), timezone).subtract({ microseconds: 1 }),
      );
    }
  }
  return inTransaction(app.db, async (tx) => {
    const subscription = await lockNamed(tx, organization.id, externalId, isOfPending);
    if (subscription.status === "pending") {
      await cancelPending(app, tx, organization, [subscription.id], now);
      await tellPrevious(app, tx, organization, subscription, now);
      return viewOf(tx, organization.id, subscription.id);
    }
    const terminated_at = floorToMicrosecond(now);
    const credit_note = await creditNoteChoice(tx, organization.id, { ...subscription, terminated_at }, options);
    const ending = {
      id: subscription.id,
      terminated_at,
      terminated_by: "request",
      on_termination_credit_note: credit_note,
      on_termination_invoice: options.invoice ?? subscription.on_termination_invoice,
    } as const;
    await endActive(app, tx, organization, [ending], now);
    return viewOf(tx, organization.id, subscription.id);
  });
}

/** Whom a canceled link would have followed. */
async function tellPrevious(
  app: App,
  tx: Tx,
  organization: Organization,
  { previous_subscription_id }: Subscription,
  now: Temporal.Instant,
): Promise<void> {
  if (previous_subscription_id === null) return;
  const subject = { subject_type: "subscription", subject_id: previous_subscription_id };
  await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
}

/** With its customer, so that no run bills it meanwhile. Whoever comes second finds it ended already: 404. */
async function lockNamed(
  tx: Tx,
  organizationId: string,
  externalId: string,
  isOfPending: boolean,
): Promise<Subscription> {
  const status = isOfPending ? "pending" : "active";
  const links = await listByExternalId(tx, organizationId, externalId);
  const named = links.find((link) => link.status === status);
  if (named !== undefined) {
    if (links.some((link) => link.status === "incomplete" && link.previous_subscription_id === named.id)) {
      throw invalid("base", "next_subscription_incomplete");
    }
    await lockCustomers(tx, organizationId, [named.customer_id]);
    const subscription = await lockSubscription(tx, organizationId, named.id);
    if (subscription?.status === status) return subscription;
  }
  if (links.some((link) => link.status === "incomplete")) throw invalid("base", "subscription_incomplete");
  throw new Refusal("subscription_not_found");
}

/** The plan and the customer of a subscription. */
export async function factsOf(
  tx: Tx,
  organizationId: string,
  { id, plan_id, customer_id }: Subscription,
): Promise<{ plan: StoredPlan; customer: BilledCustomer }> {
  const plan = (await loadPlans(tx, organizationId, [plan_id])).get(plan_id);
  const customer = (await loadBilledCustomers(tx, organizationId, [customer_id])).get(customer_id);
  if (plan === undefined || customer === undefined) throw new Error(`subscription ${id} lacks its plan or customer`);
  return { plan, customer };
}

/** What is stored of the choice: null for plans in arrears, whatever was asked; else the asked, the stored, or "credit". */
async function creditNoteChoice(
  tx: Tx,
  organizationId: string,
  subscription: Subscription & { readonly terminated_at: Temporal.Instant },
  options: TerminationOptions,
): Promise<CreditNoteOnTermination | null> {
  const { id, terminated_at } = subscription;
  const { plan, customer } = await factsOf(tx, organizationId, subscription);
  if (!plan.pay_in_advance) return null;
  const schedules = (await lockSchedules(tx, organizationId, [id])).get(id) ?? [];
  const choice = options.credit_note ?? subscription.on_termination_credit_note ?? "credit";
  const paid = {
    terms: termsOf(subscription, plan, customer.timezone),
    bills_start: subscription.bills_start,
    amount_cents: plan.amount_cents,
    schedules,
  };
  if (choice !== "skip" && leavesPaidDays(paid, terminated_at)) {
    throw invalid("on_termination_credit_note", "not_supported_yet");
  }
  return choice;
}

async function viewOf(tx: Tx, organizationId: string, id: string): Promise<SubscriptionView> {
  const view = (await loadViews(tx, organizationId, [id])).get(id);
  if (view === undefined) throw new Error(`subscription ${id} is not there`);
  return view;
}
