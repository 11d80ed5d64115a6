/** The shapes of the catalog's requests and answers. */
import { Cents, DateTime, Decimal, Flag, Int, Meta, nullable, optional, Text, t, Uuid } from "../http/schemas.ts";
import { CHARGE_MODELS } from "./rules/charge.ts";
import { AGGREGATION_TYPES, ROUNDING_FUNCTIONS } from "./rules/metric.ts";
import { INTERVALS } from "./rules/plan.ts";

const oneOf = <T extends string>(values: readonly T[]) => t.Union(values.map((value) => t.Literal(value)));
const listOf = (description: string) => t.Array(t.Unknown(), { description });

// Lengths and values of the list are checked by the rules, so that a missing one and a wrong one are told apart.
const metricInput = {
  name: optional(Text),
  code: optional(Text),
  description: optional(Text),
  aggregation_type: optional(t.String({ description: AGGREGATION_TYPES.join(", ") })),
  field_name: optional(Text),
  recurring: optional(Flag),
  weighted_interval: optional(t.String({ description: "seconds, for weighted_sum_agg" })),
  rounding_function: optional(t.String({ description: ROUNDING_FUNCTIONS.join(", ") })),
  rounding_precision: optional(Int),
  expression: optional(Text),
  filters: optional(t.Array(t.Object({ key: optional(Text), values: optional(t.Array(Text)) }))),
};
export const MetricBody = t.Object({ billable_metric: t.Object(metricInput) });

export const MetricAnswer = t.Object({
  lago_id: Uuid,
  name: t.String(),
  code: t.String(),
  description: nullable(t.String()),
  aggregation_type: oneOf(AGGREGATION_TYPES),
  weighted_interval: nullable(t.String()),
  recurring: t.Boolean(),
  rounding_function: nullable(oneOf(ROUNDING_FUNCTIONS)),
  rounding_precision: nullable(t.Integer()),
  created_at: DateTime,
  field_name: nullable(t.String()),
  expression: nullable(t.String()),
  filters: t.Array(t.Object({ key: t.String(), values: t.Array(t.String()) })),
  active_subscriptions_count: t.Integer(),
  draft_invoices_count: t.Integer(),
  plans_count: t.Integer(),
});
export const OneMetric = t.Object({ billable_metric: MetricAnswer });
export const ManyMetrics = t.Object({ billable_metrics: t.Array(MetricAnswer), meta: Meta });

const later = (what: string) => t.Unknown({ description: `${what}: not supported yet unless empty` });

const ChargeInput = t.Object({
  id: optional(Text),
  billable_metric_id: optional(Text),
  code: optional(Text),
  charge_model: optional(t.String({ description: CHARGE_MODELS.join(", ") })),
  pay_in_advance: optional(Flag),
  prorated: optional(Flag),
  invoiceable: optional(Flag),
  regroup_paid_fees: optional(t.String({ description: "invoice" })),
  min_amount_cents: optional(Cents),
  invoice_display_name: optional(Text),
  properties: optional(t.Record(t.String(), t.Unknown(), { description: "Prices: decimals as texts in major units" })),
  accepts_target_wallet: optional(Flag),
  filters: optional(listOf("Not supported yet unless empty")),
  tax_codes: optional(t.Array(Text)),
  applied_pricing_unit: optional(t.Object({ code: optional(Text), conversion_rate: optional(Decimal) })),
});

const FixedChargeInput = t.Object({ id: optional(Text), add_on_id: optional(Text), add_on_code: optional(Text) });

const planInput = {
  name: optional(Text),
  invoice_display_name: optional(Text),
  code: optional(Text),
  description: optional(Text),
  interval: optional(t.String({ description: INTERVALS.join(", ") })),
  amount_cents: optional(Cents),
  amount_currency: optional(Text),
  pay_in_advance: optional(Flag),
  trial_period: optional(Decimal),
  bill_charges_monthly: optional(Flag),
  bill_fixed_charges_monthly: optional(Flag),
  tax_codes: optional(t.Array(Text)),
  charges: optional(t.Array(ChargeInput)),
  fixed_charges: optional(t.Array(FixedChargeInput)),
  minimum_commitment: optional(t.Record(t.String(), later("Minimum commitment"))),
  usage_thresholds: optional(listOf("Not supported yet unless empty")),
  metadata: optional(t.Record(t.String(), later("Metadata"))),
  cascade_updates: optional(Flag),
};
export const PlanBody = t.Object({ plan: t.Object(planInput) });

