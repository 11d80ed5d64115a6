/** Invoices and fees as the API shows them. Inclusive ends ("…:59Z") exist only here. */
import { type Dec, round, toCents, toWire } from "../kernel/decimal.ts";
import { inMajorUnits } from "../kernel/money.ts";
import { toInclusiveEnd, toSeconds, toSecondsOrNull } from "../kernel/wire.ts";
import type { FeeRow, InvoiceRow, InvoiceSubscriptionRow } from "./model.ts";

type Json = Record<string, unknown>;

/** The newest form of the totals (5.18). */
const VERSION_NUMBER = 4;

/** The shown end of [from, to): an empty window ends where it begins. */
function shownEnd(from: Temporal.Instant | null, to: Temporal.Instant | null): string | null {
  if (from === null || to === null) return null;
  return from.equals(to) ? toSeconds(to) : toInclusiveEnd(to);
}

const major = (cents: Dec, currency: string) => toWire(inMajorUnits(cents, currency));

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

/** What the fee is for: the plan by way of its subscription, or the metric that was used (8.5 of the metering spec). */
function presentItem(fee: FeeRow): Json {
  const common = { type: fee.fee_type, filters: null, filter_invoice_display_name: null, grouped_by: fee.grouped_by };
  if (fee.fee_type === "charge")
    return {
      ...common,
      code: fee.metric_code,
      name: fee.metric_name,
      description: fee.metric_description,
      invoice_display_name: fee.invoice_display_name ?? fee.charge_display_name ?? fee.metric_name,
      lago_item_id: fee.billable_metric_id,
      item_type: "BillableMetric",
    };
  return {
    ...common,
    code: fee.plan_code,
    name: fee.plan_name,
    description: fee.plan_description,
    invoice_display_name: fee.invoice_display_name ?? fee.plan_display_name ?? fee.plan_name,
    lago_item_id: fee.subscription_id,
    item_type: "Subscription",
  };
}

/** 4.1 of the subscriptions spec, 8.5 of the metering spec. Coupons are not taken from `total_amount_cents`. */
function presentFeeAmounts(fee: FeeRow): Json {
  const {
    amount_currency: currency,
    precise_amount_cents,
    taxes_precise_amount_cents,
    precise_coupons_amount_cents,
  } = fee;
  const netCents = toCents(round(precise_coupons_amount_cents.neg().plus(fee.amount_cents.toString())));
  return {
    amount_cents: fee.amount_cents,
    amount_currency: currency,
    precise_amount: major(precise_amount_cents, currency),
    precise_total_amount: major(precise_amount_cents.plus(taxes_precise_amount_cents), currency),
    taxes_amount_cents: fee.taxes_amount_cents,
    taxes_precise_amount: major(taxes_precise_amount_cents, currency),
    taxes_rate: Number(fee.taxes_rate.toFixed()),
    total_aggregated_units: toWire(fee.total_aggregated_units),
    total_amount_cents: fee.amount_cents + fee.taxes_amount_cents,
    total_amount_currency: currency,
    units: toWire(fee.units),
    precise_unit_amount: toWire(fee.precise_unit_amount),
    precise_coupons_amount_cents: toWire(precise_coupons_amount_cents),
    sub_total_excluding_taxes_amount_cents: netCents,
    sub_total_excluding_taxes_precise_amount_cents: toWire(precise_amount_cents.minus(precise_coupons_amount_cents)),
    events_count: fee.events_count,
    amount_details: fee.amount_details,
  };
}

export function presentFee(fee: FeeRow): Json {
  return {
    lago_id: fee.id,
    lago_charge_id: fee.charge_id,
    lago_charge_filter_id: fee.charge_filter_id,
    lago_fixed_charge_id: null,
    lago_invoice_id: fee.invoice_id,
    lago_true_up_fee_id: null,
    lago_true_up_parent_fee_id: fee.true_up_parent_fee_id,
    lago_original_fee_id: null,
    lago_subscription_id: fee.subscription_id,
    external_subscription_id: fee.external_subscription_id,
    lago_customer_id: fee.customer_id,
    external_customer_id: fee.external_customer_id,
    item: presentItem(fee),
    pay_in_advance: fee.pay_in_advance,
    invoiceable: fee.invoiceable,
    ...presentFeeAmounts(fee),
    description: fee.description,
    payment_status: fee.payment_status,
    created_at: toSeconds(fee.created_at),
    succeeded_at: toSecondsOrNull(fee.succeeded_at),
    failed_at: toSecondsOrNull(fee.failed_at),
    refunded_at: toSecondsOrNull(fee.refunded_at),
    self_billed: fee.self_billed ?? false,
    pricing_unit_details: null,
    presentation_breakdowns: [],
    from_date: toSecondsOrNull(fee.from_at),
    to_date: shownEnd(fee.from_at, fee.to_at),
    event_transaction_id: fee.event_transaction_id,
    applied_taxes: [],
  };
}
