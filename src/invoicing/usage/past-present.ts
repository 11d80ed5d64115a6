/** Past usage as the contract shows it (9.3 of the metering spec): built from what was billed. Pure. */
import { DateTime, Day, Meta, t, Uuid } from "../../http/schemas.ts";
import { dec } from "../../kernel/decimal.ts";
import { toInclusiveEnd, toSeconds } from "../../kernel/wire.ts";
import type { PastUsage } from "./past.ts";
import type { PastFee } from "./past-store.ts";
import { ChargeUsageAnswer, presentChargeUsage, type ShownCharge, type ShownFee } from "./present.ts";

export const PastUsageAnswer = t.Object({
  usage_periods: t.Array(
    t.Object({
      from_datetime: DateTime,
      to_datetime: DateTime,
      issuing_date: Day,
      currency: t.String(),
      amount_cents: t.Integer(),
      total_amount_cents: t.Integer(),
      taxes_amount_cents: t.Integer(),
      lago_invoice_id: Uuid,
      charges_usage: t.Array(ChargeUsageAnswer),
    }),
  ),
  meta: Meta,
});

/** Amounts are those of the whole invoice, which may hold more than this subscription's usage. */
export function presentPastPeriod(period: PastUsage) {
  const { currency, fees, fees_amount_cents, taxes_amount_cents } = period;
  return {
    from_datetime: toSeconds(period.charges_from_at),
    to_datetime: toInclusiveEnd(period.charges_to_at),
    issuing_date: period.issuing_date.toString(),
    currency,
    amount_cents: fees_amount_cents,
    total_amount_cents: fees_amount_cents + taxes_amount_cents,
    taxes_amount_cents,
    lago_invoice_id: period.invoice_id,
    charges_usage: [...Map.groupBy(fees, ({ charge_id }) => charge_id).values()].map((own) =>
      presentChargeUsage({ charge: chargeOf(own[0] as PastFee), fees: feesOf(own) }, currency),
    ),
  };
}

function chargeOf(fee: PastFee): ShownCharge {
  const unit = fee.pricing_unit;
  return {
    id: fee.charge_id,
    code: fee.charge_code,
    charge_model: fee.charge_model,
    invoice_display_name: fee.charge_display_name,
    billable_metric: {
      id: fee.metric_id,
      name: fee.metric_name,
      code: fee.metric_code,
      aggregation_type: fee.aggregation_type,
    },
    filters: fee.has_filters ? [fee.filter_values] : [],
    applied_pricing_unit: unit && { short_name: unit.short_name, conversion_rate: dec(unit.conversion_rate) },
  };
}

/** Fees of one filter share its object: they are shown together. */
function feesOf(fees: readonly PastFee[]): ShownFee[] {
  const filters = new Map<string, ShownFee["filter"]>();
  return fees.map((fee) => {
    const { filter_id, filter_values, pricing_unit } = fee;
    if (filter_id !== null && filter_values !== null && !filters.has(filter_id)) {
      filters.set(filter_id, { invoice_display_name: fee.filter_display_name, values: filter_values });
    }
    return {
      filter: filters.get(filter_id ?? "") ?? null,
      grouped_by: fee.grouped_by,
      units: fee.units,
      total_aggregated_units: fee.total_aggregated_units,
      events_count: fee.events_count,
      amount_cents: fee.amount_cents,
      pricing_unit: pricing_unit && { amount_cents: BigInt(pricing_unit.amount_cents) },
      breakdowns: fee.presentation_breakdowns.map(({ presentation_by, units }) => ({
        presentation_by,
        units: dec(units),
      })),
    };
  });
}
