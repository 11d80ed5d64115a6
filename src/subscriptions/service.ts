/** Subscriptions: begun, found, changed. Their end is in terminate.ts. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { findPlan, markPlanAttached, notYetSubscribable, type Plan, presentPlansOf } from "../catalog/index.ts";
import { type BilledCustomer, findOrCreateCustomer, markCustomerUsed, setCurrencyIfBlank } from "../customers/index.ts";
import { findBillingEntities, findBillingEntity, type Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { floorToMillisecond } from "../kernel/calendar.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Page } from "../kernel/pages.ts";
import { type Db, type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import type { SubscriptionStatus, SubscriptionView } from "./model.ts";
import { presentSubscription } from "./present.ts";
import { beginsWithInvoice, endingProblems, startOf } from "./rules/lifecycle.ts";
import { type Creation, readChange, readCreation } from "./rules/request.ts";
import { firstSchedules } from "./rules/schedules.ts";
import { termsOf } from "./rules/windows.ts";
import { insertSchedules } from "./schedules-store.ts";
import type { CreateBody, UpdateBody } from "./schemas.ts";
import {
  claimChain,
  insertSubscription,
  lastBilledEnd,
  listByExternalId,
  lockSubscription,
  updateSubscription,
} from "./store.ts";
import { type Filters, listViews, loadViews } from "./views-store.ts";

/**
 * Puts a customer on a plan (2.3 of the subscriptions spec). Asking again for what is there changes nothing. The
 * customer's row is locked, so that of many requests at once one begins the subscription.
 */
export async function createSubscription(
  app: App,
  organization: Organization,
  body: Static<typeof CreateBody>,
  now: Temporal.Instant,
): Promise<SubscriptionView> {
  const { creation, problems } = readCreation(body);
  return inTransaction(app.db, async (tx) => {
    const billingEntityId = await entityNamed(tx, organization.id, creation.billing_entity_code);
    const plan = creation.plan_code === null ? null : await findPlan(tx, organization.id, creation.plan_code);
    if (plan === null) throw new Refusal("plan_not_found");
    refuseIfAny(problems);
    const { external_customer_id } = creation;
    if (external_customer_id === null) throw invalid("external_customer_id", "value_is_mandatory");
    const customer = await findOrCreateCustomer(
      tx,
      organization,
      external_customer_id,
      creation.billing_entity_code,
      now,
      app,
    );
    refuseIfAny(endingProblems(creation.ending_at, { ...creation, now, timezone: customer.timezone }));
    await markCustomerUsed(tx, organization.id, customer.id);
    const id =
      (await findCurrent(tx, organization.id, customer, plan, creation)) ??
      (await begin(app, tx, organization, { creation, customer, plan, billingEntityId, now }));
    return viewNamed(tx, organization.id, id);
  });
}

/** Null where the request names none. */
async function entityNamed(tx: Tx, organizationId: string, code: string | null | undefined): Promise<string | null> {
  if (code === null || code === undefined) return null;
  const entity = await findBillingEntity(tx, organizationId, code);
  if (entity === null) throw new Refusal("billing_entity_not_found");
  return entity.id;
}

/** The running subscription of this external id, where it is on the wanted plan already; null where there is none. */
async function findCurrent(
  tx: Tx,
  organizationId: string,
  customer: BilledCustomer,
  plan: Plan,
  { external_id }: Creation,
): Promise<string | null> {
  const running = (await listByExternalId(tx, organizationId, external_id)).filter(
    ({ status }) => status === "active" || status === "pending",
  );
  const current = running.find(({ customer_id }) => customer_id === customer.id);
  if (current === undefined) {
    if (running.some(({ status }) => status === "active")) throw invalid("external_id", "value_already_exist");
    return null;
  }
  if (current.plan_id !== plan.id) throw invalid("plan_code", "not_supported_yet");
  return current.id;
}

interface Beginning {
  readonly creation: Creation;
  readonly customer: BilledCustomer;
  readonly plan: Plan;
  readonly billingEntityId: string | null;
  readonly now: Temporal.Instant;
}

/** A new subscription with its schedules (2.4). */
async function begin(
  app: App,
  tx: Tx,
  organization: Organization,
  { creation, customer, plan, billingEntityId, now }: Beginning,
): Promise<string> {
  const { external_id, name, billing_time, consolidate_invoice, purchase_order_number } = creation;
  const { id: organizationId } = organization;
  const { timezone } = customer;
  const { subscription_at, started_at, when } = startOf({
    subscription_at: creation.subscription_at,
    now: floorToMillisecond(now),
    timezone,
    lastBilledEnd: await lastBilledEnd(tx, organizationId, customer.id, external_id),
  });
  if (when === "future") throw invalid("subscription_at", "not_supported_yet");
  refuseIfAny(unsubscribable(plan));
  await markPlanAttached(tx, organizationId, plan.id);
  await setCurrencyIfBlank(tx, organizationId, customer.id, plan.amount_currency);
  const subscription = await insertSubscription(tx, {
    organization_id: organizationId,
    id: newId(),
    chain_id: await claimChain(tx, organizationId, customer.id, external_id),
    customer_id: customer.id,
    plan_id: plan.id,
    billing_entity_id: billingEntityId,
    status: "active",
    activated_at: now,
    ...{ external_id, name, billing_time, subscription_at, started_at, consolidate_invoice, purchase_order_number },
    created_at: now,
    updated_at: now,
  });
  if (subscription === "external_id_taken") throw invalid("external_id", "value_already_exist");
  const terms = termsOf(subscription, plan, timezone);
  await insertSchedules(tx, organizationId, subscription, firstSchedules(terms));
  const payload = { plan_id: plan.id, bill_start: beginsWithInvoice(terms) };
  const subject = { subject_type: "subscription", subject_id: subscription.id };
  await publish(app, tx, organization, [{ kind: "subscription.started", ...subject, payload }], now);
  return subscription.id;
}

