/** Customers as billing reads them: with every inherited setting resolved by one join with their billing entity. */
import type { DbOrTx } from "../storage/database.ts";
import type { BilledCustomer } from "./model.ts";

function selectBilled(db: DbOrTx, organizationId: string) {
  return db
    .selectFrom("customers as c")
    .innerJoin("billing_entities as e", (join) =>
      join.onRef("e.organization_id", "=", "c.organization_id").onRef("e.id", "=", "c.billing_entity_id"),
    )
    .where("c.organization_id", "=", organizationId)
    .select([
      "c.id",
      "c.external_id",
      "c.sequential_id",
      "c.currency",
      "c.account_type",
      "c.timezone",
      "c.net_payment_term",
      "c.invoice_grace_period",
      "c.subscription_invoice_issuing_date_anchor as anchor",
      "c.subscription_invoice_issuing_date_adjustment as adjustment",
      "c.finalize_zero_amount_invoice as zero_amount",
      "e.id as entity_id",
      "e.code as entity_code",
      "e.timezone as entity_timezone",
      "e.net_payment_term as entity_net_payment_term",
      "e.invoice_grace_period as entity_grace_period",
      "e.subscription_invoice_issuing_date_anchor as entity_anchor",
      "e.subscription_invoice_issuing_date_adjustment as entity_adjustment",
      "e.finalize_zero_amount_invoice as entity_zero_amount",
      "e.document_numbering",
      "e.document_number_prefix",
    ]);
}

type BilledRow = Awaited<ReturnType<ReturnType<typeof selectBilled>["executeTakeFirstOrThrow"]>>;

/** The inheritance table, 1.4 of the subscriptions spec. A customer's 0 is a value and wins. */
function billed(row: BilledRow): BilledCustomer {
  return {
    id: row.id,
    external_id: row.external_id,
    sequential_id: row.sequential_id,
    currency: row.currency,
    account_type: row.account_type as BilledCustomer["account_type"],
    timezone: row.timezone ?? row.entity_timezone,
    net_payment_term: row.net_payment_term ?? row.entity_net_payment_term,
    invoice_grace_period: row.invoice_grace_period ?? row.entity_grace_period,
    issuing_date_anchor: (row.anchor ?? row.entity_anchor) as BilledCustomer["issuing_date_anchor"],
    issuing_date_adjustment: (row.adjustment ?? row.entity_adjustment) as BilledCustomer["issuing_date_adjustment"],
    finalize_zero_amount_invoice:
      row.zero_amount === "inherit" ? row.entity_zero_amount : row.zero_amount === "finalize",
    billing_entity: {
      id: row.entity_id,
      code: row.entity_code,
      timezone: row.entity_timezone,
      document_numbering: row.document_numbering as BilledCustomer["billing_entity"]["document_numbering"],
      document_number_prefix: row.document_number_prefix,
    },
  };
}

/** By id, deleted ones too: what they owe is still billed. Ids that name nothing are left out. */
export async function loadBilledCustomers(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, BilledCustomer>> {
  if (ids.length === 0) return new Map();
  const rows = await selectBilled(db, organizationId)
    .where((eb) => eb("c.id", "=", eb.fn.any(eb.val([...ids]))))
    .execute();
  return new Map(rows.map((row) => [row.id, billed(row)]));
}

/** The living customer of an external id; null where there is none. */
export async function findCustomer(
  db: DbOrTx,
  organizationId: string,
  externalId: string,
): Promise<BilledCustomer | null> {
  const row = await selectBilled(db, organizationId)
    .where("c.external_id", "=", externalId)
    .where("c.deleted_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? null : billed(row);
}

/** Customers that live by the time zone of this billing entity, as they have none of their own: a page of ids, in their order. */
export async function customersInZoneOf(
  db: DbOrTx,
  organizationId: string,
  billingEntityId: string,
  limit: number,
  afterId: string | null,
): Promise<string[]> {
  const rows = await db
    .selectFrom("customers")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("billing_entity_id", "=", billingEntityId)
    .where("timezone", "is", null)
    .$if(afterId !== null, (query) => query.where("id", ">", afterId))
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}
