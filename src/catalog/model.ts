/** What is sold, as the later rooms read it. */
import type { Dec } from "../kernel/decimal.ts";

export type AggregationType =
  | "count_agg"
  | "sum_agg"
  | "max_agg"
  | "unique_count_agg"
  | "weighted_sum_agg"
  | "latest_agg"
  | "custom_agg";

export type ChargeModel =
  | "standard"
  | "graduated"
  | "package"
  | "percentage"
  | "volume"
  | "graduated_percentage"
  | "dynamic"
  | "custom";

export type Interval = "weekly" | "monthly" | "quarterly" | "semiannual" | "yearly";

/** A property of events and the values that charges may tell apart. */
export interface MetricFilter {
  readonly key: string;
  readonly values: readonly string[];
}

export interface BillableMetric {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly description: string | null;
  readonly aggregation_type: AggregationType;
  readonly field_name: string | null;
  readonly recurring: boolean;
  readonly weighted_interval: string | null;
  readonly rounding_function: "round" | "ceil" | "floor" | null;
  readonly rounding_precision: number | null;
  readonly expression: string | null;
  /** The reducer of a custom aggregation, as source text. */
  readonly custom_aggregator: string | null;
  /** Ordered by key. */
  readonly filters: readonly MetricFilter[];
  readonly created_at: Temporal.Instant;
}

/** Prices as the catalog stored them: texts in major units, validated per model (4.4 of the metering spec). */
export type ChargeProperties = Readonly<Record<string, unknown>>;

/** By property of an event: the values that meet the filter, as given; [ALL_FILTER_VALUES] is not expanded. */
export type FilterValues = Readonly<Record<string, readonly string[]>>;

export interface ChargeFilter {
  readonly id: string;
  /** Order of creation over all filters. */
  readonly ordinal: bigint;
  readonly invoice_display_name: string | null;
  readonly properties: ChargeProperties;
  readonly values: FilterValues;
}

/** Credits that charges may be priced in; 1 unit is 100 of its cents. */
export interface PricingUnit {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly short_name: string;
  readonly description: string | null;
  readonly created_at: Temporal.Instant;
}

/** What a charge's prices are in, where that is not the plan's currency. */
export interface AppliedPricingUnit {
  readonly pricing_unit_id: string;
  readonly code: string;
  readonly short_name: string;
  /** Currency units per pricing unit. */
  readonly conversion_rate: Dec;
}

export interface Charge {
  readonly id: string;
  /** The charge of the parent plan that it was copied from. */
  readonly parent_id: string | null;
  readonly code: string;
  readonly charge_model: ChargeModel;
  readonly pay_in_advance: boolean;
  readonly prorated: boolean;
  readonly invoiceable: boolean;
  readonly regroup_paid_fees: "invoice" | null;
  readonly accepts_target_wallet: boolean;
  readonly min_amount_cents: bigint;
  readonly invoice_display_name: string | null;
  readonly properties: ChargeProperties;
  /** In the order of the list that was sent last. */
  readonly filters: readonly ChargeFilter[];
  readonly applied_pricing_unit: AppliedPricingUnit | null;
  readonly billable_metric: BillableMetric;
}

/** What is sold by the piece. */
export interface AddOn {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly invoice_display_name: string | null;
  readonly description: string | null;
  readonly amount_cents: bigint;
  readonly amount_currency: string;
  readonly created_at: Temporal.Instant;
}

export type FixedChargeModel = "standard" | "graduated" | "volume";

/** A quantity of an add-on that belongs to a plan. */
export interface FixedCharge {
  readonly id: string;
  /** The fixed charge of the parent plan that it was copied from. */
  readonly parent_id: string | null;
  readonly code: string;
  readonly invoice_display_name: string | null;
  readonly charge_model: FixedChargeModel;
  /** Of the plan: what one subscription has at a time is told by its unit records. */
  readonly units: Dec;
  readonly pay_in_advance: boolean;
  readonly prorated: boolean;
  readonly properties: ChargeProperties;
  readonly add_on: {
    readonly id: string;
    readonly code: string;
    readonly name: string;
    readonly description: string | null;
    readonly invoice_display_name: string | null;
  };
}

/** What a period of the plan brings in at least. */
export interface MinimumCommitment {
  readonly id: string;
  readonly amount_cents: bigint;
  readonly invoice_display_name: string | null;
}

/** An amount of lifetime usage at which an invoice is made before its time. */
export interface UsageThreshold {
  readonly id: string;
  readonly amount_cents: bigint;
  readonly recurring: boolean;
  readonly threshold_display_name: string | null;
  readonly created_at: Temporal.Instant;
  readonly updated_at: Temporal.Instant;
}

/** A plan with its live charges and fixed charges (in order of creation), as it is priced now. */
export interface Plan {
  readonly id: string;
  /** The plan that this one overrides for a subscription; null: it stands for itself. */
  readonly parent_id: string | null;
  readonly code: string;
  readonly name: string;
  readonly invoice_display_name: string | null;
  readonly description: string | null;
  readonly interval: Interval;
  readonly amount_cents: bigint;
  readonly amount_currency: string;
  readonly pay_in_advance: boolean;
  /** Days. */
  readonly trial_period: number | null;
  readonly bill_charges_monthly: boolean;
  readonly bill_fixed_charges_monthly: boolean;
  /** The newest row of plan_versions: fees keep it. */
  readonly version_no: number;
  readonly charges: readonly Charge[];
  readonly fixed_charges: readonly FixedCharge[];
  readonly minimum_commitment: MinimumCommitment | null;
  /** Its own, the recurring one last, by amount. */
  readonly usage_thresholds: readonly UsageThreshold[];
  /** Its own, or its parent's where it has none. */
  readonly applicable_usage_thresholds: readonly UsageThreshold[];
}
