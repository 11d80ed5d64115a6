/** Reading invoices: a page is a fixed number of queries, whatever is on it. */
import { presentCustomersOf } from "../customers/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { isUuid } from "../kernel/ids.ts";
import type { Page } from "../kernel/pages.ts";
import type { Db } from "../storage/database.ts";
import { presentSubscriptionsOf } from "../subscriptions/index.ts";
import { loadFeesOfInvoice } from "./fees/store.ts";
import { findInvoice, type InvoicesFilter, listInvoices, loadInvoiceSubscriptions } from "./invoices-store.ts";
import { presentInvoice, presentInvoiceExtended } from "./present.ts";

type Json = Record<string, unknown>;

export async function invoicesPage(
  db: Db,
  organizationId: string,
  filter: InvoicesFilter,
  page: Page,
): Promise<{ invoices: Json[]; total: number }> {
  const { invoices, total } = await listInvoices(db, organizationId, filter, page);
  const customers = await presentCustomersOf(db, organizationId, [
    ...new Set(invoices.map((each) => each.customer_id)),
  ]);
  return { invoices: invoices.map((each) => presentInvoice(each, customers.get(each.customer_id) ?? {})), total };
}

/** 404 `invoice_not_found` for what is unknown or never shown. */
export async function invoiceOf(db: Db, organizationId: string, id: string, now: Temporal.Instant): Promise<Json> {
  const invoice = isUuid(id) ? await findInvoice(db, organizationId, id) : null;
  if (invoice === null) throw new Refusal("invoice_not_found");
  const [customers, periods, fees] = await Promise.all([
    presentCustomersOf(db, organizationId, [invoice.customer_id]),
    loadInvoiceSubscriptions(db, organizationId, id),
    loadFeesOfInvoice(db, organizationId, id),
  ]);
  const ids = periods.map(({ subscription_id }) => subscription_id);
  const subscriptions = await presentSubscriptionsOf(db, organizationId, ids, now);
  return presentInvoiceExtended(invoice, {
    customer: customers.get(invoice.customer_id) ?? {},
    periods,
    fees,
    subscriptions: ids.map((each) => subscriptions.get(each)).filter((each) => each !== undefined),
  });
}
