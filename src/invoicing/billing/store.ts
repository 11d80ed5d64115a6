/** The SQL of billing: what a batch reads of other rooms' settings, what it locks, and what it writes. */
import { sql } from "kysely";
import { plainArray, textArray } from "../../storage/arrays.ts";
import type { DbOrTx, Tx } from "../../storage/database.ts";
import type { BilledPeriod, PlannedInvoice } from "../model.ts";
import type { NumberingEntity } from "../rules/numbers.ts";
import type { InvoiceNumber } from "./numbering.ts";

/** Entities by id, archived ones too: a subscription keeps the one that it was given. */
export async function loadNumberingEntities(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, NumberingEntity>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("billing_entities")
    .select(["id", "code", "timezone", "document_numbering", "document_number_prefix"])
    .where("organization_id", "=", organizationId)
    .where((eb) => eb("id", "=", eb.fn.any(eb.val([...ids]))))
    .execute();
  return new Map(
    rows.map((row) => [
      row.id,
      { ...row, document_numbering: row.document_numbering as NumberingEntity["document_numbering"] },
    ]),
  );
}

/**
 * Takes these customers for this transaction; those that another run holds are left out. Whoever holds a customer bills
 * all that is due of it, so that two runs never split what belongs on one invoice.
 */
export async function takeCustomers(tx: Tx, organizationId: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx
    .selectFrom("customers")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where((eb) => eb("id", "=", eb.fn.any(eb.val([...ids]))))
    .orderBy("id")
    .forNoKeyUpdate()
    .skipLocked()
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** As takeCustomers, for one customer, and waits for whoever holds it. */
export async function awaitCustomer(tx: Tx, organizationId: string, id: string): Promise<void> {
  await tx
    .selectFrom("customers")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .forNoKeyUpdate()
    .execute();
}

/** Invoices that were numbered per customer, by billing entity: the sum of the slots `<entity>/<slot>`. */
export async function countedPerCustomer(tx: Tx, organizationId: string, kind: string): Promise<Map<string, bigint>> {
  const { rows } = await sql<{ entity: string; total: bigint }>`
    select split_part(scope, '/', 1) as entity, sum(last)::bigint as total from document_sequences
    where organization_id = ${organizationId} and kind = ${kind} group by 1`.execute(tx);
  return new Map(rows.map(({ entity, total }) => [entity, total]));
}

/** Whether a subscription has its starting or terminating invoice already. */
export async function isBilledOnce(
  db: DbOrTx,
  organizationId: string,
  subscriptionId: string,
  reason: "subscription_starting" | "subscription_terminating",
): Promise<boolean> {
  const row = await db
    .selectFrom("invoice_subscriptions")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", subscriptionId)
    .where("invoicing_reason", "=", reason)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What is written, with the ids that it is written under. */
export interface NumberedInvoice {
  readonly id: string;
  readonly invoice: PlannedInvoice;
  readonly number: InvoiceNumber;
}

export interface NumberedPeriod {
  readonly id: string;
  readonly of: NumberedInvoice;
  readonly period: BilledPeriod;
}

/** The same windows and days stand in many rows: each is spelled once. */
export function spelling<T extends { toString(): string }>(): (value: T) => string {
  const known = new Map<T, string>();
  return (value) => {
    let text = known.get(value);
    if (text === undefined) {
      text = value.toString();
      known.set(value, text);
    }
    return text;
  };
}

/** In their order: of one moment, ordinals tell which came first. */
export async function insertInvoices(
  tx: Tx,
  organizationId: string,
  rows: readonly NumberedInvoice[],
  now: Temporal.Instant,
): Promise<void> {
  const dayOf = spelling<Temporal.PlainDate>();
  const plain = (read: (row: PlannedInvoice) => string | number | bigint | boolean) =>
    plainArray(rows.map(({ invoice }) => read(invoice)));
  const text = (read: (row: PlannedInvoice) => string | null) => textArray(rows.map(({ invoice }) => read(invoice)));
  await sql`
    insert into invoices (
      organization_id, id, customer_id, billing_entity_id, invoice_type, status, payment_status, number, sequential_id,
      billing_entity_sequential_id, currency, timezone, fees_amount_cents, sub_total_excluding_taxes_amount_cents,
      taxes_amount_cents, taxes_rate, sub_total_including_taxes_amount_cents, total_amount_cents, total_paid_amount_cents, issuing_date, payment_due_date,
      expected_finalization_date, net_payment_term, self_billed, skip_charges, purchase_order_number, finalized_at, created_at, updated_at)
    select
      ${organizationId}::uuid, id, customer_id, billing_entity_id, type, status,
      case when total > 0 and type = 'subscription' then 'pending' else 'succeeded' end, number, sequential_id, entity_sequential_id, currency, timezone,
      fees, before_taxes, taxes, case when fees > 0 then round(taxes * 100.0 / fees, 2) else 0 end, with_taxes, total,
      case type when 'advance_charges' then total else 0 end, issued, due, expected, term, self_billed, skip_charges, purchase_order,
      case status when 'finalized' then ${now.toString()}::timestamptz end, ${now.toString()}::timestamptz, ${now.toString()}::timestamptz
    from unnest(
      ${plainArray(rows.map(({ id }) => id))}::uuid[], ${plain(({ customer }) => customer.id)}::uuid[],
      ${plain(({ billing_entity }) => billing_entity.id)}::uuid[], ${text(({ status }) => status)}::text[],
      ${textArray(rows.map(({ number }) => number.number))}::text[],
      ${plainArray(rows.map(({ number }) => number.sequential_id))}::bigint[],
      ${plainArray(rows.map(({ number }) => number.billing_entity_sequential_id))}::bigint[],
      ${text(({ currency }) => currency)}::text[], ${text(({ customer }) => customer.timezone)}::text[],
      ${plain(({ totals }) => totals.fees_amount_cents)}::bigint[],
      ${plain(({ totals }) => totals.sub_total_excluding_taxes_amount_cents)}::bigint[],
      ${plain(({ totals }) => totals.taxes_amount_cents)}::bigint[],
      ${plain(({ totals }) => totals.sub_total_including_taxes_amount_cents)}::bigint[],
      ${plain(({ totals }) => totals.total_amount_cents)}::bigint[],
      ${plain(({ dates }) => dayOf(dates.issuing_date))}::date[],
      ${plain(({ dates }) => dayOf(dates.payment_due_date))}::date[],
      ${plain(({ dates }) => dayOf(dates.expected_finalization_date))}::date[],
      ${plain(({ customer }) => customer.net_payment_term)}::int[],
      ${plain(({ customer }) => customer.account_type === "partner")}::boolean[],
      ${plain(({ skip_charges }) => skip_charges)}::boolean[],
      ${text(({ purchase_order_number }) => purchase_order_number)}::text[],
      ${text(({ invoice_type }) => invoice_type ?? "subscription")}::text[]
    ) with ordinality as i(id, customer_id, billing_entity_id, status, number, sequential_id, entity_sequential_id, currency, timezone,
      fees, before_taxes, taxes, with_taxes, total, issued, due, expected, term, self_billed, skip_charges, purchase_order, type, n)
    order by n`.execute(tx);
}

export async function insertInvoiceSubscriptions(
  tx: Tx,
  organizationId: string,
  rows: readonly NumberedPeriod[],
  now: Temporal.Instant,
): Promise<void> {
  const textOf = spelling<Temporal.Instant>();
  const instants = (read: (period: BilledPeriod) => Temporal.Instant | undefined) =>
    plainArray(
      rows.map(({ period }) => {
        const at = read(period);
        return at === undefined ? null : textOf(at);
      }),
    );
  await sql`
    insert into invoice_subscriptions (
      organization_id, id, invoice_id, subscription_id, invoicing_reason, recurring, timestamp,
      from_at, to_at, charges_from_at, charges_to_at, fixed_charges_from_at, fixed_charges_to_at, created_at)
    select ${organizationId}::uuid, id, invoice_id, subscription_id, reason, reason = 'subscription_periodic', timestamp,
      from_at, to_at, charges_from_at, charges_to_at, fixed_charges_from_at, fixed_charges_to_at, ${now.toString()}::timestamptz
    from unnest(
      ${plainArray(rows.map(({ id }) => id))}::uuid[], ${plainArray(rows.map(({ of }) => of.id))}::uuid[],
      ${plainArray(rows.map(({ period }) => period.subscription.id))}::uuid[],
      ${textArray(rows.map(({ period }) => period.reason))}::text[],
      ${instants(({ timestamp }) => timestamp)}::timestamptz[],
      ${instants(({ windows }) => windows.subscription.from)}::timestamptz[],
      ${instants(({ windows }) => windows.subscription.to)}::timestamptz[],
      ${instants(({ windows }) => windows.charges?.from)}::timestamptz[],
      ${instants(({ windows }) => windows.charges?.to)}::timestamptz[],
      ${instants(({ windows }) => windows.fixed_charges?.from)}::timestamptz[],
      ${instants(({ windows }) => windows.fixed_charges?.to)}::timestamptz[]
    ) with ordinality as p(id, invoice_id, subscription_id, reason, timestamp, from_at, to_at, charges_from_at, charges_to_at,
      fixed_charges_from_at, fixed_charges_to_at, n)
    order by n`.execute(tx);
}
