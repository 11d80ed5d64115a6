/** The tables of the room subscriptions. */
import type { ColumnType, GeneratedAlways } from "kysely";
import type { Json } from "./json.ts";

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
  trial_ends_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  trial_ended_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  terminated_by: ColumnType<string | null, string | null | undefined, string | null>;
  bills_start: ColumnType<boolean, boolean | undefined, boolean>;
  cancellation_reason: ColumnType<string | null, string | null | undefined, string | null>;
  activation_rules: ColumnType<Json, string | undefined, string>;
  pauses: ColumnType<Json, string | undefined, string>;
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

export interface SubscriptionDuesTable {
  organization_id: string;
  subscription_id: string;
  kind: string;
  customer_id: string;
  due_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface ScheduledChangesTable {
  organization_id: string;
  id: string;
  ordinal: GeneratedAlways<bigint>;
  chain_id: string;
  customer_id: string;
  external_id: string;
  scheduled_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  due_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  plan_code: ColumnType<string | null, string | null | undefined, string | null>;
  plan_overrides: ColumnType<Json | null, string | null | undefined, string | null>;
  status: ColumnType<string, string | undefined, string>;
  error: ColumnType<Json | null, string | null | undefined, string | null>;
  applied_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  canceled_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}

export interface BillingFailuresTable {
  organization_id: string;
  customer_id: string;
  error: string;
  attempts: ColumnType<number, number | undefined, number>;
  failed_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  retry_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
}