/** What of a plan would be billed wrongly today: fixed charges do not exist yet, so neither do their months. */
function unsubscribable(plan: Plan) {
  const problems = [...notYetSubscribable(plan)];
  const isLong = plan.interval === "yearly" || plan.interval === "semiannual";
  if (isLong && plan.bill_fixed_charges_monthly) {
    problems.push({ field: "bill_fixed_charges_monthly", code: "not_supported_yet" });
  }
  return problems;
}

async function viewNamed(db: DbOrTx, organizationId: string, id: string): Promise<SubscriptionView> {
  const view = (await loadViews(db, organizationId, [id])).get(id);
  if (view === undefined) throw new Refusal("subscription_not_found");
  return view;
}

/** The newest of an external id in that status; 404 `subscription_not_found`. */
export async function findSubscription(
  db: Db,
  organizationId: string,
  externalId: string,
  status: SubscriptionStatus,
): Promise<SubscriptionView> {
  const found = (await listByExternalId(db, organizationId, externalId)).find((known) => known.status === status);
  if (found === undefined) throw new Refusal("subscription_not_found");
  return viewNamed(db, organizationId, found.id);
}

/** 404 where a billing entity of the filter is unknown. */
export async function listSubscriptions(
  db: Db,
  organizationId: string,
  filters: Filters,
  page: Page,
): Promise<{ subscriptions: SubscriptionView[]; count: number }> {
  const codes = [...new Set(filters.billing_entity_codes)];
  const known = codes.length === 0 ? null : await findBillingEntities(db, organizationId, codes);
  if (known !== null && known.size < codes.length) throw new Refusal("billing_entity_not_found");
  return listViews(db, organizationId, filters, page);
}

/** Sets what a request names (2.9). Of several links of an external id `status` chooses, else the active one is meant. */
export async function changeSubscription(
  app: App,
  organization: Organization,
  externalId: string,
  status: SubscriptionStatus | null,
  body: Static<typeof UpdateBody>,
  now: Temporal.Instant,
): Promise<SubscriptionView> {
  const { change, problems } = readChange(body);
  return inTransaction(app.db, async (tx) => {
    const links = await listByExternalId(tx, organization.id, externalId);
    const isOnly = links.length === 1 && status === null;
    const meant = isOnly ? links[0] : links.find((link) => link.status === (status ?? "active"));
    const subscription = meant === undefined ? null : await lockSubscription(tx, organization.id, meant.id);
    if (subscription === null) throw new Refusal("subscription_not_found");
    const view = await viewNamed(tx, organization.id, subscription.id);
    const isOver = subscription.status === "terminated" || subscription.status === "canceled";
    if (isOver && change.purchase_order_number !== undefined) throw new Refusal("purchase_order_number_not_editable");
    const isMisplaced = change.on_termination_credit_note !== undefined && !view.plan.pay_in_advance;
    const misplaced = { field: "on_termination_credit_note", code: "value_must_be_blank" };
    refuseIfAny(isMisplaced ? [...problems, misplaced] : problems);
    const { billing_entity_code, ...columns } = change;
    const entity =
      billing_entity_code === undefined
        ? {}
        : { billing_entity_id: await entityNamed(tx, organization.id, billing_entity_code) };
    await updateSubscription(tx, organization.id, subscription.id, { ...columns, ...entity, updated_at: now });
    const subject = { subject_type: "subscription", subject_id: subscription.id };
    await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
    return viewNamed(tx, organization.id, subscription.id);
  });
}

/** The JSON of subscriptions as other resources show them, by id, as of `now`. */
export async function presentSubscriptionsOf(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
  now: Temporal.Instant,
): Promise<Map<string, Record<string, unknown>>> {
  const views = await loadViews(db, organizationId, ids);
  return new Map([...views].map(([id, view]) => [id, presentSubscription(view, now)]));
}

/** The JSON of a subscription's plan. */
export async function planJsonOf(
  db: Db,
  organizationId: string,
  { plan_id }: SubscriptionView,
): Promise<Record<string, unknown>> {
  const plan = (await presentPlansOf(db, organizationId, [plan_id])).get(plan_id);
  if (plan === undefined) throw new Error(`plan ${plan_id} is not there`);
  return plan;
}
