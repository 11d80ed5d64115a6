/** Changes of a subscription that stay on its plan: 2.9 of the subscriptions spec. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { type Plan, type PlanOverrides, setUnitOverrides, type UnitsChange } from "../catalog/index.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { floorToMillisecond, localDayNumber } from "../kernel/calendar.ts";
import { invalid, type Problem, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import { allDues, beginLinks } from "./begin.ts";
import { setDues } from "./dues-store.ts";
import type { Subscription, SubscriptionStatus, SubscriptionView } from "./model.ts";
import { unitsOverridden } from "./overridden.ts";
import { ownPlanOf } from "./own-plan.ts";
import { endingProblems } from "./rules/lifecycle.ts";
import { type Change, readChange } from "./rules/request.ts";
import type { UpdateBody } from "./schemas.ts";
import { entityNamed, refuseCreditAtEnd, viewNamed } from "./service.ts";
import { listByExternalId, lockSubscription, updateSubscription } from "./store.ts";
import { factsOf } from "./terminate.ts";
import { lockCustomers } from "./transitions-store.ts";
import { recordUnits } from "./unit-changes.ts";

/** Sets what a request names. Of several links of an external id `status` chooses, else the active one is meant. */
export async function changeSubscription(
  app: App,
  organization: Organization,
  externalId: string,
  status: SubscriptionStatus | null,
  body: Static<typeof UpdateBody>,
  now: Temporal.Instant,
): Promise<SubscriptionView> {
  const reading = readChange(body);
  return inTransaction(app.db, async (tx) => {
    const id = await applyChange(app, tx, organization, { externalId, status }, reading, now);
    return viewNamed(tx, organization.id, id);
  });
}

interface Meant {
  readonly externalId: string;
  /** Null: the only link, or the active one. */
  readonly status: SubscriptionStatus | null;
}

/** What the request comes to, in the caller's transaction; answers the subscription's id. */
export async function applyChange(
  app: App,
  tx: Tx,
  organization: Organization,
  { externalId, status }: Meant,
  { change, problems }: ReturnType<typeof readChange>,
  now: Temporal.Instant,
): Promise<string> {
  const subscription = await lockMeant(tx, organization.id, externalId, status);
  const isOver = subscription.status === "terminated" || subscription.status === "canceled";
  if (isOver && change.purchase_order_number !== undefined) throw new Refusal("purchase_order_number_not_editable");
  const { plan, customer } = await factsOf(tx, organization.id, subscription);
  const { timezone } = customer;
  refuseIfAny([...problems, ...misplaced(subscription, change, plan), ...endings(subscription, change, timezone, now)]);
  if ((change.activation_rules?.length ?? 0) > 0) throw invalid("customer", "no_linked_payment_provider");
  const { billing_entity_code, activation_rules: _, plan_overrides = null, ...columns } = change;
  const entity =
    billing_entity_code === undefined
      ? {}
      : { billing_entity_id: await entityNamed(tx, organization.id, billing_entity_code) };
  const changed: Subscription = { ...subscription, ...columns };
  refuseCreditAtEnd(changed, plan, changed.started_at ?? changed.subscription_at, timezone);
  await updateSubscription(tx, organization.id, subscription.id, { ...columns, ...entity, updated_at: now });
  const own = plan_overrides === null ? null : await override(tx, organization, changed, plan, plan_overrides, now);
  const isStarting =
    change.subscription_at !== undefined &&
    localDayNumber(change.subscription_at, timezone) <= localDayNumber(now, timezone);
  if (isStarting) {
    const isToday = localDayNumber(changed.subscription_at, timezone) === localDayNumber(now, timezone);
    const started_at = floorToMillisecond(changed.subscription_at);
    // It was asked for today, so what lies before is in the past of its creation.
    const beginning = { subscription: changed, plan: own?.plan ?? plan, timezone, started_at, bills_start: isToday };
    await beginLinks(app, tx, organization, [beginning], now);
  } else if (!isOver) await setDues(tx, organization.id, allDues(changed, timezone, now));
  if (own !== null && changed.status === "active") {
    const link = { subscription: { ...changed, plan_id: own.plan.id }, plan: own.plan, timezone, changes: own.units };
    await recordUnits(app, tx, organization, [link], { change_id: null, at: now });
  }
  const subject = { subject_type: "subscription", subject_id: subscription.id };
  await publish(app, tx, organization, [{ kind: "subscription.updated", ...subject }], now);
  return subscription.id;
}

/** With its customer, so that no run bills it meanwhile. */
async function lockMeant(
  tx: Tx,
  organizationId: string,
  externalId: string,
  status: SubscriptionStatus | null,
): Promise<Subscription> {
  const links = await listByExternalId(tx, organizationId, externalId);
  const isOnly = links.length === 1 && status === null;
  const meant = isOnly ? links[0] : links.find((link) => link.status === (status ?? "active"));
  if (meant === undefined) throw new Refusal("subscription_not_found");
  await lockCustomers(tx, organizationId, [meant.customer_id]);
  const subscription = await lockSubscription(tx, organizationId, meant.id);
  if (subscription === null) throw new Refusal("subscription_not_found");
  if (subscription.status === "incomplete") throw new Refusal("subscription_incomplete");
  return subscription;
}

/** What may not be said of a subscription in its state, or on its plan. */
function misplaced(subscription: Subscription, change: Change, plan: { readonly pay_in_advance: boolean }): Problem[] {
  const problems: Problem[] = [];
  if (change.on_termination_credit_note !== undefined && !plan.pay_in_advance) {
    problems.push({ field: "on_termination_credit_note", code: "value_must_be_blank" });
  }
  if (change.activation_rules !== undefined && subscription.status !== "pending") {
    problems.push({ field: "activation_rules", code: "subscription_not_pending" });
  }
  // Only of a subscription that waits for its own start; of others the date stands as it is.
  if (subscription.status !== "pending" || subscription.previous_subscription_id !== null) {
    delete change.subscription_at;
  }
  return problems;
}

function endings(
  subscription: Subscription,
  { ending_at, subscription_at = subscription.subscription_at }: Change,
  timezone: string,
  now: Temporal.Instant,
): Problem[] {
  if (ending_at === undefined || ending_at === null) return [];
  return endingProblems(ending_at, { subscription_at, now, timezone });
}

/** What the subscription has of its plan on its own from now on: units alone stay beside the plan, all else makes it one of its own. */
export async function override(
  tx: Tx,
  organization: Organization,
  subscription: Subscription,
  plan: Plan,
  overrides: PlanOverrides,
  now: Temporal.Instant,
): Promise<{ readonly plan: Plan; readonly units: readonly UnitsChange[] }> {
  const units = unitsOverridden(plan, overrides);
  if (units === null) return ownPlanOf(tx, organization, subscription, overrides, now);
  await setUnitOverrides(tx, organization.id, subscription.id, units, now);
  const atOnce = new Map(
    (overrides.fixed_charges ?? []).map((each) => [each.id?.toLowerCase(), each.apply_units_immediately === true]),
  );
  const changes = units.map(({ fixed_charge_id, units: count }) => ({
    fixed_charge_id,
    units: count.toFixed(),
    at_once: atOnce.get(fixed_charge_id) ?? false,
    is_unchanged: false,
  }));
  return { plan, units: changes };
}
