/** The billing run: finds customers with due work by index, and bills them in batches, each a job of its own. */
import type { App } from "../../app.ts";
import { findOrganization, type PeriodicWork } from "../../identity/index.ts";
import { enqueue, type Job, job, type Owner, type Schedule } from "../../jobs/index.ts";
import { machineNow, presentOf } from "../../kernel/clock.ts";
import { nextQueueRetryAt } from "../../metering/index.ts";
import { dueCustomers, nextDueAt, organizationsWithDueWork } from "../../subscriptions/index.ts";
import { chargeInAdvance } from "../in-advance/jobs.ts";
import { billCustomers } from "./batch.ts";
import {
  customersToRetry,
  failuresOf,
  forgetFailures,
  nextRetryAt,
  organizationsToRetry,
  setAside,
} from "./failures.ts";
import { customersSetAside } from "./metrics.ts";

interface OfOrganization {
  readonly organization_id: string;
}

/** One batch. Running it twice bills nothing twice: what was billed is not due any more. */
export const billBatch: Job<OfOrganization & { readonly customer_ids: readonly string[] }> = job(
  "invoicing.bill_batch",
  async ({ organization_id, customer_ids }, { app }) => {
    const organization = await findOrganization(app.db, organization_id);
    const now = presentOf(organization);
    const setAsideBefore = await failuresOf(app.db, organization_id, customer_ids, now);
    const ready = customer_ids.filter((id) => setAsideBefore.get(id)?.isRetryDue ?? true);
    const failures = await billCustomers(app, organization, ready, now);
    await setAside(app.db, organization_id, failures, now);
    const failed = new Set(failures.map(({ customerId }) => customerId));
    await forgetFailures(
      app.db,
      organization_id,
      ready.filter((id) => setAsideBefore.has(id) && !failed.has(id)),
    );
    customersSetAside.inc(failures.length);
    for (const { customerId, error } of failures)
      app.logger.error({ organization_id, customer_id: customerId, error }, "a customer's billing is set aside");
    // Whoever moves a sandbox's clock waits for its work, and is told; of a real organization the retries take care.
    if (organization.sandbox && failures.length > 0)
      throw new Error(failures.map(({ customerId, error }) => `customer ${customerId}: ${error}`).join("; "));
  },
);

type Pages = (afterCustomerId: string | null) => Promise<string[]>;

async function enqueueBatches(app: App, owner: Owner, pageAfter: Pages): Promise<void> {
  for (let after: string | null = null; ; ) {
    const customer_ids = await pageAfter(after);
    if (customer_ids.length > 0) await enqueue(app.db, owner, billBatch, { organization_id: owner.id, customer_ids });
    if (customer_ids.length < app.config.billingBatchCustomers) return;
    after = customer_ids.at(-1) ?? null;
  }
}

/** Bills whatever is due in an organization; missed periods too. */
export const billing: Job<OfOrganization> = job("invoicing.billing", async ({ organization_id }, { app }) => {
  const organization = await findOrganization(app.db, organization_id);
  const now = presentOf(organization);
  const { billingBatchCustomers: size } = app.config;
  await enqueueBatches(app, organization, (after) => dueCustomers(app.db, organization_id, now, size, after));
});

/** Tries customers, and events in advance, again that were set aside and whose time has come. */
export const retries: Job<OfOrganization> = job("invoicing.retries", async ({ organization_id }, { app }) => {
  const organization = await findOrganization(app.db, organization_id);
  const now = presentOf(organization);
  const { billingBatchCustomers: size } = app.config;
  await enqueueBatches(app, organization, (after) => customersToRetry(app.db, organization_id, now, size, after));
  await enqueue(app.db, organization, chargeInAdvance, { organization_id });
});

async function enqueueForEach(app: App, work: Job<OfOrganization>, organizationIds: readonly string[]): Promise<void> {
  for (const id of organizationIds)
    await enqueue(app.db, { id, sandbox: false }, work, { organization_id: id }, `${work.name}:${id}`);
}

/** Starts the billing of every real organization that has due work. */
export const billingEverywhere: Job = job("invoicing.billing_everywhere", async (_payload, { app }) => {
  await enqueueForEach(app, billing, await organizationsWithDueWork(app.db, machineNow()));
});

export const retriesEverywhere: Job = job("invoicing.retries_everywhere", async (_payload, { app }) => {
  await enqueueForEach(app, retries, await organizationsToRetry(app.db, machineNow()));
});

/** UTC. Customers live on whole and fractional offsets: ten past each hour is soon after midnight somewhere. */
export const billingSchedules: readonly Schedule[] = [
  { pattern: "10 * * * *", job: billingEverywhere },
  { pattern: "30 * * * *", job: retriesEverywhere },
];

/** Billing is due ten minutes after local midnight. */
const AFTER_MIDNIGHT = { minutes: 10 };
const MINUTE_OF_RUN = 10;

/** The first hourly run after `after`. */
function nextRun(after: Temporal.Instant): Temporal.Instant {
  const hour = after.round({ smallestUnit: "hour", roundingMode: "floor" });
  const run = hour.add({ minutes: MINUTE_OF_RUN });
  return Temporal.Instant.compare(run, after) > 0 ? run : run.add({ hours: 1 });
}

/** Whether anything was due already at `after` and was not billed: it is made good by the next hourly run. */
async function isOverdue({ db }: App, organizationId: string, after: Temporal.Instant): Promise<boolean> {
  const due = await dueCustomers(db, organizationId, after.subtract(AFTER_MIDNIGHT), 100, null);
  const failures = await failuresOf(db, organizationId, due, after);
  return due.some((id) => !failures.has(id));
}

export const billingWork: PeriodicWork = {
  name: "billing",
  job: billing,
  async nextDueAt(app, organizationId, after, until) {
    const overdue = (await isOverdue(app, organizationId, after)) ? nextRun(after) : null;
    const due = await nextDueAt(app.db, organizationId, after, until, AFTER_MIDNIGHT);
    const moments = [overdue, due].filter((at) => at !== null);
    const first = moments.sort(Temporal.Instant.compare)[0];
    return first !== undefined && Temporal.Instant.compare(first, until) <= 0 ? first : null;
  },
};

export const retriesWork: PeriodicWork = {
  name: "retries",
  job: retries,
  async nextDueAt({ db }, organizationId, after, until) {
    const moments = [
      await nextRetryAt(db, organizationId, after, until),
      await nextQueueRetryAt(db, organizationId, after, until),
    ];
    return moments.filter((at) => at !== null).sort(Temporal.Instant.compare)[0] ?? null;
  },
};
