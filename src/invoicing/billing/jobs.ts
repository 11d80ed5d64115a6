/** The billing run: finds customers with due work by index, and bills them in batches, each a job of its own. */
import type { App } from "../../app.ts";
import { findOrganization, type Organization, type PeriodicWork } from "../../identity/index.ts";
import { enqueue, enqueueForEach, type Job, job, type Schedule } from "../../jobs/index.ts";
import { machineNow, presentOf } from "../../kernel/clock.ts";
import { newId } from "../../kernel/ids.ts";
import { nextQueueRetryAt } from "../../metering/index.ts";
import { inTransaction } from "../../storage/database.ts";
import { customersWithDueWork, dueCustomers, nextDueAt, organizationsWithDueWork } from "../../subscriptions/index.ts";
import { chargeInAdvance } from "../in-advance/jobs.ts";
import { AFTER_MIDNIGHT, nextRun } from "../rules/run-times.ts";
import type { BatchPlace } from "../runs/model.ts";
import {
  countWritten,
  customersOfBatch,
  finishBatch,
  finishRun,
  keepErrors,
  type NewRun,
  openRun,
} from "../runs/store.ts";
import { billCustomers } from "./batch.ts";
import {
  customersToRetry,
  customersWaiting,
  type Failure,
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

/** One batch of a run. Running it twice bills nothing twice: what was billed is not due any more. */
export const billBatch: Job<BatchPlace> = job("invoicing.bill_batch", async (place, { app }) => {
  const { organization_id, run_id } = place;
  const organization = await findOrganization(app.db, organization_id);
  const customerIds = await customersOfBatch(app.db, place);
  const failures = customerIds === null ? [] : await billBatchOf(app, organization, place, customerIds);
  await finishRun(app.db, organization_id, run_id);
  // Whoever moves a sandbox's clock waits for its work, and is told; of a real organization the retries take care.
  if (organization.sandbox && failures.length > 0)
    throw new Error(failures.map(({ customerId, error }) => `customer ${customerId}: ${error}`).join("; "));
});

async function billBatchOf(
  app: App,
  organization: Organization,
  place: BatchPlace,
  customerIds: readonly string[],
): Promise<readonly Failure[]> {
  const { organization_id } = place;
  const now = presentOf(organization);
  const setAsideBefore = await failuresOf(app.db, organization_id, customerIds, now);
  const ready = customerIds.filter((id) => setAsideBefore.get(id)?.isRetryDue ?? true);
  const failures = await billCustomers(app, organization, ready, now, now, (tx, plans) => {
    const invoices = plans.reduce((sum, plan) => sum + plan.invoices.length, 0);
    return countWritten(tx, place, { customers: plans.length, invoices });
  });
  const failed = failures.map(({ customerId }) => customerId);
  const cured = new Set(ready.filter((id) => setAsideBefore.has(id))).difference(new Set(failed));
  await inTransaction(app.db, async (tx) => {
    await setAside(tx, organization_id, failures, now);
    await keepErrors(tx, place, failed);
    await forgetFailures(tx, organization_id, [...cured]);
    await finishBatch(tx, place, failures.length);
  });
  customersSetAside.inc(failures.length);
  for (const { customerId, error } of failures)
    app.logger.error({ organization_id, customer_id: customerId, error }, "a customer's billing is set aside");
  return failures;
}

/** `run_id`: given by who adds the job, so that an attempt that is repeated goes on with its run. */
interface RunPayload extends OfOrganization {
  readonly run_id?: string;
}

/** Bills whatever is due in an organization; missed periods too. Who is set aside waits for the retries. */
export const billing: Job<RunPayload> = job("invoicing.billing", async ({ organization_id, run_id }, { app }) => {
  const organization = await findOrganization(app.db, organization_id);
  const now = presentOf(organization);
  const run: NewRun = {
    id: run_id ?? newId(),
    kind: "billing",
    due_until: now,
    customers: customersWithDueWork(organization_id, now),
    except: customersWaiting(organization_id, now),
    batch_customers: app.config.billingBatchCustomers,
  };
  await openRun(app.db, organization, run, billBatch);
});

/** Tries customers, and events in advance, again that were set aside and whose time has come. */
export const retries: Job<RunPayload> = job("invoicing.retries", async ({ organization_id, run_id }, { app }) => {
  const organization = await findOrganization(app.db, organization_id);
  const now = presentOf(organization);
  const run: NewRun = {
    id: run_id ?? newId(),
    kind: "retries",
    due_until: now,
    customers: customersToRetry(organization_id, now),
    batch_customers: app.config.billingBatchCustomers,
  };
  await openRun(app.db, organization, run, billBatch);
  await enqueue(app.db, organization, chargeInAdvance, { organization_id });
});

const withRun = (organization_id: string): RunPayload => ({ organization_id, run_id: newId() });

/** Starts the billing of every real organization that has due work. */
export const billingEverywhere: Job = job("invoicing.billing_everywhere", async (_payload, { app }) => {
  const ids = await organizationsWithDueWork(app.db, machineNow());
  await enqueueForEach(app.db, billing, ids.map(withRun));
});

export const retriesEverywhere: Job = job("invoicing.retries_everywhere", async (_payload, { app }) => {
  const ids = await organizationsToRetry(app.db, machineNow());
  await enqueueForEach(app.db, retries, ids.map(withRun));
});

/** UTC. Customers live on whole and fractional offsets: ten past each hour is soon after midnight somewhere. */
export const billingSchedules: readonly Schedule[] = [
  { pattern: "10 * * * *", job: billingEverywhere },
  { pattern: "30 * * * *", job: retriesEverywhere },
];

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
