/** The shapes of simulations in requests and answers. */
import { CustomerInput } from "../../customers/index.ts";
import { DateTime, Day, Decimal, Int, nullable, optional, ShortText, Text, t } from "../../http/schemas.ts";
import { SubscriptionInput } from "../../subscriptions/index.ts";
import { FeeAnswer } from "../fees/schemas.ts";
import { InvoiceAnswer, InvoiceExtendedAnswer } from "../schemas.ts";

export const PERIODS_MAX = 100;
const USAGE_MAX = 100;
export const EVENTS_MAX = 10_000;

const ExpectedUsageInput = t.Object({
  charge_code: optional(ShortText),
  billable_metric_code: optional(ShortText),
  filters: optional(
    t.Record(t.String(), t.Array(t.String(), { maxItems: 1_000 }), {
      description: "A filter of the charge, by its values; absent: what no filter takes",
    }),
  ),
  grouped_by: optional(t.Record(t.String(), t.String())),
  units: Decimal,
  events_count: optional(
    t.Integer({ minimum: 0, maximum: EVENTS_MAX, description: "By default the units of a count, else 1" }),
  ),
  precise_total_amount_cents: optional(Decimal),
});

const { subscription } = SubscriptionInput.properties;

export const SimulationBody = t.Object({
  subscription: t.Object({
    ...subscription.properties,
    customer: optional(
      t.Object(
        { ...CustomerInput.properties, external_id: optional(Text) },
        { description: "As for `POST /customers`: what is to be true of the customer" },
      ),
    ),
  }),
  simulation: optional(
    t.Object({
      usage: optional(t.Array(ExpectedUsageInput, { maxItems: USAGE_MAX })),
      periods: optional(Int),
      until: optional(ShortText),
    }),
  ),
  authorization: SubscriptionInput.properties.authorization,
});

const Given = t.Optional(t.Union([t.String(), t.Array(t.String())]));
export const SimulationQuery = t.Object({ periods: Given, until: Given, usage: Given });

const {
  type,
  code,
  name,
  description,
  invoice_display_name,
  filters,
  filter_invoice_display_name,
  item_type,
  grouped_by,
} = FeeAnswer.properties.item.properties;
const fee = FeeAnswer.properties;

const SimulatedFee = t.Object({
  item: t.Object({
    ...{
      type,
      code,
      name,
      description,
      invoice_display_name,
      filters,
      filter_invoice_display_name,
      item_type,
      grouped_by,
    },
  }),
  charge_code: nullable(t.String()),
  fixed_charge_code: nullable(t.String()),
  external_subscription_id: t.String(),
  pay_in_advance: fee.pay_in_advance,
  invoiceable: fee.invoiceable,
  amount_cents: fee.amount_cents,
  amount_currency: fee.amount_currency,
  precise_amount: fee.precise_amount,
  precise_total_amount: fee.precise_total_amount,
  taxes_amount_cents: fee.taxes_amount_cents,
  taxes_precise_amount: fee.taxes_precise_amount,
  taxes_rate: fee.taxes_rate,
  total_aggregated_units: fee.total_aggregated_units,
  total_amount_cents: fee.total_amount_cents,
  total_amount_currency: fee.total_amount_currency,
  units: fee.units,
  precise_unit_amount: fee.precise_unit_amount,
  events_count: fee.events_count,
  amount_details: fee.amount_details,
  pricing_unit_details: fee.pricing_unit_details,
  presentation_breakdowns: fee.presentation_breakdowns,
  from_date: fee.from_date,
  to_date: fee.to_date,
});

const invoice = InvoiceAnswer.properties;
const period = InvoiceExtendedAnswer.properties.billing_periods.items.properties;

const SimulatedInvoice = t.Object({
  billing_entity_code: invoice.billing_entity_code,
  issuing_date: invoice.issuing_date,
  payment_due_date: invoice.payment_due_date,
  expected_finalization_date: Day,
  net_payment_term: invoice.net_payment_term,
  invoice_type: t.Literal("subscription"),
  currency: invoice.currency,
  fees_amount_cents: invoice.fees_amount_cents,
  taxes_amount_cents: invoice.taxes_amount_cents,
  progressive_billing_credit_amount_cents: invoice.progressive_billing_credit_amount_cents,
  coupons_amount_cents: invoice.coupons_amount_cents,
  credit_notes_amount_cents: invoice.credit_notes_amount_cents,
  prepaid_credit_amount_cents: invoice.prepaid_credit_amount_cents,
  sub_total_excluding_taxes_amount_cents: invoice.sub_total_excluding_taxes_amount_cents,
  sub_total_including_taxes_amount_cents: invoice.sub_total_including_taxes_amount_cents,
  total_amount_cents: invoice.total_amount_cents,
  purchase_order_number: invoice.purchase_order_number,
  self_billed: invoice.self_billed,
  created_at: t.String({ format: "date-time", description: "When it would be made" }),
  billing_periods: t.Array(
    t.Object({
      external_subscription_id: period.external_subscription_id,
      plan_code: t.String(),
      subscription_from_datetime: period.subscription_from_datetime,
      subscription_to_datetime: period.subscription_to_datetime,
      charges_from_datetime: period.charges_from_datetime,
      charges_to_datetime: period.charges_to_datetime,
      fixed_charges_from_datetime: period.fixed_charges_from_datetime,
      fixed_charges_to_datetime: period.fixed_charges_to_datetime,
      invoicing_reason: period.invoicing_reason,
    }),
  ),
  fees: t.Array(SimulatedFee),
});

export const OneSimulation = t.Object({
  simulation: t.Object({
    external_subscription_id: nullable(t.String({ description: "Null where the proposal names none" })),
    usage: t.Union([t.Literal("projected"), t.Literal("given"), t.Literal("current")]),
    invoices: t.Array(SimulatedInvoice, { maxItems: PERIODS_MAX }),
    totals: t.Object({
      invoices_count: t.Integer(),
      currency: t.String(),
      fees_amount_cents: t.Integer(),
      taxes_amount_cents: t.Integer(),
      total_amount_cents: t.Integer(),
    }),
    simulated_until: DateTime,
    stopped_by: t.Union(
      (["until", "periods", "ending", "scheduled_change"] as const).map((why) => t.Literal(why)),
      { description: "Why there are no more invoices: `ending` is the subscription's own" },
    ),
  }),
});
