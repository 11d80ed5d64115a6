/**
 * Billing a few hundred customers at once. What is due, what it is made of and what was used is read first; the invoices
 * are computed in memory; then one short transaction takes the customers, moves their schedules by compare-and-set and
 * writes everything. So a period is billed once whoever runs, no lock is held while usage is read, and a crash at any
 * point leaves all of a batch or nothing of it.
 */
import type { App } from "../../app.ts";
import type { BilledCustomer } from "../../customers/index.ts";
import type { Owner } from "../../jobs/index.ts";
import { messageOf } from "../../kernel/failure.ts";
import { inTransaction, type Tx } from "../../storage/database.ts";
import {
  applySwitches,
  type DueSubscription,
  finishTrials,
  loadDueSubscriptions,
  moveSchedules,
} from "../../subscriptions/index.ts";
import { correctionsSeen, holdCorrections, untilUncorrected } from "../corrections.ts";
import { regroupingsOf, regroupPaidFees } from "../in-advance/regroup.ts";
import type { PlannedInvoice } from "../model.ts";
import type { RatedPeriod } from "../rules/charge-fees.ts";
import { dayOf } from "../rules/dates.ts";
import {
  type BillingFacts,
  type DueWork,
  joined,
  type Moment,
  type NextFacts,
  periodicWork,
} from "../rules/due-periods.ts";
import { planInvoices } from "../rules/plan-invoices.ts";
import type { Failure } from "./failures.ts";
import { refusePaidMeanwhile } from "./fixed-charges.ts";
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
  readonly timezone: string;
  readonly invoices: readonly PlannedInvoice[];
  readonly work: DueWork;
}

export interface Planned {
  readonly plans: readonly CustomerPlan[];
  readonly failures: readonly Failure[];
}

function nextFactsOf({ next }: DueSubscription, facts: ReadonlyMap<string, BillingFacts>): NextFacts | null {
  if (next === null) return null;
  const known = facts.get(next.subscription.id) as BillingFacts;
  return { ...known, initial_started_at: next.initial_started_at };
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
      works.push({
        customer,
        works: known.map(({ each, fact }) => periodicWork(fact, each, moment, nextFactsOf(each, facts))),
      });
    } catch (error) {
      failures.push({ customerId, error: messageOf(error) });
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
      const { id: customerId, timezone } = customer;
      plans.push({ customerId, timezone, invoices, work: joined(ofCustomer) });
    } catch (error) {
      failures.push({ customerId: customer.id, error: messageOf(error) });
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
    plans.flatMap(({ work }) => work.moves),
  );
  await applySwitches(
    app,
    tx,
    owner,
    plans.flatMap(({ work, timezone }) => work.switches.map((each) => ({ ...each, timezone }))),
    now,
  );
  await finishTrials(
    app,
    tx,
    owner,
    plans.flatMap(({ work }) => work.trialEnds),
    now,
  );
  const invoices = plans.flatMap((plan) => plan.invoices);
  await refusePaidMeanwhile(tx, owner.id, invoices);
  await writeInvoices(app, tx, owner, invoices, now);
  await regroupPaidFees(app, tx, owner, regroupingsOf(invoices), now);
}

/** Told in the transaction what it writes. */
export type Recorder = (tx: Tx, plans: readonly CustomerPlan[]) => Promise<void>;

/** Bills what is due of these customers, but for those that another run holds; answers those to be set aside. */
async function billTogether(
  app: App,
  owner: Owner,
  customerIds: readonly string[],
  now: Temporal.Instant,
  until: Temporal.Instant,
  record?: Recorder,
): Promise<readonly Failure[]> {
  const due = await loadDueSubscriptions(app.db, owner.id, customerIds, until);
  if (due.length === 0) return [];
  const facts = await loadFacts(
    app.db,
    owner.id,
    due.flatMap(({ subscription, next }) => (next === null ? [subscription] : [subscription, next.subscription])),
  );
  const moment: Moment = { now, until, today: dayOf(now) };
  const { works, failures } = workOf(due, facts, moment);
  const seen = await correctionsSeen(app.db);
  const planned = await planWork(app, owner, works, moment);
  const written = await inTransaction(app.db, async (tx) => {
    const taken = await takeCustomers(
      tx,
      owner.id,
      planned.plans.map(({ customerId }) => customerId),
    );
    const plans = planned.plans.filter(({ customerId }) => taken.has(customerId));
    await holdCorrections(
      tx,
      owner.id,
      seen,
      due.map(({ subscription }) => subscription.external_id),
    );
    await writePlans(app, tx, owner, plans, now);
    await record?.(tx, plans);
    return plans;
  });
  invoicesMade.inc(written.reduce((sum, { invoices }) => sum + invoices.length, 0));
  return [...failures, ...planned.failures];
}

/** Whether trying again could help, as nothing is wrong with what was billed: the database went away, or is short of something. */
export function isOfTheDatabase(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string") return /^(08|40|53|55|57|58)...$/.test(code) || /^E[A-Z]+$/.test(code);
  return typeof message === "string" && /connection|client was closed|timeout exceeded/i.test(message);
}

/**
 * As billTogether; a batch that cannot be read or written as a whole is halved until the customer is found that breaks
 * it, so that one customer's fault costs the others nothing. Each part looks anew at what is due: what another run billed
 * meanwhile is not due any more. `until`: what fell due up to here, if not all.
 */
export async function billCustomers(
  app: App,
  owner: Owner,
  customerIds: readonly string[],
  now: Temporal.Instant,
  until: Temporal.Instant = now,
  record?: Recorder,
): Promise<readonly Failure[]> {
  if (customerIds.length === 0) return [];
  try {
    return await untilUncorrected(() => billTogether(app, owner, customerIds, now, until, record));
  } catch (error) {
    if (isOfTheDatabase(error)) throw error;
    app.logger.info({ organization_id: owner.id, customers: customerIds.length, err: error }, "a batch is halved");
  }
  const [customerId] = customerIds;
  if (customerIds.length === 1 && customerId !== undefined)
    return billAlone(app, owner, customerId, now, until, record);
  const middle = Math.ceil(customerIds.length / 2);
  const first = await billCustomers(app, owner, customerIds.slice(0, middle), now, until, record);
  return [...first, ...(await billCustomers(app, owner, customerIds.slice(middle), now, until, record))];
}

/** The second look at a single customer: what fails again is its own fault. */
async function billAlone(
  app: App,
  owner: Owner,
  customerId: string,
  now: Temporal.Instant,
  until: Temporal.Instant,
  record?: Recorder,
): Promise<readonly Failure[]> {
  try {
    return await untilUncorrected(() => billTogether(app, owner, [customerId], now, until, record));
  } catch (error) {
    if (isOfTheDatabase(error)) throw error;
    return [{ customerId, error: messageOf(error) }];
  }
}
