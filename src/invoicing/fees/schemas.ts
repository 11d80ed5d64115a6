/** What the routes of fees answer. */
import { DateTime, DecimalText, nullable, t, Uuid } from "../../http/schemas.ts";

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
  lago_fixed_charge_id: Id,
  lago_invoice_id: Id,
  lago_true_up_fee_id: Id,
  lago_true_up_parent_fee_id: Id,
  lago_original_fee_id: t.Null(),
  lago_subscription_id: Id,
  external_subscription_id: Name,
  lago_customer_id: Uuid,
  external_customer_id: t.String(),
  item: t.Object({
    type: oneOf("charge", "subscription", "commitment", "fixed_charge"),
    code: t.String(),
    name: t.String(),
    description: Name,
    invoice_display_name: t.String(),
    filters: nullable(t.Record(t.String(), t.Array(t.String()))),
    filter_invoice_display_name: Name,
    lago_item_id: Uuid,
    item_type: oneOf("BillableMetric", "Subscription", "AddOn"),
    grouped_by: t.Record(t.String(), Name),
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
  pricing_unit_details: nullable(
    t.Object({
      lago_pricing_unit_id: Uuid,
      pricing_unit_code: t.String(),
      short_name: t.String(),
      amount_cents: Money,
      precise_amount_cents: DecimalText,
      unit_amount_cents: Money,
      precise_unit_amount: DecimalText,
      conversion_rate: DecimalText,
    }),
  ),
  presentation_breakdowns: t.Array(t.Object({ presentation_by: t.Record(t.String(), Name), units: DecimalText })),
  from_date: When,
  to_date: When,
  event_transaction_id: Name,
  applied_taxes: None,
});
