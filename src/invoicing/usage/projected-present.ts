/** Projected usage as the contract shows it (9.2 of the metering spec): charges have no code, and no total of aggregated units. Pure. */
import type { Charge } from "../../catalog/index.ts";
import { DateTime, Day, DecimalText, nullable, t, Uuid } from "../../http/schemas.ts";
import { sum, toWire } from "../../kernel/decimal.ts";
import { toInclusiveEnd, toSeconds } from "../../kernel/wire.ts";
import type { PresentationBreakdown } from "./model.ts";
import { centsOf, isGrouped, PresentationBreakdowns, presentBreakdowns, utcDate } from "./present.ts";
import { groupName } from "./presentation.ts";
import type { ProjectedFee, ProjectedUsage } from "./projected.ts";

const Totals = {
  units: DecimalText,
  projected_units: DecimalText,
  events_count: t.Integer(),
  amount_cents: t.Integer(),
  projected_amount_cents: t.Integer(),
  pricing_unit_details: nullable(
    t.Object({
      amount_cents: t.Integer(),
      projected_amount_cents: t.Integer(),
      short_name: t.String(),
      conversion_rate: DecimalText,
    }),
  ),
};

const Breakdowns = {
  presentation_breakdowns: PresentationBreakdowns,
  projected_presentation_breakdowns: PresentationBreakdowns,
};

const Filters = t.Array(
  t.Object({
    ...Totals,
    invoice_display_name: nullable(t.String()),
    values: nullable(t.Record(t.String(), t.Array(t.String()))),
    ...Breakdowns,
  }),
);

const Groups = t.Array(
  t.Object({
    ...Totals,
    grouped_by: t.Record(t.String(), nullable(t.String())),
    filters: Filters,
    ...Breakdowns,
  }),
);

export const ProjectedUsageAnswer = t.Object({
  customer_projected_usage: t.Object({
    from_datetime: DateTime,
    to_datetime: DateTime,
    issuing_date: Day,
    currency: t.String(),
    amount_cents: t.Integer(),
    projected_amount_cents: t.Integer(),
    total_amount_cents: t.Integer(),
    taxes_amount_cents: t.Integer(),
    lago_invoice_id: t.Null(),
    charges_usage: t.Array(
      t.Object({
        ...Totals,
        amount_currency: t.String(),
        charge: t.Object({ lago_id: Uuid, charge_model: t.String(), invoice_display_name: nullable(t.String()) }),
        billable_metric: t.Object({
          lago_id: Uuid,
          name: t.String(),
          code: t.String(),
          aggregation_type: t.String(),
        }),
        filters: Filters,
        grouped_usage: Groups,
        ...Breakdowns,
      }),
    ),
  }),
});

const projectedCents = (fees: readonly ProjectedFee[]) =>
  fees.reduce((total, { projection }) => total + projection.amount_cents, 0n);

/** The projection of the whole is that of all its buckets, the default one among them. */
export function presentProjectedUsage({ window, period_to, currency, charges }: ProjectedUsage) {
  const all = charges.flatMap(({ fees }) => fees);
  const amount = centsOf(all.map(({ fee }) => fee));
  return {
    customer_projected_usage: {
      from_datetime: toSeconds(window.from),
      to_datetime: toInclusiveEnd(window.to),
      issuing_date: utcDate(period_to.subtract({ nanoseconds: 1 })),
      currency,
      amount_cents: amount,
      projected_amount_cents: projectedCents(all),
      total_amount_cents: amount,
      taxes_amount_cents: 0,
      lago_invoice_id: null,
      charges_usage: charges.map((one) => presentCharge(one, currency)),
    },
  };
}

function presentCharge({ charge, fees }: ProjectedUsage["charges"][number], currency: string) {
  const { id, name, code, aggregation_type } = charge.billable_metric;
  return {
    ...presentTotals(charge, fees),
    amount_currency: currency,
    charge: {
      lago_id: charge.id,
      charge_model: charge.charge_model,
      invoice_display_name: charge.invoice_display_name,
    },
    billable_metric: { lago_id: id, name, code, aggregation_type },
    filters: presentFilters(charge, fees),
    grouped_usage: presentGroups(charge, fees),
    ...breakdowns(fees.filter(({ fee }) => fee.filter === null && !isGrouped(fee))),
  };
}

function presentTotals({ applied_pricing_unit: unit }: Charge, fees: readonly ProjectedFee[]) {
  return {
    units: toWire(sum(fees.map(({ fee }) => fee.units))),
    projected_units: toWire(sum(fees.map(({ projection }) => projection.units))),
    events_count: fees.reduce((total, { fee }) => total + fee.events_count, 0),
    amount_cents: centsOf(fees.map(({ fee }) => fee)),
    projected_amount_cents: projectedCents(fees),
    pricing_unit_details: unit && {
      amount_cents: fees.reduce((total, { fee }) => total + (fee.pricing_unit?.amount_cents ?? 0n), 0n),
      projected_amount_cents: fees.reduce((total, { projection }) => total + (projection.pricing_unit_cents ?? 0n), 0n),
      short_name: unit.short_name,
      conversion_rate: toWire(unit.conversion_rate),
    },
  };
}

const shown = ({ presentation_by, units }: PresentationBreakdown) => ({ presentation_by, units: toWire(units) });

function breakdowns(fees: readonly ProjectedFee[]) {
  return {
    presentation_breakdowns: presentBreakdowns(fees.map(({ fee }) => fee)),
    projected_presentation_breakdowns: fees.flatMap(({ projection }) => projection.breakdowns.map(shown)),
  };
}

function presentFilters(charge: Charge, fees: readonly ProjectedFee[]) {
  if (charge.filters.length === 0) return [];
  return [...Map.groupBy(fees, ({ fee }) => fee.filter)].map(([filter, own]) => ({
    ...presentTotals(charge, own),
    invoice_display_name: filter?.invoice_display_name ?? null,
    values: filter?.values ?? null,
    ...breakdowns(own),
  }));
}

function presentGroups(charge: Charge, fees: readonly ProjectedFee[]) {
  if (!fees.some(({ fee }) => isGrouped(fee))) return [];
  return [...Map.groupBy(fees, ({ fee }) => groupName(fee.grouped_by)).values()].map((own) => ({
    ...presentTotals(charge, own),
    grouped_by: own[0]?.fee.grouped_by ?? {},
    filters: presentFilters(charge, own),
    ...breakdowns(own.filter(({ fee }) => fee.filter === null)),
  }));
}
