/** The tables of the room catalog. */
import type { ColumnType, GeneratedAlways } from "kysely";
import type { Dec } from "../../kernel/decimal.ts";
import type { Json } from "./json.ts";

export interface BillableMetricsTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  code: string;
  name: string;
  description: ColumnType<string | null, string | null | undefined, string | null>;
  aggregation_type: string;
  field_name: ColumnType<string | null, string | null | undefined, string | null>;
  recurring: ColumnType<boolean, boolean | undefined, boolean>;
  weighted_interval: ColumnType<string | null, string | null | undefined, string | null>;
  rounding_function: ColumnType<string | null, string | null | undefined, string | null>;
  rounding_precision: ColumnType<number | null, number | null | undefined, number | null>;
  expression: ColumnType<string | null, string | null | undefined, string | null>;
  custom_aggregator: ColumnType<string | null, string | null | undefined, string | null>;
  filters: ColumnType<Json, string | undefined, string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface PlansTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  parent_id: ColumnType<string | null, string | null | undefined, string | null>;
  code: string;
  name: string;
  invoice_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  description: ColumnType<string | null, string | null | undefined, string | null>;
  interval: string;
  amount_cents: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  amount_currency: string;
  pay_in_advance: boolean;
  trial_period: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  bill_charges_monthly: ColumnType<boolean | null, boolean | null | undefined, boolean | null>;
  bill_fixed_charges_monthly: ColumnType<boolean | null, boolean | null | undefined, boolean | null>;
  metadata: ColumnType<Json | null, string | null | undefined, string | null>;
  pending_deletion: ColumnType<boolean, boolean | undefined, boolean>;
  attached: ColumnType<boolean, boolean | undefined, boolean>;
  version_no: ColumnType<number, number | undefined, number>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface ChargesTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  plan_id: string;
  billable_metric_id: string;
  parent_id: ColumnType<string | null, string | null | undefined, string | null>;
  code: string;
  charge_model: string;
  pay_in_advance: ColumnType<boolean, boolean | undefined, boolean>;
  prorated: ColumnType<boolean, boolean | undefined, boolean>;
  invoiceable: ColumnType<boolean, boolean | undefined, boolean>;
  regroup_paid_fees: ColumnType<string | null, string | null | undefined, string | null>;
  min_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  accepts_target_wallet: ColumnType<boolean, boolean | undefined, boolean>;
  invoice_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  properties: ColumnType<Json, string, string>;
  pricing_unit_id: ColumnType<string | null, string | null | undefined, string | null>;
  conversion_rate: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface ChargeFiltersTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  charge_id: string;
  position: number;
  invoice_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  properties: ColumnType<Json, string, string>;
  values: ColumnType<Json, string, string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface PricingUnitsTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  code: string;
  name: string;
  short_name: string;
  description: ColumnType<string | null, string | null | undefined, string | null>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface AddOnsTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  code: string;
  name: string;
  invoice_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  description: ColumnType<string | null, string | null | undefined, string | null>;
  amount_cents: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  amount_currency: string;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface FixedChargesTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  plan_id: string;
  add_on_id: string;
  parent_id: ColumnType<string | null, string | null | undefined, string | null>;
  code: string;
  charge_model: string;
  units: ColumnType<Dec, Dec | string, Dec | string>;
  pay_in_advance: ColumnType<boolean, boolean | undefined, boolean>;
  prorated: ColumnType<boolean, boolean | undefined, boolean>;
  invoice_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  properties: ColumnType<Json, string, string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface MinimumCommitmentsTable {
  organization_id: string;
  id: string;
  plan_id: string;
  amount_cents: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  invoice_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface UsageThresholdsTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  plan_id: string;
  amount_cents: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  recurring: ColumnType<boolean, boolean | undefined, boolean>;
  threshold_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface FixedChargeUnitsTable {
  organization_id: string;
  ordinal: GeneratedAlways<bigint>;
  subscription_id: string;
  fixed_charge_id: string;
  units: ColumnType<Dec, Dec | string, Dec | string>;
  effective_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  change_id: ColumnType<string | null, string | null | undefined, string | null>;
  is_billed: ColumnType<boolean, boolean | undefined, boolean>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface FixedChargeUnitOverridesTable {
  organization_id: string;
  subscription_id: string;
  fixed_charge_id: string;
  units: ColumnType<Dec, Dec | string, Dec | string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface PlanCascadesTable {
  organization_id: string;
  ordinal: GeneratedAlways<bigint>;
  plan_id: string;
  change: ColumnType<Json, string, string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface PlanVersionsTable {
  organization_id: string;
  plan_id: string;
  no: number;
  content: ColumnType<Json, string, string>;
  hash: string;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}
