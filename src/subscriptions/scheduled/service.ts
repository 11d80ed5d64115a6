/** Changes that are put on a subscription in advance: on their day they are done as if they were asked for then. */
import type { Static } from "typebox";
import type { App } from "../../app.ts";
import { checkPlanOverrides, findPlan, type PlanOverrides, planOverridesOf } from "../../catalog/index.ts";
import type { Organization } from "../../identity/index.ts";
import { publish } from "../../jobs/index.ts";
import { localDayNumber } from "../../kernel/calendar.ts";
import { invalid, Refusal, refuseIfAny } from "../../kernel/failure.ts";
import { newId } from "../../kernel/ids.ts";
import type { Page } from "../../kernel/pages.ts";
import { type Db, inTransaction } from "../../storage/database.ts";
import { applyChange } from "../change.ts";
import { type BillMissed, billMissedOf } from "../missed.ts";
import { dueOnDayOf } from "../rules/dues.ts";
import { readChange, readCreation, readInstant } from "../rules/request.ts";
import { subscribe } from "../service.ts";
import { findByExternalId, listByExternalId, loadSubscriptions } from "../store.ts";
import { factsOf } from "../terminate.ts";
import { lockCustomers } from "../transitions-store.ts";
import type { ScheduledChange } from "./model.ts";
import type { CreateBody } from "./schemas.ts";
import { closeScheduled, dueScheduled, insertScheduled, listScheduled, lockScheduled } from "./store.ts";

const overridesOf = (input: ScheduledChange["plan_overrides"]): PlanOverrides | null => {
  const read = input === null ? {} : planOverridesOf(input);
  return Object.keys(read).length === 0 ? null : read;
};

/** 404 for an unknown subscription or plan; 422 for a day that has come already, or a change that changes nothing. */
export async function scheduleChange(
  app: App,
  organization: Organization,
  externalId: string,
  { scheduled_change: input }: Static<typeof CreateBody>,
  now: Temporal.Instant,
): Promise<ScheduledChange> {
  return inTransaction(app.db, async (tx) => {
    const link = await findByExternalId(tx, organization.id, externalId, "active");
    if (link === null) throw new Refusal("subscription_not_found");
    await lockCustomers(tx, organization.id, [link.customer_id]);
    const subscription = (await loadSubscriptions(tx, organization.id, [link.id])).get(link.id);
    if (subscription?.status !== "active") throw new Refusal("subscription_not_found");
    const { plan, customer } = await factsOf(tx, organization.id, subscription);
    const named = input.plan_code ? await findPlan(tx, organization.id, input.plan_code) : null;
    if (input.plan_code && named === null) throw new Refusal("plan_not_found");
    const overrides = overridesOf(input.plan_overrides ?? null);
    const problems = overrides === null ? [] : [...checkPlanOverrides(named ?? plan, overrides)];
    const scheduled_at = readInstant("scheduled_at", input.scheduled_at, problems);
    refuseIfAny(problems);
    const { timezone } = customer;
    if (scheduled_at === null) throw invalid("scheduled_at", "value_is_mandatory");
    if (localDayNumber(scheduled_at, timezone) <= localDayNumber(now, timezone)) {
      throw invalid("scheduled_at", "invalid_date");
    }
    if (named === null && overrides === null) throw invalid("plan_code", "value_is_mandatory");
    const { chain_id, customer_id, external_id } = subscription;
    return insertScheduled(tx, {
      organization_id: organization.id,
      id: newId(),
      ...{ chain_id, customer_id, external_id, scheduled_at },
      due_at: dueOnDayOf(scheduled_at, timezone),
      plan_code: named?.code ?? null,
      plan_overrides: overrides === null ? null : JSON.stringify(input.plan_overrides),
      created_at: now,
    });
  });
}

