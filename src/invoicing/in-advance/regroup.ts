/** Taking up paid fees of their own, where their subscriptions are billed; in the transaction that bills them. */
import { sql } from "kysely";
import type { App } from "../../app.ts";
import type { Owner } from "../../jobs/index.ts";
import { plainArray, textArray } from "../../storage/arrays.ts";
import type { Tx } from "../../storage/database.ts";
import { termsOf } from "../../subscriptions/index.ts";
import { writeInvoices } from "../billing/write.ts";
import type { PlannedInvoice } from "../model.ts";
import { dayOf } from "../rules/dates.ts";
import type { BillingFacts } from "../rules/due-periods.ts";
import { windowsHolding } from "../rules/windows-holding.ts";
import { type PaidFee, type Regrouping, regroupedInvoices } from "./rules/regrouped-invoices.ts";

/** What the invoices of a run bill, as occasions to take up fees. */
export function regroupingsOf(invoices: readonly PlannedInvoice[]): Regrouping[] {
  return invoices.flatMap(({ customer, billing_entity, periods }) =>
    periods
      .filter(({ reason }) => reason === "subscription_periodic" || reason === "subscription_terminating")
      .map(({ subscription, plan, timestamp, windows, reason }) => ({
        ...{ customer, billing_entity, subscription, plan, timestamp, windows },
        is_periodic: reason === "subscription_periodic",
      })),
  );
}

/** An end whose own invoice is waived takes up paid fees all the same. */
export function regroupingAtEnd(
  { customer, billing_entity, subscription, plan }: BillingFacts,
  now: Temporal.Instant,
): Regrouping {
  const terms = termsOf(subscription, plan, customer.timezone);
  const timestamp = terms.terminated_at ?? now;
  const windows = windowsHolding(terms, timestamp);
  return { customer, billing_entity, subscription, plan, timestamp, windows, is_periodic: false };
}

/** Whoever calls holds the customers. */
export async function regroupPaidFees(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  regroupings: readonly Regrouping[],
  now: Temporal.Instant,
): Promise<void> {
  if (regroupings.length === 0) return;
  const fees = await lockPaidFees(tx, owner.id, regroupings);
  if (fees.length === 0) return;
  const byCustomer = Map.groupBy(fees, ({ customer_id }) => customer_id);
  const today = dayOf(now);
  const invoices = [...Map.groupBy(regroupings, ({ customer }) => customer.id)].flatMap(([customerId, own]) =>
    regroupedInvoices(own, byCustomer.get(customerId) ?? [], today),
  );
  await writeInvoices(app, tx, owner, invoices, now);
}

/** Of the customers' subscriptions with these external ids, earlier links too; in the order of their creation. */
async function lockPaidFees(
  tx: Tx,
  organizationId: string,
  regroupings: readonly Regrouping[],
): Promise<(PaidFee & { readonly customer_id: string })[]> {
  const customerIds = [...new Set(regroupings.map(({ customer }) => customer.id))];
  const externalIds = [...new Set(regroupings.map(({ subscription }) => subscription.external_id))];
  const { rows } = await sql<PaidFee & { customer_id: string }>`
    select f.id, f.customer_id, s.external_id as external_subscription_id, f.amount_cents, f.taxes_amount_cents, f.amount_currency,
      f.succeeded_at, f.to_at
    from fees f join subscriptions s on s.organization_id = f.organization_id and s.id = f.subscription_id
    where f.organization_id = ${organizationId} and f.customer_id = any(${plainArray(customerIds)}::uuid[])
      and f.is_regrouped and f.invoice_id is null and f.payment_status = 'succeeded' and f.deleted_at is null
      and s.external_id = any(${textArray(externalIds)}::text[])
    order by f.created_at, f.ordinal for update of f`.execute(tx);
  return rows;
}
