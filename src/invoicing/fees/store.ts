/** The SQL of fees. Names come with the fee by joins on primary keys: a page is one statement. */
import { offsetOf, type Page } from "../../kernel/pages.ts";
import type { DbOrTx, Tx } from "../../storage/database.ts";
import type { FeeRow } from "../model.ts";

/** Half-open [from, to); null where open. */
export interface Range {
  readonly from: Temporal.Instant | null;
  readonly to: Temporal.Instant | null;
}

export const FEE_DATES = ["created_at", "succeeded_at", "failed_at", "refunded_at"] as const;

export interface FeesFilter {
  readonly external_customer_id: string | null;
  readonly external_subscription_id: string | null;
  readonly currency: string | null;
  readonly fee_type: string | null;
  readonly billable_metric_code: string | null;
  readonly payment_status: string | null;
  readonly event_transaction_id: string | null;
  readonly dates: Readonly<Record<(typeof FEE_DATES)[number], Range>>;
}

/** What the filter names by external ids and codes, as ids; null where it names nothing. */
interface Named {
  readonly customerIds: readonly string[] | null;
  /** With a customer's name alone: all of that customer's. */
  readonly subscriptionIds: readonly string[] | null;
  readonly metricIds: readonly string[] | null;
}

/** Read first, so that the list itself is always found by index. Deleted customers and metrics are named too. */
async function namedBy(db: DbOrTx, organizationId: string, filter: FeesFilter): Promise<Named> {
  const { external_customer_id, external_subscription_id, billable_metric_code } = filter;
  const idsOf = async (rows: Promise<{ id: string }[]>) => (await rows).map(({ id }) => id);
  const customers = db
    .selectFrom("customers")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", external_customer_id ?? "");
  const metrics = db
    .selectFrom("billable_metrics")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("code", "=", billable_metric_code ?? "");
  const [customerIds, metricIds] = await Promise.all([
    external_customer_id === null ? null : idsOf(customers.execute()),
    billable_metric_code === null ? null : idsOf(metrics.execute()),
  ]);
  let subscriptions = db.selectFrom("subscriptions").select("id").where("organization_id", "=", organizationId);
  if (external_subscription_id !== null)
    subscriptions = subscriptions.where("external_id", "=", external_subscription_id);
  if (customerIds !== null)
    subscriptions = subscriptions.where((eb) => eb("customer_id", "=", eb.fn.any(eb.val([...customerIds]))));
  const subscriptionIds =
    customerIds === null && external_subscription_id === null ? null : await idsOf(subscriptions.execute());
  return { customerIds, subscriptionIds, metricIds };
}

function feesOf(db: DbOrTx, organizationId: string, filter: FeesFilter, named: Named) {
  const { customerIds, subscriptionIds, metricIds } = named;
  let query = db.selectFrom("live_fees as f").where("f.organization_id", "=", organizationId);
  if (subscriptionIds !== null)
    query = query.where((eb) => {
      const isTheirs = eb("f.subscription_id", "=", eb.fn.any(eb.val([...subscriptionIds])));
      if (customerIds === null || filter.external_subscription_id !== null) return isTheirs;
      // By way of the subscriptions, which have an index already, or of the few fees that belong to none.
      const isOfNone = eb.and([
        eb("f.subscription_id", "is", null),
        eb("f.customer_id", "=", eb.fn.any(eb.val([...customerIds]))),
      ]);
      return eb.or([isTheirs, isOfNone]);
    });
  if (metricIds !== null)
    query = query.where((eb) => eb("f.billable_metric_id", "=", eb.fn.any(eb.val([...metricIds]))));
  if (filter.currency !== null) query = query.where("f.amount_currency", "=", filter.currency.toUpperCase());
  for (const column of ["fee_type", "payment_status", "event_transaction_id"] as const) {
    const value = filter[column];
    if (value !== null) query = query.where(`f.${column}`, "=", value);
  }
  for (const column of FEE_DATES) {
    const { from, to } = filter.dates[column];
    if (from !== null) query = query.where(`f.${column}`, ">=", from);
    if (to !== null) query = query.where(`f.${column}`, "<", to);
  }
  return query;
}

/** Fees by time of creation; of one moment, in the order in which they were written. */
export async function listFees(
  db: DbOrTx,
  organizationId: string,
  filter: FeesFilter,
  page: Page,
): Promise<{ fees: FeeRow[]; total: number }> {
  const named = await namedBy(db, organizationId, filter);
  const [{ total }, ids] = await Promise.all([
    feesOf(db, organizationId, filter, named)
      .select((eb) => eb.fn.countAll<bigint>().as("total"))
      .executeTakeFirstOrThrow(),
    feesOf(db, organizationId, filter, named)
      .select("f.id")
      .orderBy("f.created_at")
      .orderBy("f.ordinal")
      .limit(page.perPage)
      .offset(offsetOf(page))
      .execute(),
  ]);
  const byId = new Map(
    (
      await loadFees(
        db,
        organizationId,
        ids.map(({ id }) => id),
      )
    ).map((fee) => [fee.id, fee]),
  );
  return { fees: ids.flatMap(({ id }) => byId.get(id) ?? []), total: Number(total) };
}