/** Of the newest link's chain; 404 `subscription_not_found`. */
export async function scheduledChanges(
  db: Db,
  organizationId: string,
  externalId: string,
  page: Page,
): Promise<{ changes: ScheduledChange[]; count: number }> {
  const [newest] = await listByExternalId(db, organizationId, externalId);
  if (newest === undefined) throw new Refusal("subscription_not_found");
  const link = (await loadSubscriptions(db, organizationId, [newest.id])).get(newest.id);
  return listScheduled(db, organizationId, link?.chain_id ?? "", page);
}

/** 404 `scheduled_change_not_found`; 405 `scheduled_change_not_pending`. */
export async function cancelScheduled(
  app: App,
  organization: Organization,
  externalId: string,
  id: string,
  now: Temporal.Instant,
): Promise<ScheduledChange> {
  return inTransaction(app.db, async (tx) => {
    const change = await lockScheduled(tx, organization.id, id);
    if (change === null || change.external_id !== externalId) throw new Refusal("scheduled_change_not_found");
    if (change.status !== "pending") throw new Refusal("scheduled_change_not_pending");
    await closeScheduled(tx, organization.id, id, { status: "canceled", now });
    return { ...change, status: "canceled", canceled_at: now };
  });
}

/** Carries out those that are due, one after another, each in a transaction of its own; one that cannot be is set down as failed. */
export async function applyDueChanges(
  app: App,
  organization: Organization,
  now: Temporal.Instant,
  billMissed: BillMissed,
): Promise<void> {
  const PAGE = 100;
  for (;;) {
    const ids = await dueScheduled(app.db, organization.id, now, PAGE);
    for (const id of ids) {
      try {
        await applyScheduled(app, organization, id, now, billMissed);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        await fail(app, organization, id, error, now);
      }
    }
    if (ids.length < PAGE) return;
  }
}

async function fail(app: App, organization: Organization, id: string, refusal: Refusal, now: Temporal.Instant) {
  await inTransaction(app.db, async (tx) => {
    const change = await lockScheduled(tx, organization.id, id);
    if (change?.status !== "pending") return;
    const { code, details = null } = refusal;
    await closeScheduled(tx, organization.id, id, { status: "failed", error: { code, details }, now });
    const subject = { subject_type: "scheduled_change", subject_id: id, payload: { code } };
    await publish(app, tx, organization, [{ kind: "subscription.scheduled_change_failed", ...subject }], now);
  });
}

/** What was due before it is billed first, by what was true before it. */
async function applyScheduled(
  app: App,
  organization: Organization,
  id: string,
  now: Temporal.Instant,
  billMissed: BillMissed,
): Promise<void> {
  const seen = await inTransaction(app.db, (tx) => lockScheduled(tx, organization.id, id));
  if (seen?.status !== "pending") return;
  await billMissedOf(app, organization, seen, { now, billMissed }, () => now);
  await inTransaction(app.db, async (tx) => {
    await lockCustomers(tx, organization.id, [seen.customer_id]);
    const change = await lockScheduled(tx, organization.id, id);
    if (change?.status !== "pending") return;
    const link = await findByExternalId(tx, organization.id, change.external_id, "active");
    const subscription = link && (await loadSubscriptions(tx, organization.id, [link.id])).get(link.id);
    if (subscription?.chain_id !== change.chain_id) throw new Refusal("subscription_not_found");
    const { external_id, plan_code, plan_overrides } = change;
    if (plan_code === null) {
      const meant = { externalId: external_id, status: "active" } as const;
      const reading = readChange({ subscription: { plan_overrides } });
      await applyChange(app, tx, organization, meant, reading, now);
    } else {
      const { customer } = await factsOf(tx, organization.id, subscription);
      const given = { external_customer_id: customer.external_id, external_id, plan_code, plan_overrides };
      await subscribe(app, tx, organization, readCreation({ subscription: given }), now);
    }
    await closeScheduled(tx, organization.id, id, { status: "applied", now });
  });
}
