/** The SQL of reading fees. Names come with the fee by joins on primary keys: a page is one statement. */
import { offsetOf, type Page } from "../kernel/pages.ts";
import type { DbOrTx } from "../storage/database.ts";
import type { FeeRow } from "./model.ts";

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
  readonly subscriptionIds: readonly string[] | null;
  readonly metricIds: readonly string[] | null;
}

/** Read first, so that the list itself is always found by index. Deleted customers and metrics are named too. */
async function namedBy(db: DbOrTx, organizationId: string, filter: FeesFilter): Promise<Named> {
  const { external_customer_id, external_subscription_id, billable_metric_code } = filter;
  const idsOf = async (rows: Promise<{ id: string }[]>) => (await rows).map(({ id }) => id);
  let subscriptions = db
    .selectFrom("subscriptions as s")
    .innerJoin("customers as c", (join) =>
      join.onRef("c.organization_id", "=", "s.organization_id").onRef("c.id", "=", "s.customer_id"),
    )
    .select("s.id")
    .where("s.organization_id", "=", organizationId);
  if (external_customer_id !== null) subscriptions = subscriptions.where("c.external_id", "=", external_customer_id);
  if (external_subscription_id !== null)
    subscriptions = subscriptions.where("s.external_id", "=", external_subscription_id);
  const metrics = db
    .selectFrom("billable_metrics as m")
    .select("m.id")
    .where("m.organization_id", "=", organizationId)
    .where("m.code", "=", billable_metric_code ?? "");
  const [subscriptionIds, metricIds] = await Promise.all([
    external_customer_id === null && external_subscription_id === null ? null : idsOf(subscriptions.execute()),
    billable_metric_code === null ? null : idsOf(metrics.execute()),
  ]);
  return { subscriptionIds, metricIds };
}

function feesOf(db: DbOrTx, organizationId: string, filter: FeesFilter, { subscriptionIds, metricIds }: Named) {
  let query = db.selectFrom("live_fees as f").where("f.organization_id", "=", organizationId);
  // Every fee is a subscription's: a customer's fees are found by way of its subscriptions.
  if (subscriptionIds !== null)
    query = query.where((eb) => eb("f.subscription_id", "=", eb.fn.any(eb.val([...subscriptionIds]))));
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
