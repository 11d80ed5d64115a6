/** The tables of the room invoicing. */
import type { ColumnType, GeneratedAlways } from "kysely";
import type { Dec } from "../../kernel/decimal.ts";
import type { Json } from "./json.ts";

export interface InvoicesTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  customer_id: string;
  billing_entity_id: string;
  invoice_type: string;
  status: string;
  payment_status: ColumnType<string, string | undefined, string>;
  tax_status: ColumnType<string | null, string | null | undefined, string | null>;
  number: string;
  sequential_id: ColumnType<
    bigint | null,
    bigint | number | string | null | undefined,
    bigint | number | string | null
  >;
  billing_entity_sequential_id: ColumnType<
    bigint | null,
    bigint | number | string | null | undefined,
    bigint | number | string | null
  >;
  currency: string;
  timezone: string;
  fees_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  coupons_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  progressive_billing_credit_amount_cents: ColumnType<
    bigint,
    bigint | number | string | undefined,
    bigint | number | string
  >;
  credit_notes_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  prepaid_credit_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  taxes_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  sub_total_excluding_taxes_amount_cents: ColumnType<
    bigint,
    bigint | number | string | undefined,
    bigint | number | string
  >;
  sub_total_including_taxes_amount_cents: ColumnType<
    bigint,
    bigint | number | string | undefined,
    bigint | number | string
  >;
  total_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  total_paid_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  taxes_rate: ColumnType<Dec, Dec | string | undefined, Dec | string>;
  issuing_date: ColumnType<Temporal.PlainDate, Temporal.PlainDate | string, Temporal.PlainDate | string>;
  payment_due_date: ColumnType<Temporal.PlainDate, Temporal.PlainDate | string, Temporal.PlainDate | string>;
  expected_finalization_date: ColumnType<Temporal.PlainDate, Temporal.PlainDate | string, Temporal.PlainDate | string>;
  net_payment_term: ColumnType<number, number | undefined, number>;
  payment_overdue: ColumnType<boolean, boolean | undefined, boolean>;
  payment_dispute_lost_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  self_billed: ColumnType<boolean, boolean | undefined, boolean>;
  skip_charges: ColumnType<boolean, boolean | undefined, boolean>;
  purchase_order_number: ColumnType<string | null, string | null | undefined, string | null>;
  finalized_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  voided_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface InvoiceSubscriptionsTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  invoice_id: string;
  subscription_id: string;
  invoicing_reason: string;
  recurring: ColumnType<boolean, boolean | undefined, boolean>;
  timestamp: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  from_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  to_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  charges_from_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  charges_to_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  fixed_charges_from_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  fixed_charges_to_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface LifetimeUsagesTable {
  organization_id: string;
  first_subscription_id: string;
  external_historical_usage_amount_cents: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface FeesTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  invoice_id: ColumnType<string | null, string | null | undefined, string | null>;
  subscription_id: ColumnType<string | null, string | null | undefined, string | null>;
  customer_id: string;
  fee_type: string;
  charge_id: ColumnType<string | null, string | null | undefined, string | null>;
  charge_filter_id: ColumnType<string | null, string | null | undefined, string | null>;
  billable_metric_id: ColumnType<string | null, string | null | undefined, string | null>;
  fixed_charge_id: ColumnType<string | null, string | null | undefined, string | null>;
  plan_id: ColumnType<string | null, string | null | undefined, string | null>;
  plan_version_no: ColumnType<number | null, number | null | undefined, number | null>;
  true_up_parent_fee_id: ColumnType<string | null, string | null | undefined, string | null>;
  group_hash: ColumnType<string, string | undefined, string>;
  grouped_by: ColumnType<Json, string | undefined, string>;
  amount_cents: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  precise_amount_cents: ColumnType<Dec, Dec | string, Dec | string>;
  amount_currency: string;
  taxes_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  taxes_precise_amount_cents: ColumnType<Dec, Dec | string | undefined, Dec | string>;
  taxes_rate: ColumnType<Dec, Dec | string | undefined, Dec | string>;
  units: ColumnType<Dec, Dec | string, Dec | string>;
  total_aggregated_units: ColumnType<Dec, Dec | string, Dec | string>;
  unit_amount_cents: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  precise_unit_amount: ColumnType<Dec, Dec | string | undefined, Dec | string>;
  precise_coupons_amount_cents: ColumnType<Dec, Dec | string | undefined, Dec | string>;
  events_count: ColumnType<number, number | undefined, number>;
  amount_details: ColumnType<Json, string | undefined, string>;
  pricing_unit: ColumnType<Json | null, string | null | undefined, string | null>;
  presentation_breakdowns: ColumnType<Json[], string | undefined, string>;
  pay_in_advance: ColumnType<boolean, boolean | undefined, boolean>;
  invoiceable: ColumnType<boolean, boolean | undefined, boolean>;
  is_regrouped: ColumnType<boolean, boolean | undefined, boolean>;
  invoice_display_name: ColumnType<string | null, string | null | undefined, string | null>;
  description: ColumnType<string | null, string | null | undefined, string | null>;
  from_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  to_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  payment_status: ColumnType<string, string | undefined, string>;
  succeeded_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  failed_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  refunded_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  event_transaction_id: ColumnType<string | null, string | null | undefined, string | null>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface InAdvanceScopesTable {
  organization_id: string;
  id: GeneratedAlways<bigint>;
  subscription_id: string;
  charge_id: string;
  scope_from: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  basis: string;
}

export interface InAdvanceLevelsTable {
  scope_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  charge_filter_id: ColumnType<string | null, string | null | undefined, string | null>;
  group_hash: string;
  grouped_by: ColumnType<Json, string, string>;
  units: ColumnType<Dec, Dec | string, Dec | string>;
  events: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  amount_cents: ColumnType<Dec, Dec | string, Dec | string>;
  last_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  details: ColumnType<Json | null, string | null | undefined, string | null>;
}

export interface InAdvanceValuesTable {
  scope_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  charge_filter_id: ColumnType<string | null, string | null | undefined, string | null>;
  group_hash: string;
  value_hash: string;
  last_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  active: boolean;
}

export interface InAdvanceMarksTable {
  organization_id: string;
  subscription_id: string;
  charge_id: string;
  period_from: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  charge_filter_id: ColumnType<string | null, string | null | undefined, string | null>;
  group_hash: string;
  grouped_by: ColumnType<Json, string, string>;
  current: ColumnType<Dec, Dec | string, Dec | string>;
  max: ColumnType<Dec, Dec | string, Dec | string>;
  max_prorated: ColumnType<Dec, Dec | string, Dec | string>;
}

export interface WeightedLevelsTable {
  organization_id: string;
  chain_id: string;
  subscription_id: string;
  charge_id: string;
  charge_filter_id: ColumnType<string | null, string | null | undefined, string | null>;
  group_hash: ColumnType<string, string | undefined, string>;
  grouped_by: ColumnType<Json, string | undefined, string>;
  timestamp: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  level: ColumnType<Dec, Dec | string, Dec | string>;
}

export interface BillingRunsTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  kind: string;
  due_until: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  customers_due: number;
  batches: number;
  started_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  finished_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  customers_billed: ColumnType<number, number | undefined, number>;
  customers_set_aside: ColumnType<number, number | undefined, number>;
  invoices: ColumnType<number, number | undefined, number>;
}

export interface BillingRunBatchesTable {
  organization_id: string;
  run_id: string;
  n: number;
  customer_ids: string[];
  customers: number;
  customers_billed: ColumnType<number, number | undefined, number>;
  customers_set_aside: ColumnType<number, number | undefined, number>;
  invoices: ColumnType<number, number | undefined, number>;
  finished_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface BillingRunErrorsTable {
  organization_id: string;
  run_id: string;
  customer_id: string;
  error: string;
  attempts: number;
  failed_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  retry_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}
