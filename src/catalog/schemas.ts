/** The shapes of the catalog's requests and answers. */
import { Cents, DateTime, Decimal, Flag, Int, Meta, nullable, optional, Text, t, Uuid } from "../http/schemas.ts";
import { ChargeAnswer, ChargeInput } from "./charge-schemas.ts";
import {
  ApplicableThresholdAnswer,
  CommitmentAnswer,
  CommitmentInput,
  FixedChargeAnswer,
  FixedChargeInput,
  MetadataAnswer,
  MetadataInput,
  ThresholdAnswer,
  ThresholdInput,
} from "./plan-part-schemas.ts";
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
  custom_aggregator: optional(
    t.String({
      maxLength: 100_000,
      description: "JavaScript that defines aggregate(state, event, properties), for custom_agg",
    }),
  ),
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
  custom_aggregator: t.Optional(t.String({ description: "Of a custom_agg alone" })),
  filters: t.Array(t.Object({ key: t.String(), values: t.Array(t.String()) })),
  active_subscriptions_count: t.Integer(),
  draft_invoices_count: t.Integer(),
  plans_count: t.Integer(),
});
export const OneMetric = t.Object({ billable_metric: MetricAnswer });
export const ManyMetrics = t.Object({ billable_metrics: t.Array(MetricAnswer), meta: Meta });

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
  minimum_commitment: optional(CommitmentInput),
  usage_thresholds: optional(t.Array(ThresholdInput)),
  metadata: optional(MetadataInput),
  cascade_updates: optional(Flag),
};
export const PlanBody = t.Object({ plan: t.Object(planInput) });

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
  usage_thresholds: t.Array(ThresholdAnswer),
  applicable_usage_thresholds: t.Array(ApplicableThresholdAnswer),
  taxes: listOf("None yet"),
  minimum_commitment: t.Optional(CommitmentAnswer),
  metadata: t.Optional(MetadataAnswer),
};
export const PlanAnswer = t.Object({ ...planAnswer, fixed_charges: t.Array(FixedChargeAnswer) });
export const OnePlan = t.Object({ plan: PlanAnswer });
export const ManyPlans = t.Object({ plans: t.Array(t.Object(planAnswer)), meta: Meta });

export const CodeParams = t.Object({ code: t.String() });

export const PricingUnitBody = t.Object({
  pricing_unit: t.Object({
    code: optional(Text),
    name: optional(Text),
    short_name: optional(t.String({ description: "At most 3 characters" })),
    description: optional(Text),
  }),
});

const PricingUnitAnswer = t.Object({
  lago_id: Uuid,
  code: t.String(),
  name: t.String(),
  short_name: t.String(),
  description: nullable(t.String()),
  created_at: DateTime,
});
export const OnePricingUnit = t.Object({ pricing_unit: PricingUnitAnswer });
export const ManyPricingUnits = t.Object({ pricing_units: t.Array(PricingUnitAnswer), meta: Meta });
