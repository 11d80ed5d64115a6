/** Invoices as the API shows them. */
import { toSeconds, toSecondsOrNull } from "../kernel/wire.ts";
import { presentFee, shownEnd } from "./fees/present.ts";
import type { FeeRow, InvoiceRow, InvoiceSubscriptionRow } from "./model.ts";

type Json = Record<string, unknown>;

/** The newest form of the totals (5.18). */
const VERSION_NUMBER = 4;

export function presentInvoiceBase(invoice: InvoiceRow): Json {
  const { status, total_amount_cents, total_paid_amount_cents } = invoice;
  return {
    lago_id: invoice.id,
    billing_entity_code: invoice.billing_entity_code,
    sequential_id: invoice.sequential_id,
    number: invoice.number,
    issuing_date: invoice.issuing_date.toString(),
    payment_due_date: invoice.payment_due_date.toString(),
    net_payment_term: invoice.net_payment_term,
    invoice_type: invoice.invoice_type,
    status,
    payment_status: invoice.payment_status,
    payment_dispute_lost_at: toSecondsOrNull(invoice.payment_dispute_lost_at),
    payment_overdue: invoice.payment_overdue,
    currency: invoice.currency,
    fees_amount_cents: invoice.fees_amount_cents,
    taxes_amount_cents: invoice.taxes_amount_cents,
    progressive_billing_credit_amount_cents: invoice.progressive_billing_credit_amount_cents,
    coupons_amount_cents: invoice.coupons_amount_cents,
    credit_notes_amount_cents: invoice.credit_notes_amount_cents,
    sub_total_excluding_taxes_amount_cents: invoice.sub_total_excluding_taxes_amount_cents,
    sub_total_including_taxes_amount_cents: invoice.sub_total_including_taxes_amount_cents,
    total_amount_cents,
    total_due_amount_cents: status === "voided" ? 0n : total_amount_cents - total_paid_amount_cents,
    total_paid_amount_cents,
    total_offsetted_credit_note_amount_cents: 0,
    prepaid_credit_amount_cents: invoice.prepaid_credit_amount_cents,
    prepaid_granted_credit_amount_cents: null,
    prepaid_purchased_credit_amount_cents: null,
    purchase_order_number: invoice.purchase_order_number,
    file_url: null,
    xml_url: null,
    web_url: null,
    version_number: VERSION_NUMBER,
    self_billed: invoice.self_billed,
    created_at: toSeconds(invoice.created_at),
    updated_at: toSeconds(invoice.updated_at),
  };
}

/** As lists show it. */
export function presentInvoice(invoice: InvoiceRow, customer: Json): Json {
  return {
    ...presentInvoiceBase(invoice),
    customer,
    metadata: [],
    applied_taxes: [],
    applied_invoice_custom_sections: [],
  };
}

export interface InvoiceParts {
  readonly customer: Json;
  readonly periods: readonly InvoiceSubscriptionRow[];
  readonly fees: readonly FeeRow[];
  /** In the order of the periods. */
  readonly subscriptions: readonly Json[];
}

/** As a single one is shown. */
export function presentInvoiceExtended(invoice: InvoiceRow, parts: InvoiceParts): Json {
  return {
    ...presentInvoice(invoice, parts.customer),
    billing_periods: parts.periods.map(presentBillingPeriod),
    subscriptions: parts.subscriptions,
    fees: parts.fees.map(presentFee),
    credits: [],
    error_details: [],
  };
}

function presentBillingPeriod(period: InvoiceSubscriptionRow): Json {
  return {
    lago_subscription_id: period.subscription_id,
    external_subscription_id: period.external_subscription_id,
    lago_plan_id: period.plan_id,
    subscription_from_datetime: toSeconds(period.from_at),
    subscription_to_datetime: shownEnd(period.from_at, period.to_at),
    charges_from_datetime: toSecondsOrNull(period.charges_from_at),
    charges_to_datetime: shownEnd(period.charges_from_at, period.charges_to_at),
    fixed_charges_from_datetime: toSecondsOrNull(period.fixed_charges_from_at),
    fixed_charges_to_datetime: shownEnd(period.fixed_charges_from_at, period.fixed_charges_to_at),
    invoicing_reason: period.invoicing_reason,
  };
}