const RangeAnswer = t.Object({
  from_value: t.Union([t.Number(), t.String()]),
  to_value: t.Union([t.Number(), t.String(), t.Null()]),
  per_unit_amount: t.Optional(t.String()),
  flat_amount: t.String(),
  fixed_amount: t.Optional(t.String()),
  rate: t.Optional(t.String()),
});

const PropertiesAnswer = t.Object({
  amount: t.Optional(t.String()),
  free_units: t.Optional(t.Integer()),
  package_size: t.Optional(t.Integer()),
  rate: t.Optional(t.String()),
  fixed_amount: t.Optional(t.String()),
  free_units_per_events: t.Optional(t.Integer()),
  free_units_per_total_aggregation: t.Optional(t.String()),
  per_transaction_max_amount: t.Optional(t.String()),
  per_transaction_min_amount: t.Optional(t.String()),
  graduated_ranges: t.Optional(t.Array(RangeAnswer)),
  volume_ranges: t.Optional(t.Array(RangeAnswer)),
  graduated_percentage_ranges: t.Optional(t.Array(RangeAnswer)),
  pricing_group_keys: t.Optional(t.Array(t.String())),
  grouped_by: t.Optional(t.Array(t.String())),
  presentation_group_keys: t.Optional(t.Array(t.Object({ value: t.String(), options: t.Optional(t.Unknown()) }))),
  custom_properties: t.Optional(t.Unknown()),
});

const ChargeAnswer = t.Object({
  lago_id: Uuid,
  lago_billable_metric_id: Uuid,
  code: t.String(),
  invoice_display_name: nullable(t.String()),
  billable_metric_code: t.String(),
  created_at: DateTime,
  charge_model: oneOf(CHARGE_MODELS),
  invoiceable: t.Boolean(),
  regroup_paid_fees: nullable(t.Literal("invoice")),
  pay_in_advance: t.Boolean(),
  prorated: t.Boolean(),
  min_amount_cents: t.Integer(),
  accepts_target_wallet: t.Boolean(),
  properties: PropertiesAnswer,
  applied_pricing_unit: t.Null(),
  lago_parent_id: nullable(Uuid),
  filters: listOf("None yet"),
  taxes: listOf("None yet"),
});

const planAnswer = {
  lago_id: Uuid,
  name: t.String(),
  invoice_display_name: nullable(t.String()),
  created_at: DateTime,
  code: t.String(),
  interval: oneOf(INTERVALS),
  description: nullable(t.String()),
  amount_cents: t.Integer(),
  amount_currency: t.String(),
  trial_period: nullable(t.Number()),
  pay_in_advance: t.Boolean(),
  bill_charges_monthly: nullable(t.Boolean()),
  bill_fixed_charges_monthly: nullable(t.Boolean()),
  customers_count: t.Integer(),
  active_subscriptions_count: t.Integer(),
  draft_invoices_count: t.Integer(),
  parent_id: nullable(Uuid),
  pending_deletion: t.Boolean(),
  charges: t.Array(ChargeAnswer),
  entitlements: listOf("None yet"),
  usage_thresholds: listOf("None yet"),
  applicable_usage_thresholds: listOf("None yet"),
  taxes: listOf("None yet"),
};
export const PlanAnswer = t.Object({ ...planAnswer, fixed_charges: listOf("None yet") });
export const OnePlan = t.Object({ plan: PlanAnswer });
export const ManyPlans = t.Object({ plans: t.Array(t.Object(planAnswer)), meta: Meta });

export const CodeParams = t.Object({ code: t.String() });
