/** The end of a subscription by request (2.11 of the subscriptions spec). */
import type { App } from "../app.ts";
import { loadPlans } from "../catalog/index.ts";
import { loadBilledCustomers } from "../customers/index.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { floorToMicrosecond } from "../kernel/calendar.ts";
import { invalid, Refusal } from "../kernel/failure.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import type { CreditNoteOnTermination, Subscription, SubscriptionView } from "./model.ts";
import { leavesPaidDays } from "./rules/lifecycle.ts";
import type { TerminationOptions } from "./rules/request.ts";
import { termsOf } from "./rules/windows.ts";
import { endSchedules, lockSchedules } from "./schedules-store.ts";
import { listByExternalId, lockSubscription, updateSubscription } from "./store.ts";
import { loadViews } from "./views-store.ts";

export interface Termination {
  readonly externalId: string;
  /** Only the pending one is meant: it is canceled. */
  readonly isOfPending: boolean;
  readonly options: TerminationOptions;
  readonly now: Temporal.Instant;
}

/**
 * Ends the active subscription of an external id. What it still owes is billed by who reacts to `subscription.terminated`;
 * the runs see it no more. 422 where a credit note would be owed for days that were paid and not used.
 */
export async function terminateSubscription(
  app: App,
  organization: Organization,
  { externalId, isOfPending, options, now }: Termination,
): Promise<SubscriptionView> {
  return inTransaction(app.db, async (tx) => {
    const subscription = await lockNamed(tx, organization.id, externalId, isOfPending);
    if (subscription.status === "pending") {
      await updateSubscription(tx, organization.id, subscription.id, {
        status: "canceled",
        canceled_at: now,
        updated_at: now,
      });
      return viewOf(tx, organization.id, subscription.id);
    }
    const terminated_at = floorToMicrosecond(now);
    const credit_note = await creditNoteChoice(tx, organization.id, { ...subscription, terminated_at }, options);
    const invoice = options.invoice ?? subscription.on_termination_invoice;
    await updateSubscription(tx, organization.id, subscription.id, {
      status: "terminated",
      terminated_at,
      on_termination_credit_note: credit_note,
      on_termination_invoice: invoice,
      updated_at: now,
    });
    await endSchedules(tx, organization.id, subscription.id);
    const subject = { subject_type: "subscription", subject_id: subscription.id };
    const payload = { generate_invoice: invoice === "generate" };
    await publish(app, tx, organization, [{ kind: "subscription.terminated", ...subject, payload }], now);
    return viewOf(tx, organization.id, subscription.id);
  });
}

/** Whoever comes second finds it ended already: 404. */
async function lockNamed(
  tx: Tx,
  organizationId: string,
  externalId: string,
  isOfPending: boolean,
): Promise<Subscription> {
  const status = isOfPending ? "pending" : "active";
  const links = await listByExternalId(tx, organizationId, externalId);
  const named = links.find((link) => link.status === status);
  const subscription = named === undefined ? null : await lockSubscription(tx, organizationId, named.id);
  if (subscription?.status === status) return subscription;
  if (links.some((link) => link.status === "incomplete")) throw invalid("base", "subscription_incomplete");
  throw new Refusal("subscription_not_found");
}

/** What is stored of the choice: null for plans in arrears, whatever was asked; else the asked, the stored, or "credit". */
async function creditNoteChoice(
  tx: Tx,
  organizationId: string,
  subscription: Subscription & { readonly terminated_at: Temporal.Instant },
  options: TerminationOptions,
): Promise<CreditNoteOnTermination | null> {
  const { id, plan_id, customer_id, terminated_at } = subscription;
  const plan = (await loadPlans(tx, organizationId, [plan_id])).get(plan_id);
  const customer = (await loadBilledCustomers(tx, organizationId, [customer_id])).get(customer_id);
  if (plan === undefined || customer === undefined) throw new Error(`subscription ${id} lacks its plan or customer`);
  const schedules = (await lockSchedules(tx, organizationId, [id])).get(id) ?? [];
  if (!plan.pay_in_advance) return null;
  const choice = options.credit_note ?? subscription.on_termination_credit_note ?? "credit";
  const terms = { ...termsOf(subscription, plan, customer.timezone), terminated_at };
  if (choice !== "skip" && leavesPaidDays(terms, plan, schedules)) {
    throw invalid("on_termination_credit_note", "not_supported_yet");
  }
  return choice;
}

async function viewOf(tx: Tx, organizationId: string, id: string): Promise<SubscriptionView> {
  const view = (await loadViews(tx, organizationId, [id])).get(id);
  if (view === undefined) throw new Error(`subscription ${id} is not there`);
  return view;
}
