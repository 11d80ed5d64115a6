/** A plan's content: everything of it that prices, as one canonical text. Equal text, equal amounts. */
import { createHash } from "node:crypto";
import type { FixedCharge } from "../model.ts";
import type { StoredCharge, StoredPlan } from "../stored.ts";
import { expandedValues } from "./charge-buckets.ts";

export interface PlanContent {
  /** Canonical JSON: keys sorted, minor units as texts. */
  readonly text: string;
  /** SHA-256 of the text, hexadecimal. */
  readonly hash: string;
}

function chargeContent(charge: StoredCharge) {
  const { billable_metric: metric, applied_pricing_unit: unit } = charge;
  return {
    id: charge.id,
    code: charge.code,
    charge_model: charge.charge_model,
    pay_in_advance: charge.pay_in_advance,
    prorated: charge.prorated,
    invoiceable: charge.invoiceable,
    regroup_paid_fees: charge.regroup_paid_fees,
    min_amount_cents: charge.min_amount_cents.toString(),
    accepts_target_wallet: charge.accepts_target_wallet,
    properties: charge.properties,
    filters: charge.filters.map(({ id, ordinal, properties, values }) => ({
      ...{ id, properties, values: expandedValues(values, metric.filters) },
      ordinal: ordinal.toString(),
    })),
    applied_pricing_unit: unit === null ? null : { ...unit, conversion_rate: unit.conversion_rate.toFixed() },
    billable_metric: {
      id: metric.id,
      code: metric.code,
      aggregation_type: metric.aggregation_type,
      field_name: metric.field_name,
      recurring: metric.recurring,
      weighted_interval: metric.weighted_interval,
      rounding_function: metric.rounding_function,
      rounding_precision: metric.rounding_precision,
      expression: metric.expression,
      custom_aggregator: metric.custom_aggregator,
    },
  };
}

function fixedChargeContent(charge: FixedCharge) {
  return {
    id: charge.id,
    code: charge.code,
    add_on_id: charge.add_on.id,
    charge_model: charge.charge_model,
    units: charge.units.toFixed(),
    pay_in_advance: charge.pay_in_advance,
    prorated: charge.prorated,
    properties: charge.properties,
  };
}

/** Names and descriptions do not price: changing them makes no new version. */
export function contentOf(plan: StoredPlan): PlanContent {
  const { minimum_commitment: commitment } = plan;
  const text = canonical({
    interval: plan.interval,
    amount_cents: plan.amount_cents.toString(),
    amount_currency: plan.amount_currency,
    pay_in_advance: plan.pay_in_advance,
    trial_period: plan.trial_period,
    bill_charges_monthly: plan.bill_charges_monthly,
    bill_fixed_charges_monthly: plan.bill_fixed_charges_monthly,
    charges: plan.charges.map(chargeContent),
    fixed_charges: plan.fixed_charges.map(fixedChargeContent),
    minimum_commitment:
      commitment === null ? null : { id: commitment.id, amount_cents: commitment.amount_cents.toString() },
  });
  return { text, hash: createHash("sha256").update(text).digest("hex") };
}

/** JSON with the keys of every object in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field !== "object" || field === null || Array.isArray(field)) return field;
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
