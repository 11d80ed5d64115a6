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

const SimulatedFee = t.Object({
  item: t.Pick(FeeAnswer.properties.item, [
    "type",
    "code",
    "name",
    "description",
    "invoice_display_name",
    "filters",
    "filter_invoice_display_name",
    "item_type",
    "grouped_by",
  ]),
  charge_code: nullable(t.String()),
  fixed_charge_code: nullable(t.String()),
  external_subscription_id: t.String(),
  ...t.Pick(FeeAnswer, [
    "pay_in_advance",
    "invoiceable",
    "amount_cents",
    "amount_currency",
    "precise_amount",
    "precise_total_amount",
    "taxes_amount_cents",
    "taxes_precise_amount",
    "taxes_rate",
    "total_aggregated_units",
    "total_amount_cents",
    "total_amount_currency",
    "units",
    "precise_unit_amount",
    "events_count",
    "amount_details",
    "pricing_unit_details",
    "presentation_breakdowns",
    "from_date",
    "to_date",
  ]).properties,
});

const period = InvoiceExtendedAnswer.properties.billing_periods.items;

const SimulatedInvoice = t.Object({
  expected_finalization_date: Day,
  invoice_type: t.Literal("subscription"),
  created_at: t.String({ format: "date-time", description: "When it would be made" }),
  ...t.Pick(InvoiceAnswer, [
    "billing_entity_code",
    "issuing_date",
    "payment_due_date",
    "net_payment_term",
    "currency",
    "fees_amount_cents",
    "taxes_amount_cents",
    "progressive_billing_credit_amount_cents",
    "coupons_amount_cents",
    "credit_notes_amount_cents",
    "prepaid_credit_amount_cents",
    "sub_total_excluding_taxes_amount_cents",
    "sub_total_including_taxes_amount_cents",
    "total_amount_cents",
    "purchase_order_number",
    "self_billed",
  ]).properties,
  billing_periods: t.Array(
    t.Object({
      plan_code: t.String(),
      ...t.Pick(period, [
        "external_subscription_id",
        "subscription_from_datetime",
        "subscription_to_datetime",
        "charges_from_datetime",
        "charges_to_datetime",
        "fixed_charges_from_datetime",
        "fixed_charges_to_datetime",
        "invoicing_reason",
      ]).properties,
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
