/** Current usage as the contract shows it (9.1 of the metering spec). Pure. */
import { DecimalText, nullable, t } from "../../http/schemas.ts";
import { toWire } from "../../kernel/decimal.ts";
import { toInclusiveEnd, toSeconds } from "../../kernel/wire.ts";
import type { CurrentUsage } from "./current-usage.ts";
import type { UsageFeeDraft } from "./model.ts";

const None = t.Array(t.Unknown(), { maxItems: 0 });

const ChargeUsage = t.Object({
  units: DecimalText,
  total_aggregated_units: DecimalText,
  events_count: t.Integer(),
  amount_cents: t.Integer(),
  amount_currency: t.String(),
  pricing_unit_details: t.Null(),
  charge: t.Object({
    lago_id: t.String({ format: "uuid" }),
    code: t.String(),
    charge_model: t.String(),
    invoice_display_name: nullable(t.String()),
  }),
  billable_metric: t.Object({
    lago_id: t.String({ format: "uuid" }),
    name: t.String(),
    code: t.String(),
    aggregation_type: t.String(),
  }),
  filters: None,
  grouped_usage: None,
  presentation_breakdowns: None,
});

export const CurrentUsageAnswer = t.Object({
  customer_usage: t.Object({
    from_datetime: t.String({ format: "date-time" }),
    to_datetime: t.String({ format: "date-time" }),
    issuing_date: t.String({ format: "date" }),
    currency: t.String(),
    amount_cents: t.Integer(),
    total_amount_cents: t.Integer(),
    taxes_amount_cents: t.Integer(),
    lago_invoice_id: t.Null(),
    charges_usage: t.Array(ChargeUsage),
  }),
});

export function presentCurrentUsage({ window, period_to, currency, fees }: CurrentUsage) {
  const amount = fees.reduce((total, { amount_cents }) => total + amount_cents, 0n);
  return {
    customer_usage: {
      from_datetime: toSeconds(window.from),
      to_datetime: toInclusiveEnd(window.to),
      issuing_date: utcDate(period_to.subtract({ nanoseconds: 1 })),
      currency,
      amount_cents: amount,
      total_amount_cents: amount,
      taxes_amount_cents: 0,
      lago_invoice_id: null,
      charges_usage: fees.map((fee) => presentChargeUsage(fee, currency)),
    },
  };
}

function presentChargeUsage({ charge, ...fee }: UsageFeeDraft, currency: string) {
  const metric = charge.billable_metric;
  return {
    units: toWire(fee.units),
    total_aggregated_units: toWire(fee.total_aggregated_units),
    events_count: fee.events_count,
    amount_cents: fee.amount_cents,
    amount_currency: currency,
    pricing_unit_details: null,
    charge: {
      lago_id: charge.id,
      code: charge.code,
      charge_model: charge.charge_model,
      invoice_display_name: charge.invoice_display_name,
    },
    billable_metric: {
      lago_id: metric.id,
      name: metric.name,
      code: metric.code,
      aggregation_type: metric.aggregation_type,
    },
    filters: [],
    grouped_usage: [],
    presentation_breakdowns: [],
  };
}

/** In UTC, also where the period ends on another local day. */
function utcDate(at: Temporal.Instant): string {
  return at.toZonedDateTimeISO("UTC").toPlainDate().toString();
}
