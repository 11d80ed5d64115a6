/** The SQL of reading invoices. */
import { sql } from "kysely";
import { offsetOf, type Page } from "../kernel/pages.ts";
import type { DbOrTx } from "../storage/database.ts";
import type { InvoiceRow, InvoiceSubscriptionRow } from "./model.ts";

export const VISIBLE_STATUSES = ["draft", "finalized", "voided", "failed", "pending"] as const;

export interface InvoicesFilter {
  /** All customers, or these. */
  readonly customer_ids: readonly string[] | null;
  /** Empty: all visible ones. */
  readonly statuses: readonly string[];
  readonly payment_statuses: readonly string[];
  readonly payment_overdue: boolean | null;
  readonly payment_dispute_lost: boolean | null;
  readonly partially_paid: boolean | null;
  readonly self_billed: boolean | null;
  readonly invoice_type: string | null;
  readonly currency: string | null;
  readonly issuing_date_from: Temporal.PlainDate | null;
  readonly issuing_date_to: Temporal.PlainDate | null;
  readonly amount_from: bigint | null;
  readonly amount_to: bigint | null;
  readonly purchase_order_number: string | null;
  readonly search_term: string | null;
  readonly billing_entity_codes: readonly string[];
  /** Whether a filter asks for what no invoice has: a payment, a credit note, a metadata value. */
  readonly matchesNothing: boolean;
}

/** Spelled out as in the partial indexes, so that they are used. */
const isVisible = sql<boolean>`i.status in ('draft', 'finalized', 'voided', 'failed', 'pending')`;

const containing = (term: string) => `%${term.replace(/[\\%_]/g, "\\$&")}%`;

function baseOf(db: DbOrTx, organizationId: string) {
  return db.selectFrom("invoices as i").where("i.organization_id", "=", organizationId).where(isVisible);
}

type InvoicesQuery = ReturnType<typeof baseOf>;

function withAmountsAndDates(start: InvoicesQuery, filter: InvoicesFilter): InvoicesQuery {
  const { issuing_date_from, issuing_date_to, amount_from, amount_to, partially_paid, payment_dispute_lost } = filter;
  let query = start;
  if (issuing_date_from !== null) query = query.where("i.issuing_date", ">=", issuing_date_from);
  if (issuing_date_to !== null) query = query.where("i.issuing_date", "<=", issuing_date_to);
  if (amount_from !== null) query = query.where("i.total_amount_cents", ">=", amount_from);
  if (amount_to !== null) query = query.where("i.total_amount_cents", "<=", amount_to);
  if (payment_dispute_lost !== null)
    query = query.where("i.payment_dispute_lost_at", payment_dispute_lost ? "is not" : "is", null);
  if (partially_paid !== null) {
    const isPartlyPaid = sql<boolean>`(i.total_paid_amount_cents > 0 and i.total_paid_amount_cents < i.total_amount_cents)`;
    query = query.where(partially_paid ? isPartlyPaid : sql<boolean>`not ${isPartlyPaid}`);
  }
  return query;
}

function invoicesOf(db: DbOrTx, organizationId: string, filter: InvoicesFilter): InvoicesQuery {
  let query = withAmountsAndDates(baseOf(db, organizationId), filter);
  const customers = () =>
    db.selectFrom("customers as c").select("c.id").where("c.organization_id", "=", organizationId);
  const { customer_ids, search_term, billing_entity_codes, purchase_order_number } = filter;
  if (filter.matchesNothing) query = query.where(sql<boolean>`false`);
  if (customer_ids !== null)
    query = query.where((eb) => eb("i.customer_id", "=", eb.fn.any(eb.val([...customer_ids]))));
  if (filter.statuses.length > 0) query = query.where("i.status", "in", filter.statuses);
  if (filter.payment_statuses.length > 0) query = query.where("i.payment_status", "in", filter.payment_statuses);
  for (const column of ["payment_overdue", "self_billed"] as const) {
    const value = filter[column];
    if (value !== null) query = query.where(`i.${column}`, "=", value);
  }
  if (filter.invoice_type !== null) query = query.where("i.invoice_type", "=", filter.invoice_type);
  if (filter.currency !== null) query = query.where("i.currency", "=", filter.currency.toUpperCase());
  if (purchase_order_number !== null)
    query = query.where(sql<boolean>`lower(i.purchase_order_number) = lower(${purchase_order_number})`);
  if (billing_entity_codes.length > 0)
    query = query.where(
      "i.billing_entity_id",
      "in",
      db
        .selectFrom("billing_entities as b")
        .select("b.id")
        .where("b.organization_id", "=", organizationId)
        .where("b.code", "in", billing_entity_codes),
    );
  if (search_term !== null) {
    const pattern = containing(search_term);
    const named = customers().where((eb) =>
      eb.or(
        (["c.name", "c.firstname", "c.lastname", "c.external_id", "c.email"] as const).map((name) =>
          eb(name, "ilike", pattern),
        ),
      ),
    );
    query = query.where((eb) =>
      eb.or([
        eb("i.number", "ilike", pattern),
        eb(sql<string>`i.id::text`, "=", search_term.toLowerCase()),
        eb("i.customer_id", "in", named),
      ]),
    );
  }
  return query;
}

const withEntityCode = (query: InvoicesQuery) =>
  query
    .innerJoin("billing_entities as e", (join) =>
      join.onRef("e.organization_id", "=", "i.organization_id").onRef("e.id", "=", "i.billing_entity_id"),
    )
    .selectAll("i")
    .select("e.code as billing_entity_code");

/** The newest first by issuing date, then creation. */
export async function listInvoices(
  db: DbOrTx,
  organizationId: string,
  filter: InvoicesFilter,
  page: Page,
): Promise<{ invoices: InvoiceRow[]; total: number }> {
  const [{ total }, invoices] = await Promise.all([
    invoicesOf(db, organizationId, filter)
      .select((eb) => eb.fn.countAll<bigint>().as("total"))
      .executeTakeFirstOrThrow(),
    withEntityCode(invoicesOf(db, organizationId, filter))
      .orderBy("i.issuing_date", "desc")
      .orderBy("i.created_at", "desc")
      .orderBy("i.ordinal", "desc")
      .limit(page.perPage)
      .offset(offsetOf(page))
      .execute(),
  ]);
  return { invoices, total: Number(total) };
}

/** Customers that have or had the external id: what a deleted one owes is still listed. */
export async function customersNamed(db: DbOrTx, organizationId: string, externalId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("customers")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", externalId)
    .execute();
  return rows.map(({ id }) => id);
}

/** A visible invoice; null where there is none. */
export async function findInvoice(db: DbOrTx, organizationId: string, id: string): Promise<InvoiceRow | null> {
  const row = await withEntityCode(baseOf(db, organizationId).where("i.id", "=", id)).executeTakeFirst();
  return row ?? null;
}

export async function loadInvoiceSubscriptions(
  db: DbOrTx,
  organizationId: string,
  invoiceId: string,
): Promise<InvoiceSubscriptionRow[]> {
  return db
    .selectFrom("invoice_subscriptions as p")
    .innerJoin("subscriptions as s", (join) =>
      join.onRef("s.organization_id", "=", "p.organization_id").onRef("s.id", "=", "p.subscription_id"),
    )
    .where("p.organization_id", "=", organizationId)
    .where("p.invoice_id", "=", invoiceId)
    .selectAll("p")
    .select(["s.external_id as external_subscription_id", "s.plan_id"])
    .orderBy("p.ordinal")
    .execute();
}
