/** What is sold, as the later rooms read it. */

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
}

/** Prices as the catalog stored them: texts in major units, validated per model (4.4 of the metering spec). */
export type ChargeProperties = Readonly<Record<string, unknown>>;

export interface Charge {
  readonly id: string;
  readonly code: string;
  readonly charge_model: ChargeModel;
  readonly pay_in_advance: boolean;
  readonly prorated: boolean;
  readonly invoiceable: boolean;
  readonly min_amount_cents: bigint;
  readonly invoice_display_name: string | null;
  readonly properties: ChargeProperties;
  readonly billable_metric: BillableMetric;
}

/** A plan with its live charges (in order of creation), as it is priced now. */
export interface Plan {
  readonly id: string;
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
}
