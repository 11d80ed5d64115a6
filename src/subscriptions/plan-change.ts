/** Changes of plan: 2.6 to 2.8 of the subscriptions spec. A dearer (or equally dear) plan follows at once, a cheaper one with the period's end. */
import type { App } from "../app.ts";
import type { Plan } from "../catalog/index.ts";
import type { BilledCustomer } from "../customers/index.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { floorToMillisecond, later } from "../kernel/calendar.ts";
import { invalid } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import { beginLinks } from "./begin.ts";
import { cancelPending, endActive } from "./end.ts";
import { pendingLinks } from "./links-store.ts";
import type { Subscription } from "./model.ts";
import { type ChosenPlan, keepOwnUnits } from "./overridden.ts";
import { leavesPaidDays } from "./rules/lifecycle.ts";
import type { Creation } from "./rules/request.ts";
import { termsOf } from "./rules/windows.ts";
import { lockSchedules } from "./schedules-store.ts";
import { insertSubscription, updateSubscription } from "./store.ts";
import { factsOf } from "./terminate.ts";

/** A plan that an active subscription is to move to. */
export interface PlanChange {
  /** Locked. */
  readonly current: Subscription;
  readonly customer: BilledCustomer;
  readonly chosen: ChosenPlan;
  readonly creation: Creation;
  readonly billingEntityId: string | null;
  readonly now: Temporal.Instant;
}

/** The new link, waiting: what the request does not say it takes over from the current one. */
async function insertNext(
  tx: Tx,
  organizationId: string,
  { current, chosen, creation, billingEntityId, now }: PlanChange,
): Promise<Subscription> {
  const { given } = creation;
  const next = await insertSubscription(tx, {
    organization_id: organizationId,
    id: newId(),
    chain_id: current.chain_id,
    customer_id: current.customer_id,
    plan_id: chosen.plan.id,
    billing_entity_id: billingEntityId ?? current.billing_entity_id,
    previous_subscription_id: current.id,
    external_id: current.external_id,
    name: given.name ? creation.name : current.name,
    status: "pending",
    billing_time: current.billing_time,
    subscription_at: current.subscription_at,
    ending_at: given.ending_at ? creation.ending_at : current.ending_at,
    consolidate_invoice: given.consolidate_invoice ? creation.consolidate_invoice : current.consolidate_invoice,
    purchase_order_number: given.purchase_order_number ? creation.purchase_order_number : current.purchase_order_number,
    created_at: now,
    updated_at: now,
  });
  await keepOwnUnits(tx, organizationId, next.id, chosen, now);
  return next;
}

async function cancelWaiting(
  app: App,
  tx: Tx,
  organization: Organization,
  { current, now }: PlanChange,
): Promise<void> {
  const waiting = (await pendingLinks(tx, organization.id, [current.id])).get(current.id);
  if (waiting !== undefined) await cancelPending(app, tx, organization, [waiting.subscription.id], now);
}

/**
 * Ends the current link now and begins the new one, whose id is answered; both on one invoice. 422 where a credit note would
 * be owed for days of the current plan that were paid and not used.
 */
export async function upgrade(app: App, tx: Tx, organization: Organization, change: PlanChange): Promise<string> {
  const { current, customer, chosen, now } = change;
  const at = momentOf(current, now);
  if (await owesCredit(tx, organization.id, current, at)) {
    throw invalid("on_termination_credit_note", "not_supported_yet");
  }
  await cancelWaiting(app, tx, organization, change);
  const next = await insertNext(tx, organization.id, change);
  await switchNow(app, tx, organization, { current, next, plan: chosen.plan, timezone: customer.timezone, at }, now);
  return next.id;
}

/** When a change of plan takes effect at once: now, to what is stored of a start. */
export const momentOf = ({ started_at }: Subscription, now: Temporal.Instant) =>
  later(floorToMillisecond(now), started_at ?? now);

export interface Switch {
  /** Active, and locked. */
  readonly current: Subscription;
  /** Waits for the end of the current one. */
  readonly next: Subscription;
  /** Of the next one. */
  readonly plan: Plan;
  readonly timezone: string;
  readonly at: Temporal.Instant;
}

/** Ends the current link and begins the one that waits for it; both on one invoice. */
export async function switchNow(
  app: App,
  tx: Tx,
  organization: Organization,
  { current, next, plan, timezone, at }: Switch,
  now: Temporal.Instant,
): Promise<void> {
  const ending = {
    id: current.id,
    terminated_at: at,
    terminated_by: "upgrade",
    on_termination_credit_note: current.on_termination_credit_note,
    on_termination_invoice: "generate",
    next_subscription_id: next.id,
  } as const;
  // The new link waits already: it is not one that the end of the current one cancels.
  await endActive(app, tx, organization, [ending], now, { keeps: next.id });
  const beginning = { subscription: next, plan, timezone, started_at: at, bills_start: true, isBilledElsewhere: true };
  await beginLinks(app, tx, organization, [beginning], now);
}

/** Whether days of the current plan are paid that an upgrade at `at` leaves unused. */
export async function owesCredit(
  tx: Tx,
  organizationId: string,
  current: Subscription,
  at: Temporal.Instant,
): Promise<boolean> {
  const { plan, customer } = await factsOf(tx, organizationId, current);
  const schedules = (await lockSchedules(tx, organizationId, [current.id])).get(current.id) ?? [];
  const paid = {
    terms: termsOf(current, plan, customer.timezone),
    bills_start: current.bills_start,
    amount_cents: plan.amount_cents,
    schedules,
  };
  return leavesPaidDays(paid, at, { isUpgrade: true });
}

/** Lets the new link wait for the end of the current one's period; one that waited before is canceled. */
export async function downgrade(app: App, tx: Tx, organization: Organization, change: PlanChange): Promise<string> {
  const { current, now } = change;
  await cancelWaiting(app, tx, organization, change);
  await insertNext(tx, organization.id, change);
  const subject = { subject_type: "subscription", subject_id: current.id };
  await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
  return current.id;
}

/** A subscription that has not begun yet just begins on the other plan. */
export async function replacePlan(app: App, tx: Tx, organization: Organization, change: PlanChange): Promise<string> {
  const { current, chosen, creation, billingEntityId, now } = change;
  await updateSubscription(tx, organization.id, current.id, {
    plan_id: chosen.plan.id,
    ...(creation.given.name ? { name: creation.name } : {}),
    ...(billingEntityId === null ? {} : { billing_entity_id: billingEntityId }),
    updated_at: now,
  });
  await keepOwnUnits(tx, organization.id, current.id, chosen, now);
  const subject = { subject_type: "subscription", subject_id: current.id };
  await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
  return current.id;
}
