/** What the clock does with subscriptions besides billing them: begins and ends them by the batch, announces ends. */
import type { App } from "../app.ts";
import { loadPlans } from "../catalog/index.ts";
import { loadBilledCustomers } from "../customers/index.ts";
import { findOrganization, type Organization, type PeriodicWork } from "../identity/index.ts";
import { enqueue, enqueueForEach, type Job, job, ofOrganization, publish, type Schedule } from "../jobs/index.ts";
import { machineNow, presentOf } from "../kernel/clock.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import type { DueFacts } from "./due-transitions.ts";
import { activateDue, expireDue, terminateDue } from "./due-transitions.ts";
import { type DueKind, dueSubscriptions, nextDueOf, organizationsWithDue, setDues } from "./dues-store.ts";
import { nextAlert } from "./rules/dues.ts";
import { loadSubscriptions } from "./store.ts";
import { lockCustomers, lockSubscriptions } from "./transitions-store.ts";

interface OfOrganization {
  readonly organization_id: string;
}

type Transition = (
  app: App,
  tx: Tx,
  organization: Organization,
  due: readonly DueFacts[],
  now: Temporal.Instant,
) => Promise<void>;

/** Announces ends 45 and 15 days ahead, by UTC days. */
const alertDue: Transition = async (app, tx, organization, due, now) => {
  const standing = due.filter(({ subscription }) => subscription.status === "active");
  const events = standing.map(({ subscription: { id } }) => ({
    kind: "subscription.termination_alert",
    subject_type: "subscription",
    subject_id: id,
  }));
  await publish(app, tx, organization, events, now);
  await setDues(
    tx,
    organization.id,
    due.map(({ subscription: { id, customer_id, ending_at } }) => ({
      subscription_id: id,
      customer_id,
      kind: "termination_alert",
      due_at: nextAlert(ending_at, now, now),
    })),
  );
};

const TRANSITIONS = {
  activation: activateDue,
  termination: terminateDue,
  activation_expiration: expireDue,
  termination_alert: alertDue,
} as const satisfies Record<DueKind, Transition>;

/** What is known of these, with their rows and those of their customers locked in order of id. */
async function lockDue(tx: Tx, organizationId: string, ids: readonly string[]): Promise<DueFacts[]> {
  const outlines = await loadSubscriptions(tx, organizationId, ids);
  const customerIds = [...new Set([...outlines.values()].map(({ customer_id }) => customer_id))];
  await lockCustomers(tx, organizationId, customerIds);
  const subscriptions = [...(await lockSubscriptions(tx, organizationId, ids)).values()];
  const customers = await loadBilledCustomers(tx, organizationId, customerIds);
  const plans = await loadPlans(
    tx,
    organizationId,
    subscriptions.map(({ plan_id }) => plan_id),
  );
  return subscriptions
    .sort((a, b) => (a.ordinal < b.ordinal ? -1 : 1))
    .map((subscription): DueFacts => {
      const customer = customers.get(subscription.customer_id);
      const plan = plans.get(subscription.plan_id);
      if (customer === undefined || plan === undefined) {
        throw new Error(`subscription ${subscription.id} lacks its plan or customer`);
      }
      return { subscription, plan, timezone: customer.timezone };
    });
}

/** One batch: what someone else did meanwhile is not due any more. */
export const dueBatch: Job<OfOrganization & { readonly kind: DueKind; readonly ids: readonly string[] }> = job(
  "subscriptions.due_batch",
  async ({ organization_id, kind, ids }, { app }) => {
    const organization = await findOrganization(app.db, organization_id);
    const now = presentOf(organization);
    await inTransaction(app.db, async (tx) => {
      const due = await lockDue(tx, organization_id, ids);
      await TRANSITIONS[kind](app, tx, organization, due, now);
    });
  },
);

const BATCH = 200;

function dueJob(name: string, kind: DueKind): Job<OfOrganization> {
  return job(`subscriptions.${name}`, async ({ organization_id }, { app }) => {
    const organization = await findOrganization(app.db, organization_id);
    const now = presentOf(organization);
    for (let after: string | null = null; ; ) {
      const ids = await dueSubscriptions(app.db, organization_id, kind, now, BATCH, after);
      if (ids.length > 0) await enqueue(app.db, organization, dueBatch, { organization_id, kind, ids });
      if (ids.length < BATCH) return;
      after = ids.at(-1) ?? null;
    }
  });
}

const WORKS = [
  { name: "activations", kind: "activation", pattern: "*/5 * * * *" },
  { name: "activation_expirations", kind: "activation_expiration", pattern: "20 * * * *" },
  { name: "terminations", kind: "termination", pattern: "5 * * * *" },
  { name: "termination_alerts", kind: "termination_alert", pattern: "50 * * * *" },
] as const satisfies readonly { name: string; kind: DueKind; pattern: string }[];

const ofWorks = WORKS.map(({ name, kind, pattern }) => {
  const work = dueJob(name, kind);
  const everywhere: Job = job(`subscriptions.${name}_everywhere`, async (_payload, { app }) => {
    const ids = await organizationsWithDue(app.db, kind, machineNow());
    await enqueueForEach(app.db, work, ids.map(ofOrganization));
  });
  return { name, kind, pattern, work, everywhere };
});

export const subscriptionJobs: readonly Job[] = [
  ...ofWorks.flatMap(({ work, everywhere }) => [work, everywhere]),
  dueBatch,
];

export const subscriptionSchedules: readonly Schedule[] = ofWorks.map(({ pattern, everywhere }) => ({
  pattern,
  job: everywhere,
}));

/** The next full hour: what is late is made good then. */
const nextHour = (after: Temporal.Instant) =>
  after.round({ smallestUnit: "hour", roundingMode: "floor" }).add({ hours: 1 });

export const subscriptionWorks: readonly PeriodicWork[] = ofWorks.map(({ name, kind, work }) => ({
  name,
  job: work,
  async nextDueAt({ db }, organizationId, after, until) {
    const late = await dueSubscriptions(db, organizationId, kind, after, 1, null);
    const hour = nextHour(after);
    if (late.length > 0 && Temporal.Instant.compare(hour, until) <= 0) {
      return (await nextDueOf(db, organizationId, kind, after, hour)) ?? hour;
    }
    return nextDueOf(db, organizationId, kind, after, until);
  },
}));
