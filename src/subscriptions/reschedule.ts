/** Days move with the time zone of a customer, or of the billing entity that a customer has it from: what is due is told anew. */
import { loadPlans } from "../catalog/index.ts";
import { customersInZoneOf, loadBilledCustomers } from "../customers/index.ts";
import { findOrganization } from "../identity/index.ts";
import { enqueue, type Job, job, type ReactionPayload } from "../jobs/index.ts";
import { presentOf } from "../kernel/clock.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import { allDues } from "./begin.ts";
import { setDues } from "./dues-store.ts";
import { dueOnDayOf } from "./rules/dues.ts";
import { rescheduled } from "./rules/schedules.ts";
import { termsOf } from "./rules/windows.ts";
import { setScheduledDues, waitingOfCustomers } from "./scheduled/store.ts";
import { lockSchedules, setDueMoments } from "./schedules-store.ts";
import { standingOfCustomers } from "./store.ts";
import { lockCustomers } from "./transitions-store.ts";

const changedOf = ({ changed }: ReactionPayload["payload"]): readonly unknown[] =>
  Array.isArray(changed) ? changed : [];

/** Nothing is billed by it, and nothing is billed twice: what is billed up to now stays where it is. */
async function reschedule(
  tx: Tx,
  organizationId: string,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  await lockCustomers(tx, organizationId, customerIds);
  const subscriptions = await standingOfCustomers(tx, organizationId, customerIds);
  const customers = await loadBilledCustomers(tx, organizationId, customerIds);
  const plans = await loadPlans(
    tx,
    organizationId,
    subscriptions.map(({ plan_id }) => plan_id),
  );
  const schedules = await lockSchedules(
    tx,
    organizationId,
    subscriptions.map(({ id }) => id),
  );
  const zoneOf = (customerId: string) => customers.get(customerId)?.timezone ?? "UTC";
  const moments = subscriptions.flatMap((subscription) => {
    const plan = plans.get(subscription.plan_id);
    if (plan === undefined || subscription.started_at === null) return [];
    const terms = termsOf(subscription, plan, zoneOf(subscription.customer_id));
    return (schedules.get(subscription.id) ?? []).map((schedule) => ({
      subscription_id: subscription.id,
      kind: schedule.kind,
      next_due_at: rescheduled(terms, schedule),
    }));
  });
  await setDueMoments(tx, organizationId, moments);
  const dues = subscriptions.flatMap((subscription) => allDues(subscription, zoneOf(subscription.customer_id), now));
  await setDues(tx, organizationId, dues);
  const waiting = await waitingOfCustomers(tx, organizationId, customerIds);
  const moved = waiting.map(({ id, customer_id, scheduled_at }) => ({
    id,
    due_at: dueOnDayOf(scheduled_at, zoneOf(customer_id)),
  }));
  await setScheduledDues(tx, organizationId, moved);
}

/** `customer.updated` */
export const rescheduleCustomer: Job<ReactionPayload> = job(
  "subscriptions.reschedule_customer",
  async ({ organization_id, subject_id, payload }, { app }) => {
    const changed = changedOf(payload);
    if (!changed.includes("timezone") && !changed.includes("billing_entity_id")) return;
    const now = presentOf(await findOrganization(app.db, organization_id));
    await inTransaction(app.db, (tx) => reschedule(tx, organization_id, [subject_id], now));
  },
);

const PAGE = 200;

/** `billing_entity.updated`: those of its customers that have no time zone of their own, a page a job. */
export const rescheduleEntity: Job<ReactionPayload> = job(
  "subscriptions.reschedule_entity",
  async ({ organization_id, subject_id, payload }, { app }) => {
    if (!changedOf(payload).includes("timezone")) return;
    const organization = await findOrganization(app.db, organization_id);
    const after = typeof payload.after === "string" ? payload.after : null;
    const ids = await customersInZoneOf(app.db, organization_id, subject_id, PAGE, after);
    await inTransaction(app.db, async (tx) => {
      await reschedule(tx, organization_id, ids, presentOf(organization));
      if (ids.length < PAGE) return;
      const next = { ...payload, after: ids.at(-1) };
      await enqueue(tx, organization, rescheduleEntity, { organization_id, subject_id, payload: next });
    });
  },
);
