/** The tables of the room metering. */
import type { ColumnType, Generated, GeneratedAlways } from "kysely";
import type { Dec } from "../../kernel/decimal.ts";
import type { Json } from "./json.ts";

export interface StreamsTable {
  id: GeneratedAlways<bigint>;
  organization_id: string;
  external_subscription_id: ColumnType<string | null, string | null | undefined, string | null>;
  code: string;
  settled_events: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  folded: ColumnType<boolean, boolean | undefined, boolean>;
  voided_events: ColumnType<number, number | undefined, number>;
}

export interface EventKeysTable {
  key: string;
  commit_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
}

export interface EventCommitsTable {
  id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  received_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  n: number;
  stream_ids: bigint[];
  stream_events: number[];
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

export interface EventVoidsTable {
  event_id: string;
  organization_id: string;
  stream_id: bigint;
  timestamp: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  ordinal: bigint;
  reason: ColumnType<string | null, string | null | undefined, string | null>;
  api_key_id: ColumnType<string | null, string | null | undefined, string | null>;
  replacement_id: ColumnType<string | null, string | null | undefined, string | null>;
  root_transaction_id: string;
  voided_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  xid: Generated<string>;
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
  grain: number;
  bucket: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  events: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  numeric_events: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  sum: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  max: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  amount_cents: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  last_timestamp: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  last_ordinal: ColumnType<bigint | null, bigint | number | string | null | undefined, bigint | number | string | null>;
  last_value: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
}

export interface UsageWindowsTable {
  id: GeneratedAlways<bigint>;
  stream_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  spec_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  window_from: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  window_to: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  built: ColumnType<boolean, boolean | undefined, boolean>;
}

export interface WindowTotalsTable {
  window_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  tuple_hash: string;
  texts: ColumnType<(string | null)[], string, string>;
  events: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  numeric_events: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  sum: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  max: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  amount_cents: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  moment: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  last_timestamp: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  last_ordinal: ColumnType<bigint | null, bigint | number | string | null | undefined, bigint | number | string | null>;
  last_value: ColumnType<Dec | null, Dec | string | null | undefined, Dec | string | null>;
  active_values: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
}

export interface UniqueValuesTable {
  window_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  value_hash: string;
  tuple_hash: string;
  last_timestamp: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  last_ordinal: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  active: boolean;
  shared: ColumnType<boolean, boolean | undefined, boolean>;
}

export interface UniqueOperationsTable {
  window_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  value_hash: string;
  timestamp: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  ordinal: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  tuple_hash: string;
  is_removal: boolean;
}

export interface InAdvanceQueueTable {
  organization_id: string;
  commit_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  stream_id: ColumnType<bigint, bigint | number | string, bigint | number | string>;
  received_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  after_ordinal: ColumnType<bigint, bigint | number | string | undefined, bigint | number | string>;
  error: ColumnType<string | null, string | null | undefined, string | null>;
  attempts: ColumnType<number, number | undefined, number>;
  retry_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}
