/** Fees as the API shows them (8.5 of the metering spec). Inclusive ends ("…:59Z") exist only here. */
import { isAllValues } from "../../catalog/index.ts";
import { type Dec, dec, round, toCents, toWire } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import { toInclusiveEnd, toSeconds, toSecondsOrNull } from "../../kernel/wire.ts";
import type { FeeRow } from "../model.ts";

type Json = Record<string, unknown>;

/** The shown end of [from, to): an empty window ends where it begins. */
export function shownEnd(from: Temporal.Instant | null, to: Temporal.Instant | null): string | null {
  if (from === null || to === null) return null;
  return from.equals(to) ? toSeconds(to) : toInclusiveEnd(to);
}

const major = (cents: Dec, currency: string) => toWire(inMajorUnits(cents, currency));

/** A filter without a name goes by its values, and by a key's name where it takes all of them (6.5 of the metering spec). */
export function filterName({
  filter_values,
  filter_display_name,
}: Pick<FeeRow, "filter_values" | "filter_display_name">): string | null {
  if (filter_values === null || filter_display_name !== null) return filter_display_name;
  return Object.entries(filter_values)
    .flatMap(([key, values]) => (isAllValues(values) ? [key] : values))
    .join(", ");
}

/** What the fee is for: the plan by way of its subscription, the metric that was used, or an add-on (8.5 of the metering spec). */
function presentItem(fee: FeeRow): Json {
  const common = {
    type: fee.fee_type,
    filters: fee.filter_values,
    filter_invoice_display_name: filterName(fee),
    grouped_by: fee.grouped_by,
  };
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
  if (fee.fee_type === "fixed_charge")
    return {
      ...common,
      code: fee.add_on_code,
      name: fee.add_on_name,
      description: fee.add_on_description,
      invoice_display_name:
        fee.invoice_display_name ?? fee.fixed_charge_display_name ?? fee.add_on_display_name ?? fee.add_on_name,
      lago_item_id: fee.add_on_id,
      item_type: "AddOn",
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

/** What the fee comes to in credits. */
function presentPricingUnit({ pricing_unit: unit }: FeeRow): Json | null {
  if (unit === null) return null;
  const stored = unit as Record<"conversion_rate" | "precise_amount_cents" | "precise_unit_amount", string> & Json;
  return {
    lago_pricing_unit_id: stored.pricing_unit_id,
    pricing_unit_code: stored.code,
    short_name: stored.short_name,
    amount_cents: stored.amount_cents,
    precise_amount_cents: toWire(dec(stored.precise_amount_cents)),
    unit_amount_cents: stored.unit_amount_cents,
    precise_unit_amount: toWire(dec(stored.precise_unit_amount)),
    conversion_rate: toWire(dec(stored.conversion_rate)),
  };
}

function presentBreakdowns({ presentation_breakdowns }: FeeRow): Json[] {
  const stored = presentation_breakdowns as readonly { readonly presentation_by: Json; readonly units: string }[];
  return stored.map(({ presentation_by, units }) => ({ presentation_by, units: toWire(dec(units)) }));
}

/** 4.1 of the subscriptions spec: a commitment's is not shown. */
function presentWindow({ fee_type, from_at, to_at }: FeeRow): Json {
  if (fee_type === "commitment") return { from_date: null, to_date: null };
  return { from_date: toSecondsOrNull(from_at), to_date: shownEnd(from_at, to_at) };
}

export function presentFee(fee: FeeRow): Json {
  return {
    lago_id: fee.id,
    lago_charge_id: fee.charge_id,
    lago_charge_filter_id: fee.charge_filter_id,
    lago_fixed_charge_id: fee.fixed_charge_id,
    lago_invoice_id: fee.invoice_id,
    lago_true_up_fee_id: fee.true_up_fee_id,
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
    pricing_unit_details: presentPricingUnit(fee),
    presentation_breakdowns: presentBreakdowns(fee),
    ...presentWindow(fee),
    event_transaction_id: fee.event_transaction_id,
    applied_taxes: [],
  };
}
