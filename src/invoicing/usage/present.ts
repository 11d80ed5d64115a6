/** Current usage as the contract shows it (9.1 of the metering spec). Pure. */
import { DecimalText, nullable, t } from "../../http/schemas.ts";
import { sum, toWire } from "../../kernel/decimal.ts";
import { toInclusiveEnd, toSeconds } from "../../kernel/wire.ts";
import type { CurrentUsage } from "./current-usage.ts";
import type { PricingUnitAmounts, UsageFeeDraft } from "./model.ts";
import { groupName } from "./presentation.ts";

/** What is shown of a charge, be it as it is now or as its fees were billed. */
export interface ShownCharge
  extends Pick<UsageFeeDraft["charge"], "id" | "code" | "charge_model" | "invoice_display_name"> {
  readonly billable_metric: Pick<
    UsageFeeDraft["charge"]["billable_metric"],
    "id" | "name" | "code" | "aggregation_type"
  >;
  readonly filters: readonly unknown[];
  readonly applied_pricing_unit: Pick<PricingUnitAmounts, "short_name" | "conversion_rate"> | null;
}

/** Fees of one filter share its object. */
export interface ShownFee
  extends Pick<
    UsageFeeDraft,
    "grouped_by" | "units" | "total_aggregated_units" | "events_count" | "amount_cents" | "breakdowns"
  > {
  readonly filter: Pick<NonNullable<UsageFeeDraft["filter"]>, "invoice_display_name" | "values"> | null;
  readonly pricing_unit: Pick<PricingUnitAmounts, "amount_cents"> | null;
}

export interface ShownUsage {
  readonly charge: ShownCharge;
  readonly fees: readonly ShownFee[];
}

export const PresentationBreakdowns = t.Array(
  t.Object({ presentation_by: t.Record(t.String(), nullable(t.String())), units: DecimalText }),
);

const Totals = {
  units: DecimalText,
  total_aggregated_units: DecimalText,
  events_count: t.Integer(),
  amount_cents: t.Integer(),
  pricing_unit_details: nullable(
    t.Object({ amount_cents: t.Integer(), short_name: t.String(), conversion_rate: DecimalText }),
  ),
};

const FilterUsage = t.Object({
  ...Totals,
  invoice_display_name: nullable(t.String()),
  values: nullable(t.Record(t.String(), t.Array(t.String()))),
  presentation_breakdowns: PresentationBreakdowns,
});

const GroupedUsage = t.Object({
  ...Totals,
  grouped_by: t.Record(t.String(), nullable(t.String())),
  filters: t.Array(FilterUsage),
  presentation_breakdowns: PresentationBreakdowns,
});

export const ChargeUsageAnswer = t.Object({
  ...Totals,
  amount_currency: t.String(),
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
  filters: t.Array(FilterUsage),
  grouped_usage: t.Array(GroupedUsage),
  presentation_breakdowns: PresentationBreakdowns,
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
    charges_usage: t.Array(ChargeUsageAnswer),
  }),
});

export const centsOf = (fees: readonly Pick<ShownFee, "amount_cents">[]) =>
  fees.reduce((total, { amount_cents }) => total + amount_cents, 0n);

export function presentCurrentUsage({ window, period_to, currency, charges }: CurrentUsage) {
  const amount = centsOf(charges.flatMap(({ fees }) => fees));
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
      charges_usage: charges.map((one) => presentChargeUsage(one, currency)),
    },
  };
}

export function presentChargeUsage({ charge, fees }: ShownUsage, currency: string) {
  const metric = charge.billable_metric;
  return {
    ...presentTotals(charge, fees),
    amount_currency: currency,
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
    filters: presentFilters(charge, fees),
    grouped_usage: presentGroups(charge, fees),
    presentation_breakdowns: presentBreakdowns(fees.filter((fee) => fee.filter === null && !isGrouped(fee))),
  };
}

/** Plain sums, of maxima and levels too. */
function presentTotals({ applied_pricing_unit: unit }: ShownCharge, fees: readonly ShownFee[]) {
  const units = toWire(sum(fees.map((fee) => fee.units)));
  // Ten thousand groups are spelled out in one answer: what is the same is spelled once.
  const isSame = fees.every((fee) => fee.total_aggregated_units === fee.units);
  return {
    units,
    total_aggregated_units: isSame ? units : toWire(sum(fees.map((fee) => fee.total_aggregated_units))),
    events_count: fees.reduce((total, { events_count }) => total + events_count, 0),
    amount_cents: centsOf(fees),
    pricing_unit_details: unit && {
      amount_cents: fees.reduce((total, { pricing_unit }) => total + (pricing_unit?.amount_cents ?? 0n), 0n),
      short_name: unit.short_name,
      conversion_rate: toWire(unit.conversion_rate),
    },
  };
}

export const isGrouped = ({ grouped_by }: Pick<ShownFee, "grouped_by">): boolean => Object.keys(grouped_by).length > 0;

export function presentBreakdowns(fees: readonly Pick<ShownFee, "breakdowns">[]) {
  return fees.flatMap(({ breakdowns }) =>
    breakdowns.map(({ presentation_by, units }) => ({ presentation_by, units: toWire(units) })),
  );
}

/** Nothing without filters; else an entry for each filter that has fees, and for the default bucket. */
function presentFilters(charge: ShownCharge, fees: readonly ShownFee[]) {
  if (charge.filters.length === 0) return [];
  const [first] = fees;
  if (first !== undefined && fees.length === 1) return [presentFilter(charge, first.filter, fees)];
  return [...Map.groupBy(fees, ({ filter }) => filter)].map(([filter, own]) => presentFilter(charge, filter, own));
}

function presentFilter(charge: ShownCharge, filter: ShownFee["filter"], fees: readonly ShownFee[]) {
  return {
    ...presentTotals(charge, fees),
    invoice_display_name: filter?.invoice_display_name ?? null,
    values: filter?.values ?? null,
    presentation_breakdowns: presentBreakdowns(fees),
  };
}

/** Nothing without groups; else an entry for each, {} of buckets that are not split among them. */
function presentGroups(charge: ShownCharge, fees: readonly ShownFee[]) {
  if (!fees.some(isGrouped)) return [];
  return [...Map.groupBy(fees, ({ grouped_by }) => groupName(grouped_by)).values()].map((own) => ({
    ...presentTotals(charge, own),
    grouped_by: own[0]?.grouped_by ?? {},
    filters: presentFilters(charge, own),
    presentation_breakdowns: presentBreakdowns(own.filter(({ filter }) => filter === null)),
  }));
}

/** In UTC, also where the period ends on another local day. */
export function utcDate(at: Temporal.Instant): string {
  return at.toZonedDateTimeISO("UTC").toPlainDate().toString();
}
