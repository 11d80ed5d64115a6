/**
 * Billing a few hundred customers at once. What is due, what it is made of and what was used is read first; the invoices
 * are computed in memory; then one short transaction takes the customers, moves their schedules by compare-and-set and
 * writes everything. So a period is billed once whoever runs, no lock is held while usage is read, and a crash at any
 * point leaves all of a batch or nothing of it.
 */
import type { App } from "../../app.ts";
import type { BilledCustomer } from "../../customers/index.ts";
import type { Owner } from "../../jobs/index.ts";
import { inTransaction, type Tx } from "../../storage/database.ts";
import {
  type DueSubscription,
  loadDueSubscriptions,
  moveSchedules,
  type ScheduleMove,
} from "../../subscriptions/index.ts";
import type { PlannedInvoice } from "../model.ts";
import { dayOf } from "../rules/dates.ts";
import { type BillingFacts, type DueWork, type Moment, periodicWork } from "../rules/due-periods.ts";
import { planInvoices, type RatedPeriod } from "../rules/plan-invoices.ts";
import type { Failure } from "./failures.ts";
import { gatherPeriods, loadFacts } from "./gather.ts";
import { invoicesMade } from "./metrics.ts";
import { takeCustomers } from "./store.ts";
import { writeInvoices } from "./write.ts";

/** All that is due of one customer. */
export interface CustomerWork {
  readonly customer: BilledCustomer;
  readonly works: readonly DueWork[];
}

/** What one customer's billing comes to. */
export interface CustomerPlan {
  readonly customerId: string;
  readonly invoices: readonly PlannedInvoice[];
  readonly moves: readonly ScheduleMove[];
}

export interface Planned {
  readonly plans: readonly CustomerPlan[];
  readonly failures: readonly Failure[];
}

/** The due work of each customer; one whose periods cannot be told is set aside. */
function workOf(
  due: readonly DueSubscription[],
  facts: ReadonlyMap<string, BillingFacts>,
  moment: Moment,
): { works: CustomerWork[]; failures: Failure[] } {
  const works: CustomerWork[] = [];
  const failures: Failure[] = [];
  for (const [customerId, subscriptions] of Map.groupBy(due, ({ subscription }) => subscription.customer_id)) {
    try {
      const known = subscriptions.map((each) => ({ each, fact: facts.get(each.subscription.id) as BillingFacts }));
      const customer = (known[0] as { fact: BillingFacts }).fact.customer;
      works.push({ customer, works: known.map(({ each, fact }) => periodicWork(fact, each, moment)) });
    } catch (error) {
      failures.push({ customerId, error: reasonOf(error) });
    }
  }
  return { works, failures };
}

/** Reads the usage of all this work and computes its invoices; a customer whose computation fails is set aside. */
export async function planWork(
  app: App,
  owner: Owner,
  works: readonly CustomerWork[],
  { today }: Moment,
): Promise<Planned> {
  const periods = works.flatMap((each) => each.works.flatMap((work) => work.periods));
  const rated = await gatherPeriods(app, owner.id, periods);
  const byCustomer = Map.groupBy(rated, ({ period }: RatedPeriod) => period.customer.id);
  const plans: CustomerPlan[] = [];
  const failures: Failure[] = [];
  for (const { customer, works: ofCustomer } of works) {
    try {
      const invoices = planInvoices(customer, byCustomer.get(customer.id) ?? [], today(customer.timezone));
      plans.push({ customerId: customer.id, invoices, moves: ofCustomer.flatMap(({ moves }) => moves) });
    } catch (error) {
      failures.push({ customerId: customer.id, error: reasonOf(error) });
    }
  }
  return { plans, failures };
}

/** Writes all of it in the caller's transaction, whose lock on the customers is held already. */
export async function writePlans(
  app: App,
  tx: Tx,
  owner: Owner,
  plans: readonly CustomerPlan[],
  now: Temporal.Instant,
): Promise<void> {
  await moveSchedules(
    tx,
    owner.id,
    plans.flatMap(({ moves }) => moves),
  );
  await writeInvoices(
    app,
    tx,
    owner,
    plans.flatMap(({ invoices }) => invoices),
    now,
  );
}

/** Bills what is due of these customers, but for those that another run holds; answers those to be set aside. */
async function billTogether(
  app: App,
  owner: Owner,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<readonly Failure[]> {
  const due = await loadDueSubscriptions(app.db, owner.id, customerIds, now);
  if (due.length === 0) return [];
  const facts = await loadFacts(
    app.db,
    owner.id,
    due.map(({ subscription }) => subscription),
  );
  const moment: Moment = { now, today: dayOf(now) };
  const { works, failures } = workOf(due, facts, moment);
  const planned = await planWork(app, owner, works, moment);
  const written = await inTransaction(app.db, async (tx) => {
    const taken = await takeCustomers(
      tx,
      owner.id,
      planned.plans.map(({ customerId }) => customerId),
    );
    const plans = planned.plans.filter(({ customerId }) => taken.has(customerId));
    await writePlans(app, tx, owner, plans, now);
    return plans;
  });
  invoicesMade.inc(written.reduce((sum, { invoices }) => sum + invoices.length, 0));
  return [...failures, ...planned.failures];
}

/** Whether trying again could help, as nothing is wrong with what was billed: the database went away, or is short of something. */
function isOfTheDatabase(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string") return /^(08|40|53|55|57|58)...$/.test(code) || /^E[A-Z]+$/.test(code);
  return typeof message === "string" && /connection|client was closed|timeout exceeded/i.test(message);
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * As billTogether; a batch that cannot be read or written as a whole is halved until the customer is found that breaks
 * it, so that one customer's fault costs the others nothing. Each part looks anew at what is due: what another run billed
 * meanwhile is not due any more.
 */
export async function billCustomers(
  app: App,
  owner: Owner,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<readonly Failure[]> {
  if (customerIds.length === 0) return [];
  try {
    return await billTogether(app, owner, customerIds, now);
  } catch (error) {
    if (isOfTheDatabase(error)) throw error;
    app.logger.info({ organization_id: owner.id, customers: customerIds.length, err: error }, "a batch is halved");
  }
  const [customerId] = customerIds;
  if (customerIds.length === 1 && customerId !== undefined) return billAlone(app, owner, customerId, now);
  const middle = Math.ceil(customerIds.length / 2);
  const first = await billCustomers(app, owner, customerIds.slice(0, middle), now);
  return [...first, ...(await billCustomers(app, owner, customerIds.slice(middle), now))];
}

/** The second look at a single customer: what fails again is its own fault. */
async function billAlone(
  app: App,
  owner: Owner,
  customerId: string,
  now: Temporal.Instant,
): Promise<readonly Failure[]> {
  try {
    return await billTogether(app, owner, [customerId], now);
  } catch (error) {
    if (isOfTheDatabase(error)) throw error;
    return [{ customerId, error: reasonOf(error) }];
  }
}
