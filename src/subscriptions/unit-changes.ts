/** Units of fixed charges that change while subscriptions run (4.6 of the subscriptions spec): each gets a dated record. */
import type { App } from "../app.ts";
import {
  loadPlans,
  loadUnitOverrides,
  loadUnitRecords,
  type NewUnitRecord,
  ownUnitsOf,
  type Plan,
  type UnitsChange,
  unitRecordsOf,
  writeUnitRecords,
} from "../catalog/index.ts";
import { loadBilledCustomers } from "../customers/index.ts";
import { findOrganization } from "../identity/index.ts";
import { enqueue, type Job, job, type Owner, publish, type ReactionPayload } from "../jobs/index.ts";
import { isBefore } from "../kernel/calendar.ts";
import { dec } from "../kernel/decimal.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import type { Subscription } from "./model.ts";
import { currentFixedChargesWindow, termsOf } from "./rules/windows.ts";
import { subscriptionsOnPlan } from "./store.ts";

/** A subscription that has started, with what its windows depend on, and the units that it is to get. */
export interface UnitsLink {
  readonly subscription: Subscription;
  readonly plan: Plan;
  readonly timezone: string;
  readonly changes: readonly UnitsChange[];
}

export interface UnitsMoment {
  /** Null where no change of a plan is behind it: then it is written whenever it is asked for. */
  readonly change_id: string | null;
  readonly at: Temporal.Instant;
}

/** Now, or the beginning of the next period of fixed charges; what a subscription is not billed for yet always waits for that. */
function effectiveAt({ subscription, plan, timezone }: UnitsLink, atOnce: boolean, at: Temporal.Instant) {
  if (atOnce && subscription.status !== "incomplete") return at;
  return currentFixedChargesWindow(termsOf(subscription, plan, timezone), at).to;
}

/**
 * Writes what the changes mean for each of these, and publishes `subscription.units_changed` where units count at once: what is paid
 * in advance is billed by who reacts.
 */
export async function recordUnits(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  links: readonly UnitsLink[],
  { change_id, at }: UnitsMoment,
): Promise<void> {
  if (links.length === 0) return;
  const ids = links.map(({ subscription }) => subscription.id);
  const known = links.some(({ changes }) => changes.some(({ is_unchanged }) => is_unchanged))
    ? await loadUnitRecords(tx, owner.id, ids)
    : new Map<string, never>();
  const isWaited = ({ subscription, plan }: UnitsLink, fixedChargeId: string): boolean => {
    const charge = plan.fixed_charges.find(({ id }) => id === fixedChargeId);
    const records = charge === undefined ? [] : unitRecordsOf(known, subscription.id, charge);
    return records.some(({ effective_at }) => isBefore(at, effective_at));
  };
  const records = links.flatMap((link) =>
    link.changes
      .filter(({ is_unchanged, fixed_charge_id }) => !is_unchanged || isWaited(link, fixed_charge_id))
      .map(
        ({ fixed_charge_id, units, at_once }): NewUnitRecord => ({
          ...{ subscription_id: link.subscription.id, fixed_charge_id, units: dec(units), change_id },
          effective_at: effectiveAt(link, at_once, at),
        }),
      ),
  );
  const written = await writeUnitRecords(tx, owner.id, records, at);
  const atOnce = written.filter(({ effective_at }) => effective_at.equals(at));
  const events = ids.flatMap((subscription_id) => {
    const own = atOnce.filter((record) => record.subscription_id === subscription_id);
    if (own.length === 0) return [];
    const payload = {
      fixed_charge_ids: own.map(({ fixed_charge_id }) => fixed_charge_id),
      records: own.map(({ ordinal }) => ordinal.toString()),
      at: at.toString(),
    };
    return [{ kind: "subscription.units_changed", subject_type: "subscription", subject_id: subscription_id, payload }];
  });
  await publish(app, tx, owner, events, at);
}

interface PlanUnitsPayload {
  readonly organization_id: string;
  readonly subject_id: string;
  readonly payload: {
    readonly changes?: readonly UnitsChange[];
    readonly change_id?: string;
    readonly at?: string;
    /** The last subscription of the page before. */
    readonly after?: string;
  };
}

const PAGE = 500;

/** Every subscription on the plan gets its records, except for charges of which it has units of its own. One page a job. */
export const recordPlanUnits: Job<ReactionPayload> = job(
  "subscriptions.record_plan_units",
  async ({ organization_id, subject_id, payload }: PlanUnitsPayload, { app }) => {
    const { changes = [], change_id = null, at: text = "", after = null } = payload;
    const at = Temporal.Instant.from(text);
    const organization = await findOrganization(app.db, organization_id);
    await inTransaction(app.db, async (tx) => {
      const plan = (await loadPlans(tx, organization_id, [subject_id])).get(subject_id);
      if (plan === undefined) return;
      const subscriptions = await subscriptionsOnPlan(tx, organization_id, plan.id, at, PAGE, after);
      const own = await loadUnitOverrides(
        tx,
        organization_id,
        subscriptions.map(({ id }) => id),
      );
      const customers = await loadBilledCustomers(
        tx,
        organization_id,
        subscriptions.map(({ customer_id }) => customer_id),
      );
      const links = subscriptions.map((subscription): UnitsLink => {
        const customer = customers.get(subscription.customer_id);
        if (customer === undefined) throw new Error(`subscription ${subscription.id} lacks its customer`);
        const followed = changes.filter(
          ({ fixed_charge_id }) => ownUnitsOf(own, subscription.id, fixed_charge_id) === null,
        );
        return { subscription, plan, timezone: customer.timezone, changes: followed };
      });
      await recordUnits(app, tx, organization, links, { change_id, at });
      if (subscriptions.length < PAGE) return;
      const next = { ...payload, after: subscriptions.at(-1)?.id };
      await enqueue(tx, organization, recordPlanUnits, { organization_id, subject_id, payload: next });
    });
  },
);
