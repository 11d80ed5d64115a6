/** What is known of fixed charges when they are billed: a fixed number of queries for any number of subscriptions, none where there are none. */
import { sql } from "kysely";
import {
  type FixedCharge,
  loadUnitOverrides,
  loadUnitRecords,
  ownUnitsOf,
  type UnitOverrides,
  type UnitRecord,
  unitRecordsOf,
} from "../../catalog/index.ts";
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import { plainArray } from "../../storage/arrays.ts";
import type { DbOrTx, Tx } from "../../storage/database.ts";
import { firstUnitsAt, type Subscription, type Window } from "../../subscriptions/index.ts";
import type { PlannedInvoice } from "../model.ts";
import type { DuePeriod } from "../rules/due-periods.ts";
import type { FixedChargeFacts, PaidBefore } from "../rules/fixed-charge-fees.ts";

type Ahead = Pick<DuePeriod, "subscription"> & { readonly ahead: Window };

const isAhead = (period: DuePeriod): period is DuePeriod & Ahead => period.ahead !== null;

/** A charge that was copied for a child plan goes on with what is its source's. */
const rootOf = ({ id, parent_id }: Pick<FixedCharge, "id" | "parent_id">) => parent_id ?? id;

/** Null where no period bills any. */
export async function loadFixedCharges(
  db: DbOrTx,
  organizationId: string,
  periods: readonly DuePeriod[],
): Promise<FixedChargeFacts | null> {
  const due = periods.filter(
    ({ plan, bills_fixed_charges, ahead }) => plan.fixed_charges.length > 0 && (bills_fixed_charges || ahead !== null),
  );
  if (due.length === 0) return null;
  const ids = [...new Set(due.map(({ subscription }) => subscription.id))];
  const ahead = due.filter(isAhead);
  const [records, paid, before] = await Promise.all([
    loadUnitRecords(db, organizationId, ids),
    loadPaid(db, organizationId, ahead),
    loadPaidBefore(db, organizationId, ahead.filter(followsPaid)),
  ]);
  const recorded = new Set([...records.keys()].map((key) => key.slice(0, key.indexOf("/"))));
  const beginning = new Map(
    due.flatMap(({ subscription }) => (recorded.has(subscription.id) ? [] : [[subscription.id, subscription]])),
  );
  const own = await loadUnitOverrides(db, organizationId, [...beginning.keys()]);
  return {
    recordsOf(subscriptionId, charge) {
      const link = beginning.get(subscriptionId);
      return link === undefined ? unitRecordsOf(records, subscriptionId, charge) : firstRecords(link, charge, own);
    },
    paidFor: (subscriptionId, charge, window) => paid.get(paidKey(subscriptionId, rootOf(charge), window)) ?? null,
    paidBefore: (subscriptionId, charge) => before.get(`${subscriptionId}/${charge.add_on.id}`) ?? null,
  };
}

/** What a subscription that begins with this very run will have recorded. */
function firstRecords(
  { id, started_at }: Subscription,
  charge: FixedCharge,
  own: UnitOverrides,
): readonly UnitRecord[] {
  if (started_at === null) return [];
  return [{ units: ownUnitsOf(own, id, charge.id) ?? charge.units, effective_at: firstUnitsAt(started_at) }];
}

/** Of different spellings of an instant one. */
const paidKey = (subscriptionId: string, chargeId: string, { from, to }: Window) =>
  `${subscriptionId}/${chargeId}/${from.epochMilliseconds}/${to.epochMilliseconds}`;

interface PaidRow {
  readonly subscription_id: string;
  readonly charge_id: string;
  readonly from_at: Temporal.Instant;
  readonly to_at: Temporal.Instant;
  readonly units: Dec;
}

/** Units that are paid in advance for these windows. What is nothing, or on a voided invoice, pays nothing. */
async function loadPaid(db: DbOrTx, organizationId: string, periods: readonly Ahead[]): Promise<Map<string, Dec>> {
  if (periods.length === 0) return new Map();
  const windows = new Map(
    periods.map(({ subscription, ahead }) => [paidKey(subscription.id, "", ahead), { id: subscription.id, ahead }]),
  );
  const wanted = [...windows.values()];
  // As in billed-before.ts: statistics may not know the organization yet.
  const { rows } = await sql<PaidRow>`
    with w as materialized (
      select ${organizationId}::uuid as organization_id, subscription_id, from_at, to_at from unnest(
        ${plainArray(wanted.map(({ id }) => id))}::uuid[],
        ${plainArray(wanted.map(({ ahead }) => ahead.from.toString()))}::timestamptz[],
        ${plainArray(wanted.map(({ ahead }) => ahead.to.toString()))}::timestamptz[]
      ) as w(subscription_id, from_at, to_at)
    )
    select f.subscription_id, coalesce(c.parent_id, c.id) as charge_id, f.from_at, f.to_at, sum(f.units) as units
    from w
    join live_fees f on f.organization_id = w.organization_id and f.subscription_id = w.subscription_id
      and f.from_at = w.from_at and f.to_at = w.to_at and f.fixed_charge_id is not null and f.pay_in_advance
      and (f.units > 0 or f.amount_cents > 0)
    join fixed_charges c on c.organization_id = f.organization_id and c.id = f.fixed_charge_id
    join invoices i on i.organization_id = f.organization_id and i.id = f.invoice_id and i.status <> 'voided'
    group by 1, 2, 3, 4`.execute(db);
  return new Map(
    rows.map((row) => [paidKey(row.subscription_id, row.charge_id, { from: row.from_at, to: row.to_at }), row.units]),
  );
}