function selectFees(db: DbOrTx, organizationId: string) {
  return db
    .selectFrom("live_fees as f")
    .innerJoin("customers as c", (join) =>
      join.onRef("c.organization_id", "=", "f.organization_id").onRef("c.id", "=", "f.customer_id"),
    )
    .leftJoin("invoices as i", (join) =>
      join.onRef("i.organization_id", "=", "f.organization_id").onRef("i.id", "=", "f.invoice_id"),
    )
    .leftJoin("subscriptions as s", (join) =>
      join.onRef("s.organization_id", "=", "f.organization_id").onRef("s.id", "=", "f.subscription_id"),
    )
    .leftJoin("charges as ch", (join) =>
      join.onRef("ch.organization_id", "=", "f.organization_id").onRef("ch.id", "=", "f.charge_id"),
    )
    .leftJoin("billable_metrics as m", (join) =>
      join.onRef("m.organization_id", "=", "f.organization_id").onRef("m.id", "=", "f.billable_metric_id"),
    )
    .leftJoin("fixed_charges as fc", (join) =>
      join.onRef("fc.organization_id", "=", "f.organization_id").onRef("fc.id", "=", "f.fixed_charge_id"),
    )
    .leftJoin("add_ons as a", (join) =>
      join.onRef("a.organization_id", "=", "fc.organization_id").onRef("a.id", "=", "fc.add_on_id"),
    )
    .leftJoin("charge_filters as cf", (join) =>
      join.onRef("cf.organization_id", "=", "f.organization_id").onRef("cf.id", "=", "f.charge_filter_id"),
    )
    .leftJoin("live_fees as t", (join) =>
      join.onRef("t.organization_id", "=", "f.organization_id").onRef("t.true_up_parent_fee_id", "=", "f.id"),
    )
    .leftJoin("plans as p", (join) =>
      join.onRef("p.organization_id", "=", "f.organization_id").onRef("p.id", "=", "f.plan_id"),
    )
    .where("f.organization_id", "=", organizationId)
    .selectAll("f")
    .select([
      "i.self_billed",
      "s.external_id as external_subscription_id",
      "c.external_id as external_customer_id",
      "ch.invoice_display_name as charge_display_name",
      "fc.invoice_display_name as fixed_charge_display_name",
      "fc.add_on_id",
      "a.code as add_on_code",
      "a.name as add_on_name",
      "a.description as add_on_description",
      "a.invoice_display_name as add_on_display_name",
      "cf.values as filter_values",
      "cf.invoice_display_name as filter_display_name",
      "t.id as true_up_fee_id",
      "m.code as metric_code",
      "m.name as metric_name",
      "m.description as metric_description",
      "p.code as plan_code",
      "p.name as plan_name",
      "p.description as plan_description",
      "p.invoice_display_name as plan_display_name",
    ]);
}

/** In no order. */
export async function loadFees(db: DbOrTx, organizationId: string, ids: readonly string[]): Promise<FeeRow[]> {
  if (ids.length === 0) return [];
  return selectFees(db, organizationId)
    .where((eb) => eb("f.id", "=", eb.fn.any(eb.val([...ids]))))
    .execute();
}

/** The fees of an invoice in the order in which they were written. */
export async function loadFeesOfInvoice(db: DbOrTx, organizationId: string, invoiceId: string): Promise<FeeRow[]> {
  return selectFees(db, organizationId).where("f.invoice_id", "=", invoiceId).orderBy("f.ordinal").execute();
}

/** Whether it is there. Held against whoever would change it. */
export async function lockFee(tx: Tx, organizationId: string, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom("fees")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

export async function updateFeePayment(
  tx: Tx,
  organizationId: string,
  id: string,
  payment_status: "pending" | "succeeded" | "failed" | "refunded",
  now: Temporal.Instant,
): Promise<void> {
  const at = (status: string) => (payment_status === status ? now : null);
  await tx
    .updateTable("fees")
    .set({
      payment_status,
      succeeded_at: at("succeeded"),
      failed_at: at("failed"),
      refunded_at: at("refunded"),
      updated_at: now,
    })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .execute();
}

export async function deleteFee(tx: Tx, organizationId: string, id: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable("fees")
    .set({ deleted_at: now, updated_at: now })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .execute();
}
