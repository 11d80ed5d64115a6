/** Subscriptions: begun, and found. Changes are in change.ts and plan-change.ts, their end is in terminate.ts. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { findPlan, type Plan, presentPlansOf } from "../catalog/index.ts";
import { type BilledCustomer, findOrCreateCustomer, markCustomerUsed, setCurrencyIfBlank } from "../customers/index.ts";
import { findBillingEntities, findBillingEntity, type Organization } from "../identity/index.ts";
import { floorToMillisecond } from "../kernel/calendar.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Page } from "../kernel/pages.ts";
import { type Db, type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import { allDues, beginLinks } from "./begin.ts";
import { setDues } from "./dues-store.ts";
import { type BillMissed, billMissedOf } from "./missed.ts";
import type { Subscription, SubscriptionStatus, SubscriptionView } from "./model.ts";
import { choosePlan, keepOwnUnits } from "./overridden.ts";
import { downgrade, type PlanChange, replacePlan, upgrade } from "./plan-change.ts";
import { presentSubscription } from "./present.ts";
import { endingProblems, endLeavesPaidDays, startOf, yearlyAmount } from "./rules/lifecycle.ts";
import { isPaused } from "./rules/pause.ts";
import { type Creation, readCreation } from "./rules/request.ts";
import { termsOf } from "./rules/windows.ts";
import type { CreateBody } from "./schemas.ts";
import {
  claimChain,
  findByExternalId,
  insertSubscription,
  lastBilledEnd,
  listByExternalId,
  lockSubscription,
} from "./store.ts";
import { factsOf } from "./terminate.ts";
import { type Filters, listViews, loadViews } from "./views-store.ts";

/**
 * Puts a customer on a plan, or moves a subscription to another one (2.3 of the subscriptions spec). Asking again for what is
 * there changes nothing. The customer's row is locked, so that of many requests at once one takes effect after the other.
 */
export async function createSubscription(
  app: App,
  organization: Organization,
  body: Static<typeof CreateBody>,
  now: Temporal.Instant,
  billMissed: BillMissed,
): Promise<SubscriptionView> {
  const reading = readCreation(body);
  if (reading.problems.length === 0) await billBeforeChange(app, organization, reading.creation, now, billMissed);
  return inTransaction(app.db, async (tx) => {
    const id = await subscribe(app, tx, organization, reading, now);
    return viewNamed(tx, organization.id, id);
  });
}

/** What the request comes to, in the caller's transaction; answers the subscription's id. Missed periods are billed already. */
export async function subscribe(
  app: App,
  tx: Tx,
  organization: Organization,
  { creation, problems }: ReturnType<typeof readCreation>,
  now: Temporal.Instant,
): Promise<string> {
  const billingEntityId = await entityNamed(tx, organization.id, creation.billing_entity_code);
  const plan = creation.plan_code === null ? null : await findPlan(tx, organization.id, creation.plan_code);
  if (plan === null) throw new Refusal("plan_not_found");
  refuseIfAny(problems);
  const { external_customer_id } = creation;
  if (external_customer_id === null) throw invalid("external_customer_id", "value_is_mandatory");
  const entityCode = creation.billing_entity_code;
  const customer = await findOrCreateCustomer(tx, organization, external_customer_id, entityCode, now, app);
  refuseIfAny(endingProblems(creation.ending_at, { ...creation, now, timezone: customer.timezone }));
  if (creation.activation_rules.length > 0) throw invalid("customer", "no_linked_payment_provider");
  await markCustomerUsed(tx, organization.id, customer.id);
  const request: Request = { creation, customer, plan, billingEntityId, now };
  const current = await findCurrent(tx, organization.id, request);
  if (current === null) return begin(app, tx, organization, request);
  return move(app, tx, organization, current, request);
}

interface Request {
  readonly creation: Creation;
  readonly customer: BilledCustomer;
  readonly plan: Plan;
  readonly billingEntityId: string | null;
  readonly now: Temporal.Instant;
}

/** A change of plan begins with what no run has billed yet: else that would be billed by what is true after it. */
async function billBeforeChange(
  app: App,
  organization: Organization,
  { external_id, plan_code }: Creation,
  now: Temporal.Instant,
  billMissed: BillMissed,
): Promise<void> {
  const current = await findByExternalId(app.db, organization.id, external_id, "active");
  if (current === null || plan_code === null) return;
  const plan = await findPlan(app.db, organization.id, plan_code);
  if (plan === null || plan.id === current.plan_id) return;
  await billMissedOf(app, organization, current, { now, billMissed }, () => now);
}