/**
 * Throws where any of what these invoices bill in advance is paid by now: units that changed were billed since it was read. Whoever
 * holds the customers asks; to try again is to read again.
 */
export async function refusePaidMeanwhile(
  tx: Tx,
  organizationId: string,
  invoices: readonly PlannedInvoice[],
): Promise<void> {
  const planned = invoices.flatMap(({ periods }) =>
    periods.flatMap(({ subscription, plan, fees }) =>
      fees.flatMap(({ fixed_charge_id, pay_in_advance, from, to }) => {
        const charge = pay_in_advance ? plan.fixed_charges.find(({ id }) => id === fixed_charge_id) : undefined;
        return charge === undefined ? [] : [{ subscription, charge, ahead: { from, to } }];
      }),
    ),
  );
  const paid = await loadPaid(tx, organizationId, planned);
  const again = planned.find(({ subscription, charge, ahead }) =>
    paid.has(paidKey(subscription.id, rootOf(charge), ahead)),
  );
  if (again !== undefined)
    throw new Error(`subscription ${again.subscription.id}: fixed charges were billed meanwhile`);
}

/** As FixedChargeFacts.paidFor, for one subscription. */
export async function paidUnits(
  db: DbOrTx,
  organizationId: string,
  subscription: Subscription,
  window: Window,
): Promise<(charge: Pick<FixedCharge, "id" | "parent_id">) => Dec> {
  const paid = await loadPaid(db, organizationId, [{ subscription, ahead: window }]);
  return (charge) => paid.get(paidKey(subscription.id, rootOf(charge), window)) ?? ZERO;
}

/** The first invoice of what another plan was changed to. */
function followsPaid({ subscription, reason, plan }: DuePeriod): boolean {
  if (subscription.previous_subscription_id === null || reason !== "subscription_starting") return false;
  return plan.fixed_charges.some(({ pay_in_advance, prorated }) => pay_in_advance && prorated);
}

interface PaidBeforeRow extends PaidBefore {
  readonly subscription_id: string;
  readonly add_on_id: string;
}

/** The last fee in advance of the link before for each add-on, if it covers the window. By [subscription, add-on]. */
async function loadPaidBefore(
  db: DbOrTx,
  organizationId: string,
  periods: readonly Ahead[],
): Promise<Map<string, PaidBefore>> {
  if (periods.length === 0) return new Map();
  const { rows } = await sql<PaidBeforeRow>`
    select distinct on (w.subscription_id, c.add_on_id)
      w.subscription_id, c.add_on_id, f.amount_cents, p.timestamp, f.to_at as to
    from unnest(
      ${plainArray(periods.map(({ subscription }) => subscription.id))}::uuid[],
      ${plainArray(periods.map(({ subscription }) => subscription.previous_subscription_id))}::uuid[],
      ${plainArray(periods.map(({ ahead }) => ahead.from.toString()))}::timestamptz[],
      ${plainArray(periods.map(({ ahead }) => ahead.to.toString()))}::timestamptz[]
    ) as w(subscription_id, previous_id, from_at, to_at)
    join live_fees f on f.organization_id = ${organizationId} and f.subscription_id = w.previous_id
      and f.from_at <= w.from_at and f.to_at >= w.to_at and f.fixed_charge_id is not null and f.pay_in_advance and f.amount_cents > 0
    join fixed_charges c on c.organization_id = f.organization_id and c.id = f.fixed_charge_id
    join invoices i on i.organization_id = f.organization_id and i.id = f.invoice_id and i.status <> 'voided'
    join invoice_subscriptions p on p.organization_id = f.organization_id and p.invoice_id = f.invoice_id
      and p.subscription_id = f.subscription_id
    order by w.subscription_id, c.add_on_id, f.created_at desc, f.ordinal desc`.execute(db);
  return new Map(rows.map(({ subscription_id, add_on_id, ...paid }) => [`${subscription_id}/${add_on_id}`, paid]));
}
