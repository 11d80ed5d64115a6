/** The tables of the room identity. */
import type { ColumnType, GeneratedAlways } from "kysely";
import type { Json } from "./json.ts";

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
  eu_tax_management: ColumnType<boolean, boolean | undefined, boolean>;
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
