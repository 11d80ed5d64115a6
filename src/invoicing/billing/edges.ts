/** The invoices of a subscription's start and end: reactions to what the subscriptions room publishes. */
import type { App } from "../../app.ts";
import { findOrganization } from "../../identity/index.ts";
import { type Job, job, type Owner, type ReactionPayload } from "../../jobs/index.ts";
import { presentOf } from "../../kernel/clock.ts";
import { inTransaction } from "../../storage/database.ts";
import { type BillMissed, loadSubscriptions, lockSchedules, type Schedule } from "../../subscriptions/index.ts";
import { correctionsSeen, holdCorrections, untilUncorrected } from "../corrections.ts";
import { regroupingAtEnd, regroupPaidFees } from "../in-advance/regroup.ts";
import { dayOf } from "../rules/dates.ts";
import {
  type BillingFacts,
  billsAnything,
  type DueWork,
  joined,
  type Moment,
  startingWork,
  terminatingWork,
} from "../rules/due-periods.ts";
import { billCustomers, planWork, writePlans } from "./batch.ts";
import { loadFacts } from "./gather.ts";
import { awaitCustomer, isBilledOnce } from "./store.ts";
import { billFirstUnits } from "./units.ts";

type Edge = "subscription_starting" | "subscription_terminating";

/** A start or an end to be billed. */
interface EdgeBilling {
  readonly subscriptionId: string;
  readonly edge: Edge;
  /** Of an end: the link that an upgrade moves to, whose first fee goes on the same invoice. */
  readonly nextId?: string | null;
  /** Of an end: only the missed periods are billed, not what is left until the end. */
  readonly isWaived?: boolean;
}

async function factsOf(
  { db }: App,
  owner: Owner,
  ids: readonly string[],
): Promise<{ facts: Map<string, BillingFacts>; schedules: Map<string, Schedule[]> }> {
  const subscriptions = await loadSubscriptions(db, owner.id, ids);
  const facts = await loadFacts(db, owner.id, [...subscriptions.values()]);
  const schedules = await inTransaction(db, (tx) => lockSchedules(tx, owner.id, ids));
  return { facts, schedules };
}

/** What the edge bills; null where it is not there any more. */
async function workOf(
  app: App,
  owner: Owner,
  { subscriptionId, edge, nextId = null, isWaived = false }: EdgeBilling,
  moment: Moment,
): Promise<{ facts: BillingFacts; work: DueWork }> {
  const known = await factsOf(app, owner, nextId === null ? [subscriptionId] : [subscriptionId, nextId]);
  const facts = known.facts.get(subscriptionId);
  if (facts === undefined) throw new Error(`subscription ${subscriptionId} is not there`);
  const schedulesOf = (id: string) => known.schedules.get(id) ?? [];
  if (edge === "subscription_starting")
    return { facts, work: startingWork(facts, schedulesOf(subscriptionId), moment) };
  const work = terminatingWork(facts, schedulesOf(subscriptionId), moment, { isWaived });
  const next = nextId === null ? undefined : known.facts.get(nextId);
  if (nextId === null || next === undefined) return { facts, work };
  const start = startingWork(next, schedulesOf(nextId), moment);
  return {
    facts,
    work: start.periods.some(billsAnything) ? joined([work, start]) : work,
  };
}

const billEdge = (app: App, organizationId: string, billing: EdgeBilling): Promise<void> =>
  untilUncorrected(() => billEdgeOnce(app, organizationId, billing));

/** Bills a start or an end, once: its row (unique per subscription and reason) is the proof that it was done. */
async function billEdgeOnce(app: App, organizationId: string, billing: EdgeBilling): Promise<void> {
  const { subscriptionId, edge } = billing;
  const organization = await findOrganization(app.db, organizationId);
  const now = presentOf(organization);
  if (await isBilledOnce(app.db, organizationId, subscriptionId, edge)) return;
  const moment: Moment = { now, until: now, today: dayOf(now) };
  const { facts, work } = await workOf(app, organization, billing, moment);
  const seen = await correctionsSeen(app.db);
  const { plans, failures } = await planWork(app, organization, [{ customer: facts.customer, works: [work] }], moment);
  const [failure] = failures;
  if (failure !== undefined) throw new Error(`subscription ${subscriptionId}: ${failure.error}`);
  await inTransaction(app.db, async (tx) => {
    await awaitCustomer(tx, organizationId, facts.customer.id);
    if (await isBilledOnce(tx, organizationId, subscriptionId, edge)) return;
    await holdCorrections(tx, organizationId, seen, [facts.subscription.external_id]);
    await writePlans(app, tx, organization, plans, now);
    if (billing.isWaived) await regroupPaidFees(app, tx, organization, [regroupingAtEnd(facts, now)], now);
  });
}

/** Bills the start of a plan in advance, once. */
export const billStarting = (app: App, organizationId: string, subscriptionId: string): Promise<void> =>
  billEdge(app, organizationId, { subscriptionId, edge: "subscription_starting" });

/** `subscription.started`: bills the first fee of a plan in advance, or fixed charges in advance alone, where the start asks for it. */
export const billStart: Job<ReactionPayload> = job(
  "invoicing.bill_start",
  async ({ organization_id, subject_id: subscriptionId, payload }, { app }) => {
    if (payload.bill_start === true) await billStarting(app, organization_id, subscriptionId);
    else if (payload.bill_units === true) await billFirstUnits(app, organization_id, subscriptionId);
  },
);

/** `subscription.terminated`: bills missed periods and, unless that is waived, what is left; a downgrade was billed by its run. */
export const billEnd: Job<ReactionPayload> = job(
  "invoicing.bill_end",
  async ({ organization_id, subject_id: subscriptionId, payload }, { app }) => {
    if (payload.terminated_by === "downgrade") return;
    await billEdge(app, organization_id, {
      subscriptionId,
      edge: "subscription_terminating",
      nextId: typeof payload.next_subscription_id === "string" ? payload.next_subscription_id : null,
      isWaived: payload.generate_invoice !== true,
    });
  },
);

/** What subscriptions ask for before a change by request: what was due of the customer and no run has billed. */
export const billMissed: BillMissed = async (app, organization, customerId, { now, until }) => {
  const [failure] = await billCustomers(app, organization, [customerId], now, until);
  return failure?.error ?? null;
};
