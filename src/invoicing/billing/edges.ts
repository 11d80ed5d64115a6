/** The invoices of a subscription's start and end: reactions to what the subscriptions room publishes. */
import type { App } from "../../app.ts";
import { findOrganization } from "../../identity/index.ts";
import { type Job, job, type Owner, type ReactionPayload } from "../../jobs/index.ts";
import { presentOf } from "../../kernel/clock.ts";
import { inTransaction } from "../../storage/database.ts";
import { loadSubscriptions, lockSchedules, type Schedule } from "../../subscriptions/index.ts";
import { dayOf } from "../rules/dates.ts";
import { type BillingFacts, type DueWork, type Moment, startingWork, terminatingWork } from "../rules/due-periods.ts";
import { planWork, writePlans } from "./batch.ts";
import { loadFacts } from "./gather.ts";
import { awaitCustomer, isBilledOnce } from "./store.ts";

type Edge = "subscription_starting" | "subscription_terminating";

const WORK_OF_EDGE = {
  subscription_starting: startingWork,
  subscription_terminating: terminatingWork,
} as const satisfies Record<Edge, (facts: BillingFacts, schedules: readonly Schedule[], moment: Moment) => DueWork>;

async function factsOf({ db }: App, owner: Owner, subscriptionId: string): Promise<BillingFacts> {
  const subscriptions = await loadSubscriptions(db, owner.id, [subscriptionId]);
  const facts = (await loadFacts(db, owner.id, [...subscriptions.values()])).get(subscriptionId);
  if (facts === undefined) throw new Error(`subscription ${subscriptionId} is not there`);
  return facts;
}

/** Bills a start or an end, once: its row (unique per subscription and reason) is the proof that it was done. */
async function billEdge(app: App, organizationId: string, subscriptionId: string, edge: Edge): Promise<void> {
  const organization = await findOrganization(app.db, organizationId);
  const now = presentOf(organization);
  if (await isBilledOnce(app.db, organizationId, subscriptionId, edge)) return;
  const facts = await factsOf(app, organization, subscriptionId);
  const schedules = await inTransaction(app.db, (tx) => lockSchedules(tx, organizationId, [subscriptionId]));
  const moment: Moment = { now, today: dayOf(now) };
  const work = WORK_OF_EDGE[edge](facts, schedules.get(subscriptionId) ?? [], moment);
  const { plans, failures } = await planWork(app, organization, [{ customer: facts.customer, works: [work] }], moment);
  const [failure] = failures;
  if (failure !== undefined) throw new Error(`subscription ${subscriptionId}: ${failure.error}`);
  await inTransaction(app.db, async (tx) => {
    await awaitCustomer(tx, organizationId, facts.customer.id);
    if (await isBilledOnce(tx, organizationId, subscriptionId, edge)) return;
    await writePlans(app, tx, organization, plans, now);
  });
}

/** `subscription.started`: bills the first fee of a plan in advance, where the start asks for it. */
export const billStart: Job<ReactionPayload> = job(
  "invoicing.bill_start",
  async ({ organization_id, subject_id, payload }, { app }) => {
    if (payload.bill_start === true) await billEdge(app, organization_id, subject_id, "subscription_starting");
  },
);

/** `subscription.terminated`: bills missed periods and what is left, where the termination asks for it. */
export const billEnd: Job<ReactionPayload> = job(
  "invoicing.bill_end",
  async ({ organization_id, subject_id, payload }, { app }) => {
    if (payload.generate_invoice === true) await billEdge(app, organization_id, subject_id, "subscription_terminating");
  },
);
