/** What the routes of invoices and fees answer. */
import { CustomerAnswer } from "../customers/index.ts";
import { DateTime, Day, DecimalText, nullable, t, Uuid } from "../http/schemas.ts";
import { SubscriptionAnswer } from "../subscriptions/index.ts";

/** None of these exists yet. */
const None = t.Array(t.Unknown(), { maxItems: 0 });
const Name = nullable(t.String());
const When = nullable(DateTime);
const Id = nullable(Uuid);
const Money = t.Integer();

const oneOf = (...values: string[]) => t.Union(values.map((value) => t.Literal(value)));

export const FeeAnswer = t.Object({
  lago_id: Uuid,
  lago_charge_id: Id,
  lago_charge_filter_id: Id,
  lago_fixed_charge_id: t.Null(),
  lago_invoice_id: Id,
  lago_true_up_fee_id: t.Null(),
  lago_true_up_parent_fee_id: Id,
  lago_original_fee_id: t.Null(),
  lago_subscription_id: Id,
  external_subscription_id: Name,
  lago_customer_id: Uuid,
  external_customer_id: t.String(),
  item: t.Object({
    type: oneOf("charge", "subscription"),
    code: t.String(),
    name: t.String(),
    description: Name,
    invoice_display_name: t.String(),
    filters: t.Null(),
    filter_invoice_display_name: t.Null(),
    lago_item_id: Uuid,
    item_type: oneOf("BillableMetric", "Subscription"),
    grouped_by: t.Record(t.String(), t.String()),
  }),
  pay_in_advance: t.Boolean(),
  invoiceable: t.Boolean(),
  amount_cents: Money,
  amount_currency: t.String(),
  precise_amount: DecimalText,
  precise_total_amount: DecimalText,
  taxes_amount_cents: Money,
  taxes_precise_amount: DecimalText,
  taxes_rate: t.Number(),
  total_aggregated_units: DecimalText,
  total_amount_cents: Money,
  total_amount_currency: t.String(),
  units: DecimalText,
  precise_unit_amount: DecimalText,
  precise_coupons_amount_cents: DecimalText,
  sub_total_excluding_taxes_amount_cents: Money,
  sub_total_excluding_taxes_precise_amount_cents: DecimalText,
  events_count: t.Integer(),
  amount_details: t.Record(t.String(), t.Unknown()),
  description: Name,
  payment_status: oneOf("pending", "succeeded", "failed", "refunded"),
  created_at: DateTime,
  succeeded_at: When,
  failed_at: When,
  refunded_at: When,
  self_billed: t.Boolean(),
  pricing_unit_details: t.Null(),
  presentation_breakdowns: None,
  from_date: When,
  to_date: When,
  event_transaction_id: Name,
  applied_taxes: None,
});

const invoice = {
  lago_id: Uuid,
  billing_entity_code: t.String(),
  sequential_id: nullable(t.Integer()),
  number: t.String(),
  issuing_date: Day,
  payment_due_date: Day,
  net_payment_term: t.Integer(),
  invoice_type: oneOf("subscription", "add_on", "credit", "one_off", "advance_charges", "progressive_billing"),
  status: oneOf("draft", "finalized", "voided", "failed", "pending"),
  payment_status: oneOf("pending", "succeeded", "failed"),
  payment_dispute_lost_at: When,
  payment_overdue: t.Boolean(),
  currency: t.String(),
  fees_amount_cents: Money,
  taxes_amount_cents: Money,
  progressive_billing_credit_amount_cents: Money,
  coupons_amount_cents: Money,
  credit_notes_amount_cents: Money,
  sub_total_excluding_taxes_amount_cents: Money,
  sub_total_including_taxes_amount_cents: Money,
  total_amount_cents: Money,
  total_due_amount_cents: Money,
  total_paid_amount_cents: Money,
  total_offsetted_credit_note_amount_cents: Money,
  prepaid_credit_amount_cents: Money,
  prepaid_granted_credit_amount_cents: t.Null(),
  prepaid_purchased_credit_amount_cents: t.Null(),
  purchase_order_number: Name,
  file_url: t.Null(),
  xml_url: t.Null(),
  web_url: t.Null(),
  version_number: t.Integer(),
  self_billed: t.Boolean(),
  created_at: DateTime,
  updated_at: DateTime,
  customer: CustomerAnswer,
  metadata: None,
  applied_taxes: None,
  applied_invoice_custom_sections: None,
};

/** An invoice in a list. */
export const InvoiceAnswer = t.Object(invoice);

/** A single invoice with all that it is made of. */
export const InvoiceExtendedAnswer = t.Object({
  ...invoice,
  billing_periods: t.Array(
    t.Object({
      lago_subscription_id: Uuid,
      external_subscription_id: t.String(),
      lago_plan_id: Uuid,
      subscription_from_datetime: DateTime,
      subscription_to_datetime: DateTime,
      charges_from_datetime: When,
      charges_to_datetime: When,
      fixed_charges_from_datetime: When,
      fixed_charges_to_datetime: When,
      invoicing_reason: oneOf("subscription_starting", "subscription_periodic", "subscription_terminating"),
    }),
  ),
  subscriptions: t.Array(SubscriptionAnswer),
  fees: t.Array(FeeAnswer),
  credits: None,
  error_details: None,
});
