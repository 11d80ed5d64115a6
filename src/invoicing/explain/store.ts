/** The SQL of explaining fees. */
import type { DbOrTx } from "../../storage/database.ts";
import type { Window } from "../../subscriptions/index.ts";

export interface BilledPeriodRow {
  /** The usage window; null where the invoice billed none. */
  readonly charges_window: Window | null;
  /** The customer's, as it was then. */
  readonly timezone: string;
}

/** What an invoice billed of a subscription. */
export async function findBilledPeriod(
  db: DbOrTx,
  organizationId: string,
  invoiceId: string,
  subscriptionId: string,
): Promise<BilledPeriodRow | null> {
  const row = await db
    .selectFrom("invoice_subscriptions as p")
    .innerJoin("invoices as i", (join) =>
      join.onRef("i.organization_id", "=", "p.organization_id").onRef("i.id", "=", "p.invoice_id"),
    )
    .select(["p.charges_from_at", "p.charges_to_at", "i.timezone"])
    .where("p.organization_id", "=", organizationId)
    .where("p.invoice_id", "=", invoiceId)
    .where("p.subscription_id", "=", subscriptionId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { charges_from_at: from, charges_to_at: to, timezone } = row;
  return { charges_window: from === null || to === null ? null : { from, to }, timezone };
}

/** The fees of usage of one charge on one invoice, of all filters and groups; not what makes up its minimum. */
export async function loadFeesOfCharge(
  db: DbOrTx,
  organizationId: string,
  {
    invoice_id,
    subscription_id,
    charge_id,
  }: Readonly<Record<"invoice_id" | "subscription_id" | "charge_id", string | null>>,
) {
  return db
    .selectFrom("live_fees")
    .select(["amount_cents", "pricing_unit"])
    .where("organization_id", "=", organizationId)
    .where("invoice_id", "=", invoice_id)
    .where("subscription_id", "=", subscription_id)
    .where("charge_id", "=", charge_id)
    .where("true_up_parent_fee_id", "is", null)
    .execute();
}