/** Null where the request names none. */
export async function entityNamed(
  tx: Tx,
  organizationId: string,
  code: string | null | undefined,
): Promise<string | null> {
  if (code === null || code === undefined) return null;
  const entity = await findBillingEntity(tx, organizationId, code);
  if (entity === null) throw new Refusal("billing_entity_not_found");
  return entity.id;
}

/** The running subscription of this external id, locked: the active one, else one that waits for its own start; null where there is none. */
async function findCurrent(
  tx: Tx,
  organizationId: string,
  { customer, creation: { external_id } }: Request,
): Promise<Subscription | null> {
  const links = await listByExternalId(tx, organizationId, external_id);
  const ofCustomer = links.filter(({ customer_id }) => customer_id === customer.id);
  if (ofCustomer.some(({ status }) => status === "incomplete"))
    throw invalid("subscription", "subscription_incomplete");
  const current =
    ofCustomer.find(({ status }) => status === "active") ??
    ofCustomer.find(
      ({ status, previous_subscription_id }) => status === "pending" && previous_subscription_id === null,
    );
  if (current === undefined) {
    if (links.some(({ status }) => status === "active")) throw invalid("external_id", "value_already_exist");
    return null;
  }
  return lockSubscription(tx, organizationId, current.id);
}

/** What a request means for a subscription that is there already (2.3, step 10): the same plan changes nothing. */
async function move(
  app: App,
  tx: Tx,
  organization: Organization,
  current: Subscription,
  request: Request,
): Promise<string> {
  if (current.plan_id === request.plan.id) return current.id;
  if (isPaused(current)) throw invalid("subscription", "subscription_paused");
  const chosen = await choosePlan(tx, organization, request.plan, request.creation.plan_overrides, request.now);
  const change: PlanChange = { ...request, chosen, current };
  if (current.status === "pending") return replacePlan(app, tx, organization, change);
  const { plan } = await factsOf(tx, organization.id, current);
  const isUpgrade = yearlyAmount(chosen.plan) >= yearlyAmount(plan);
  return isUpgrade ? upgrade(app, tx, organization, change) : downgrade(app, tx, organization, change);
}

/** A new subscription (2.4): it begins now, or waits for its day. */
async function begin(
  app: App,
  tx: Tx,
  organization: Organization,
  { creation, customer, plan: named, billingEntityId, now }: Request,
): Promise<string> {
  const { external_id, name, billing_time, consolidate_invoice, purchase_order_number, ending_at } = creation;
  const { id: organizationId } = organization;
  const { timezone } = customer;
  const { subscription_at, started_at, when } = startOf({
    subscription_at: creation.subscription_at,
    now: floorToMillisecond(now),
    timezone,
    lastBilledEnd: await lastBilledEnd(tx, organizationId, customer.id, external_id),
  });
  const chosen = await choosePlan(tx, organization, named, creation.plan_overrides, now);
  const { plan } = chosen;
  await setCurrencyIfBlank(tx, organizationId, customer.id, plan.amount_currency);
  const subscription = await insertSubscription(tx, {
    organization_id: organizationId,
    id: newId(),
    chain_id: await claimChain(tx, organizationId, customer.id, external_id),
    customer_id: customer.id,
    plan_id: plan.id,
    billing_entity_id: billingEntityId,
    status: "pending",
    ...{ external_id, name, billing_time, subscription_at, ending_at, consolidate_invoice, purchase_order_number },
    created_at: now,
    updated_at: now,
  });
  refuseCreditAtEnd(subscription, plan, started_at, timezone);
  await keepOwnUnits(tx, organizationId, subscription.id, chosen, now);
  if (when === "future") await setDues(tx, organizationId, allDues(subscription, timezone, now));
  else {
    const beginning = { subscription, plan, timezone, started_at, bills_start: when === "today" };
    await beginLinks(app, tx, organization, [beginning], now);
  }
  return subscription.id;
}

/** 422 where the planned end of a plan in advance would leave days that are paid by then: a credit note would be owed. */
export function refuseCreditAtEnd(
  subscription: Subscription,
  plan: Plan,
  started_at: Temporal.Instant,
  timezone: string,
): void {
  const { ending_at, on_termination_credit_note } = subscription;
  if (ending_at === null || on_termination_credit_note === "skip") return;
  const terms = termsOf({ ...subscription, started_at }, plan, timezone);
  if (endLeavesPaidDays(terms, plan, ending_at)) throw invalid("ending_at", "not_supported_yet");
}

export async function viewNamed(db: DbOrTx, organizationId: string, id: string): Promise<SubscriptionView> {
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
