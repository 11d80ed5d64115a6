/** The catalog's rows as API JSON. */
import { toWire } from "../kernel/decimal.ts";
import { toSeconds } from "../kernel/wire.ts";
import type { AddOn, BillableMetric, ChargeFilter, ChargeProperties, PricingUnit } from "./model.ts";
import {
  presentApplicableThreshold,
  presentCommitment,
  presentFixedCharge,
  presentThreshold,
} from "./present-plan-parts.ts";
import { isLong } from "./rules/plan.ts";
import type { StoredCharge, StoredPlan } from "./stored.ts";

export function presentMetric(metric: BillableMetric) {
  return {
    lago_id: metric.id,
    name: metric.name,
    code: metric.code,
    description: metric.description,
    aggregation_type: metric.aggregation_type,
    weighted_interval: metric.weighted_interval,
    recurring: metric.recurring,
    rounding_function: metric.rounding_function,
    rounding_precision: metric.rounding_precision,
    created_at: toSeconds(metric.created_at),
    field_name: metric.field_name,
    expression: metric.expression,
    ...(metric.custom_aggregator === null ? {} : { custom_aggregator: metric.custom_aggregator }),
    filters: metric.filters.map(({ key, values }) => ({ key, values: [...values].sort() })),
    // Constants that the contract still lists.
    active_subscriptions_count: 0,
    draft_invoices_count: 0,
    plans_count: 0,
  };
}

export function presentPricingUnit({ id, code, name, short_name, description, created_at }: PricingUnit) {
  return { lago_id: id, code, name, short_name, description, created_at: toSeconds(created_at) };
}

export function presentAddOn(addOn: AddOn) {
  return {
    lago_id: addOn.id,
    name: addOn.name,
    invoice_display_name: addOn.invoice_display_name,
    code: addOn.code,
    amount_cents: addOn.amount_cents,
    amount_currency: addOn.amount_currency,
    created_at: toSeconds(addOn.created_at),
    description: addOn.description,
    taxes: [],
  };
}

/** `grouped_by` is the old name of `pricing_group_keys`: answers carry both. */
function presentProperties(properties: ChargeProperties): ChargeProperties {
  const { pricing_group_keys } = properties;
  return pricing_group_keys === undefined ? properties : { ...properties, grouped_by: pricing_group_keys };
}

function presentAppliedPricingUnit({ applied_pricing_unit: unit }: StoredCharge) {
  return unit === null ? null : { conversion_rate: toWire(unit.conversion_rate), code: unit.code };
}

function presentFilterOfCharge({ id, invoice_display_name, properties, values }: ChargeFilter) {
  return { lago_id: id, invoice_display_name, properties: presentProperties(properties), values };
}

/** A filter as a resource of its own. */
export function presentFilter({ charge, filter }: { readonly charge: StoredCharge; readonly filter: ChargeFilter }) {
  return { ...presentFilterOfCharge(filter), charge_code: charge.code };
}

export function presentCharge(charge: StoredCharge) {
  return {
    lago_id: charge.id,
    lago_billable_metric_id: charge.billable_metric.id,
    code: charge.code,
    invoice_display_name: charge.invoice_display_name,
    billable_metric_code: charge.billable_metric.code,
    created_at: toSeconds(charge.created_at),
    charge_model: charge.charge_model,
    invoiceable: charge.invoiceable,
    regroup_paid_fees: charge.regroup_paid_fees,
    pay_in_advance: charge.pay_in_advance,
    prorated: charge.prorated,
    min_amount_cents: charge.min_amount_cents,
    accepts_target_wallet: charge.accepts_target_wallet,
    properties: presentProperties(charge.properties),
    applied_pricing_unit: presentAppliedPricingUnit(charge),
    lago_parent_id: charge.parent_id,
    filters: charge.filters.map(presentFilterOfCharge),
    taxes: [],
  };
}

/** A plan as lists show it: without its fixed charges. */
export function presentListedPlan(plan: StoredPlan) {
  return {
    lago_id: plan.id,
    name: plan.name,
    invoice_display_name: plan.invoice_display_name,
    created_at: toSeconds(plan.created_at),
    code: plan.code,
    interval: plan.interval,
    description: plan.description,
    amount_cents: plan.amount_cents,
    amount_currency: plan.amount_currency,
    trial_period: plan.trial_period,
    pay_in_advance: plan.pay_in_advance,
    bill_charges_monthly: isLong(plan.interval) ? plan.bill_charges_monthly : null,
    bill_fixed_charges_monthly: isLong(plan.interval) ? plan.bill_fixed_charges_monthly : null,
    // Constants that the contract still lists.
    customers_count: 0,
    active_subscriptions_count: 0,
    draft_invoices_count: 0,
    parent_id: plan.parent_id,
    pending_deletion: plan.pending_deletion,
    charges: plan.charges.map(presentCharge),
    entitlements: [],
    usage_thresholds: plan.usage_thresholds.map(presentThreshold),
    applicable_usage_thresholds: plan.applicable_usage_thresholds.map(presentApplicableThreshold),
    taxes: [],
    ...presentCommitment(plan),
    ...(plan.metadata === null ? {} : { metadata: plan.metadata }),
  };
}

export function presentPlan(plan: StoredPlan) {
  return { ...presentListedPlan(plan), fixed_charges: plan.fixed_charges.map((charge) => presentFixedCharge(charge)) };
}
