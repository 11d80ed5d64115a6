/**
 * Units of fixed charges that count at once and are paid in advance: what they add to what is paid is billed on an invoice of its own
 * (4.7 of the subscriptions spec). So are the first ones of a subscription whose start bills no fee.
 */
import type { App } from "../../app.ts";
import { type ClaimedUnits, claimUnits } from "../../catalog/index.ts";
import { findOrganization } from "../../identity/index.ts";
import type { Owner } from "../../jobs/index.ts";
import { presentOf } from "../../kernel/clock.ts";
import { inTransaction, type Tx } from "../../storage/database.ts";
import {
  currentFixedChargesWindow,
  firstUnitsAt,
  hasUnitsInAdvance,
  loadSubscriptions,
  termsOf,
} from "../../subscriptions/index.ts";
import type { PlannedFee, PlannedInvoice } from "../model.ts";
import { dayOf } from "../rules/dates.ts";
import type { BillingFacts } from "../rules/due-periods.ts";
import { unitsFee } from "../rules/fixed-charge-fees.ts";
import { unitsInvoice } from "../rules/units-invoice.ts";
import { paidUnits } from "./fixed-charges.ts";
import { loadFacts } from "./gather.ts";
import { awaitCustomer } from "./store.ts";
import { writeInvoices } from "./write.ts";

export interface UnitsToBill {
  readonly at: Temporal.Instant;
  /** Null: the first ones. */
  readonly records: readonly string[] | null;
}

/** The first units in advance of a subscription whose start bills no fee; once. */
export async function billFirstUnits(app: App, organizationId: string, subscriptionId: string): Promise<void> {
  const facts = await factsAhead(app, organizationId, subscriptionId);
  const started_at = facts?.subscription.started_at ?? null;
  if (facts === null || started_at === null) return;
  const organization = await findOrganization(app.db, organizationId);
  const at = firstUnitsAt(started_at);
  await billChangedUnits(app, organization, facts, { at, records: null }, presentOf(organization));
}

/** Null where nothing is paid in advance, or the subscription is not there, or has ended: then nothing is billed ahead. */
export async function factsAhead(
  app: App,
  organizationId: string,
  subscriptionId: string,
): Promise<BillingFacts | null> {
  const subscriptions = await loadSubscriptions(app.db, organizationId, [subscriptionId]);
  const facts = (await loadFacts(app.db, organizationId, [...subscriptions.values()])).get(subscriptionId);
  if (facts === undefined || facts.subscription.status !== "active") return null;
  return hasUnitsInAdvance(facts.plan) ? facts : null;
}

/** Once, whoever comes second. */
export async function billChangedUnits(
  app: App,
  owner: Owner,
  facts: BillingFacts,
  { at, records }: UnitsToBill,
  now: Temporal.Instant,
): Promise<void> {
  const { subscription } = facts;
  await inTransaction(app.db, async (tx) => {
    await awaitCustomer(tx, owner.id, facts.customer.id);
    const which = records === null ? { effective_at: at } : { ordinals: records };
    const claimed = await claimUnits(tx, owner.id, subscription.id, which);
    const invoice = await invoiceOf(tx, owner, facts, { at, claimed, isStart: records === null }, now);
    if (invoice !== null) await writeInvoices(app, tx, owner, [invoice], now);
  });
}

interface Claimed {
  readonly at: Temporal.Instant;
  readonly claimed: readonly ClaimedUnits[];
  readonly isStart: boolean;
}

/** Null where none of the units is paid in advance. */
async function invoiceOf(
  tx: Tx,
  owner: Owner,
  facts: BillingFacts,
  { at, claimed, isStart }: Claimed,
  now: Temporal.Instant,
): Promise<PlannedInvoice | null> {
  const { subscription, plan, customer } = facts;
  const { timezone } = customer;
  const terms = termsOf(subscription, plan, timezone);
  // Of one charge the last counts.
  const unitsOf = new Map(claimed.map((each) => [each.fixed_charge_id, each.units]));
  const changed = plan.fixed_charges.flatMap((charge) => {
    const units = unitsOf.get(charge.id) ?? unitsOf.get(charge.parent_id ?? charge.id);
    return charge.pay_in_advance && units !== undefined ? [{ charge, units }] : [];
  });
  if (changed.length === 0) return null;
  const window = currentFixedChargesWindow(terms, at);
  const paidOf = await paidUnits(tx, owner.id, subscription, window);
  const fees = changed.map(
    ({ charge, units }): PlannedFee =>
      unitsFee({ charge, units, at, paid: paidOf(charge), window, timezone, currency: plan.amount_currency }),
  );
  return unitsInvoice(facts, { terms, at, fees, isStart }, dayOf(now));
}
