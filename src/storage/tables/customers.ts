/** The tables of the room customers. */
import type { ColumnType, GeneratedAlways } from "kysely";
import type { Json } from "./json.ts";

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
  skip_invoice_custom_sections: ColumnType<boolean, boolean | undefined, boolean>;
  exclude_from_dunning_campaign: ColumnType<boolean, boolean | undefined, boolean>;
  external_salesforce_id: ColumnType<string | null, string | null | undefined, string | null>;
  eu_tax_code: ColumnType<string | null, string | null | undefined, string | null>;
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

export interface ViesChecksTable {
  organization_id: string;
  customer_id: string;
  id: string;
  tax_identification_number: string;
  status: ColumnType<string, string | undefined, string>;
  attempts: ColumnType<number, number | undefined, number>;
  last_error: ColumnType<string | null, string | null | undefined, string | null>;
  next_attempt_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
  answer: ColumnType<Json | null, string | null | undefined, string | null>;
  created_at: ColumnType<Temporal.Instant, Temporal.Instant | string, Temporal.Instant | string>;
  answered_at: ColumnType<
    Temporal.Instant | null,
    Temporal.Instant | string | null | undefined,
    Temporal.Instant | string | null
  >;
}
