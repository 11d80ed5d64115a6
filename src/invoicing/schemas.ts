/** What the routes of invoices answer. */
import { CustomerAnswer } from "../customers/index.ts";
import { DateTime, Day, nullable, t, Uuid } from "../http/schemas.ts";
import { SubscriptionAnswer } from "../subscriptions/index.ts";
import { FeeAnswer } from "./fees/schemas.ts";

/** None of these exists yet. */
const None = t.Array(t.Unknown(), { maxItems: 0 });
const Name = nullable(t.String());
const When = nullable(DateTime);
const Money = t.Integer();

const oneOf = (...values: string[]) => t.Union(values.map((value) => t.Literal(value)));

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
      invoicing_reason: oneOf(
        "subscription_starting",
        "subscription_periodic",
        "subscription_terminating",
        "in_advance_charge",
        "in_advance_charge_periodic",
      ),
    }),
  ),
  subscriptions: t.Array(SubscriptionAnswer),
  fees: t.Array(FeeAnswer),
  credits: None,
  error_details: None,
});
