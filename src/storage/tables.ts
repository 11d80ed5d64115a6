/** The tables as the migrations leave them: what a query may name. Views of the living share the row of their table. */
import type { ColumnType, GeneratedAlways } from "kysely";
import type { Dec } from "../kernel/decimal.ts";

/** A parsed jsonb value; rooms narrow it where they read it. Written as text (JSON.stringify). */
// biome-ignore lint/suspicious/noExplicitAny: the shape belongs to the room that owns the column
export type Json = any;

export interface OrganizationsTable {
  id: string;
  ordinal: GeneratedAlways<bigint>;
  name: string;
  slug: string;
  sandbox: ColumnType<boolean, boolean | undefined, boolean>;
  clock_now: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  document_number_prefix: string;
  catalog_version: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface ApiKeysTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  name: ColumnType<string | null, string | null | undefined, string | null>;
  key_hash: Buffer;
  value_hint: string;
  permissions: ColumnType<Json | null, string | null | undefined, string | null>;
  expires_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  last_used_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface BillingEntitiesTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  code: string;
  name: string;
  legal_name: ColumnType<string | null, string | null | undefined, string | null>;
  legal_number: ColumnType<string | null, string | null | undefined, string | null>;
  tax_identification_number: ColumnType<string | null, string | null | undefined, string | null>;
  email: ColumnType<string | null, string | null | undefined, string | null>;
  phone: ColumnType<string | null, string | null | undefined, string | null>;
  address_line1: ColumnType<string | null, string | null | undefined, string | null>;
  address_line2: ColumnType<string | null, string | null | undefined, string | null>;
  city: ColumnType<string | null, string | null | undefined, string | null>;
  state: ColumnType<string | null, string | null | undefined, string | null>;
  zipcode: ColumnType<string | null, string | null | undefined, string | null>;
  country: ColumnType<string | null, string | null | undefined, string | null>;
  default_currency: ColumnType<string, string | undefined, string>;
  timezone: ColumnType<string, string | undefined, string>;
  document_locale: ColumnType<string, string | undefined, string>;
  document_numbering: ColumnType<string, string | undefined, string>;
  document_number_prefix: string;
  invoice_footer: ColumnType<string | null, string | null | undefined, string | null>;
  invoice_grace_period: ColumnType<number, number | undefined, number>;
  subscription_invoice_issuing_date_anchor: ColumnType<string, string | undefined, string>;
  subscription_invoice_issuing_date_adjustment: ColumnType<string, string | undefined, string>;
  net_payment_term: ColumnType<number, number | undefined, number>;
  finalize_zero_amount_invoice: ColumnType<boolean, boolean | undefined, boolean>;
  email_settings: ColumnType<string[], string[] | undefined, string[]>;
  logo_url: ColumnType<string | null, string | null | undefined, string | null>;
  archived_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface DocumentSequencesTable {
  organization_id: string;
  kind: string;
  scope: ColumnType<string, string | undefined, string>;
  last: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
}

export interface DomainEventsTable {
  organization_id: string;
  ordinal: GeneratedAlways<bigint>;
  kind: string;
  subject_type: string;
  subject_id: string;
  payload: ColumnType<Json, string | undefined, string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

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
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface PlanVersionsTable {
  organization_id: string;
  plan_id: string;
  no: number;
  content: ColumnType<Json, string, string>;
  hash: string;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface CustomersTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  external_id: string;
  billing_entity_id: string;
  sequential_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  slug: string;
  name: ColumnType<string | null, string | null | undefined, string | null>;
  firstname: ColumnType<string | null, string | null | undefined, string | null>;
  lastname: ColumnType<string | null, string | null | undefined, string | null>;
  customer_type: ColumnType<string | null, string | null | undefined, string | null>;
  account_type: ColumnType<string, string | undefined, string>;
  email: ColumnType<string | null, string | null | undefined, string | null>;
  phone: ColumnType<string | null, string | null | undefined, string | null>;
  url: ColumnType<string | null, string | null | undefined, string | null>;
  logo_url: ColumnType<string | null, string | null | undefined, string | null>;
  legal_name: ColumnType<string | null, string | null | undefined, string | null>;
  legal_number: ColumnType<string | null, string | null | undefined, string | null>;
  tax_identification_number: ColumnType<string | null, string | null | undefined, string | null>;
  address_line1: ColumnType<string | null, string | null | undefined, string | null>;
  address_line2: ColumnType<string | null, string | null | undefined, string | null>;
  city: ColumnType<string | null, string | null | undefined, string | null>;
  state: ColumnType<string | null, string | null | undefined, string | null>;
  zipcode: ColumnType<string | null, string | null | undefined, string | null>;
  country: ColumnType<string | null, string | null | undefined, string | null>;
  shipping_address_line1: ColumnType<string | null, string | null | undefined, string | null>;
  shipping_address_line2: ColumnType<string | null, string | null | undefined, string | null>;
  shipping_city: ColumnType<string | null, string | null | undefined, string | null>;
  shipping_state: ColumnType<string | null, string | null | undefined, string | null>;
  shipping_zipcode: ColumnType<string | null, string | null | undefined, string | null>;
  shipping_country: ColumnType<string | null, string | null | undefined, string | null>;
  currency: ColumnType<string | null, string | null | undefined, string | null>;
  timezone: ColumnType<string | null, string | null | undefined, string | null>;
  document_locale: ColumnType<string | null, string | null | undefined, string | null>;
  net_payment_term: ColumnType<number | null, number | null | undefined, number | null>;
  invoice_grace_period: ColumnType<number | null, number | null | undefined, number | null>;
  subscription_invoice_issuing_date_anchor: ColumnType<string | null, string | null | undefined, string | null>;
  subscription_invoice_issuing_date_adjustment: ColumnType<string | null, string | null | undefined, string | null>;
  finalize_zero_amount_invoice: ColumnType<string, string | undefined, string>;
  external_salesforce_id: ColumnType<string | null, string | null | undefined, string | null>;
  used: ColumnType<boolean, boolean | undefined, boolean>;
  metadata: ColumnType<Json, string | undefined, string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  deleted_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface SubscriptionChainsTable {
  organization_id: string;
  id: string;
  external_id: string;
  customer_id: string;
}

export interface SubscriptionsTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  chain_id: string;
  customer_id: string;
  plan_id: string;
  billing_entity_id: ColumnType<string | null, string | null | undefined, string | null>;
  previous_subscription_id: ColumnType<string | null, string | null | undefined, string | null>;
  external_id: string;
  name: ColumnType<string | null, string | null | undefined, string | null>;
  status: string;
  billing_time: string;
  subscription_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  started_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  activated_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  ending_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  terminated_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  canceled_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  trial_ended_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  on_termination_credit_note: ColumnType<string | null, string | null | undefined, string | null>;
  on_termination_invoice: ColumnType<string, string | undefined, string>;
  progressive_billing_disabled: ColumnType<boolean, boolean | undefined, boolean>;
  consolidate_invoice: ColumnType<boolean, boolean | undefined, boolean>;
  purchase_order_number: ColumnType<string | null, string | null | undefined, string | null>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  updated_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface BillingSchedulesTable {
  organization_id: string;
  subscription_id: string;
  kind: string;
  customer_id: string;
  billed_until: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  next_due_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}

export interface BillingFailuresTable {
  organization_id: string;
  customer_id: string;
  error: string;
  attempts: ColumnType<number, number | undefined, number>;
  failed_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  retry_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface StreamsTable {
  id: GeneratedAlways<bigint>;
  organization_id: string;
  external_subscription_id: ColumnType<string | null, string | null | undefined, string | null>;
  code: string;
  settled_events: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  folded: ColumnType<boolean, boolean | undefined, boolean>;
}

export interface EventKeysTable {
  key: string;
  commit_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
}

export interface EventCommitsTable {
  id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  received_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  n: number;
}

export interface EventsTable {
  id: string;
  ordinal: GeneratedAlways<bigint>;
  commit_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  stream_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  timestamp: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  received_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  transaction_id: string;
  precise_total_amount_cents: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  properties: ColumnType<Json, string, string>;
}

export interface FoldSpecsTable {
  id: GeneratedAlways<bigint>;
  organization_id: string;
  code: string;
  measure: string;
  field_name: ColumnType<string | null, string | null | undefined, string | null>;
  keys: ColumnType<string[], string[] | undefined, string[]>;
}

export interface StreamFoldsTable {
  stream_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  spec_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  grain: number;
}

export interface UsageCellsTable {
  stream_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  spec_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  tuple_id: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  grain: number;
  bucket: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  events: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  numeric_events: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  sum: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  max: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  last_timestamp: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  last_ordinal: ColumnType<bigint | null, bigint | number | string | null | undefined, bigint | number | string | null>;
  last_value: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
}

export interface UniqueWindowsTable {
  id: GeneratedAlways<bigint>;
  stream_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  spec_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  window_from: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  window_to: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  built: ColumnType<boolean, boolean | undefined, boolean>;
  active_values: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
}

export interface UniqueValuesTable {
  window_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  value_hash: string;
  last_timestamp: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  last_ordinal: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  active: boolean;
}

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
  pay_in_advance: ColumnType<boolean, boolean | undefined, boolean>;
  invoiceable: ColumnType<boolean, boolean | undefined, boolean>;
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

export interface Tables {
  organizations: OrganizationsTable;
  api_keys: ApiKeysTable;
  billing_entities: BillingEntitiesTable;
  document_sequences: DocumentSequencesTable;
  domain_events: DomainEventsTable;
  billable_metrics: BillableMetricsTable;
  plans: PlansTable;
  charges: ChargesTable;
  plan_versions: PlanVersionsTable;
  customers: CustomersTable;
  subscription_chains: SubscriptionChainsTable;
  subscriptions: SubscriptionsTable;
  billing_schedules: BillingSchedulesTable;
  billing_failures: BillingFailuresTable;
  streams: StreamsTable;
  event_keys: EventKeysTable;
  event_commits: EventCommitsTable;
  events: EventsTable;
  fold_specs: FoldSpecsTable;
  stream_folds: StreamFoldsTable;
  usage_cells: UsageCellsTable;
  unique_windows: UniqueWindowsTable;
  unique_values: UniqueValuesTable;
  invoices: InvoicesTable;
  invoice_subscriptions: InvoiceSubscriptionsTable;
  fees: FeesTable;
  live_billing_entities: BillingEntitiesTable;
  live_billable_metrics: BillableMetricsTable;
  live_plans: PlansTable;
  live_charges: ChargesTable;
  live_customers: CustomersTable;
  live_fees: FeesTable;
}
