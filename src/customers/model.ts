import type { Insertable, Selectable, Updateable } from "kysely";
import type { CustomersTable } from "../storage/tables.ts";

export type CustomerRow = Selectable<CustomersTable>;
export type NewCustomer = Insertable<CustomersTable>;
/** What an upsert assigns; metadata as entries, not yet as JSON. */
export interface CustomerChange extends Omit<Updateable<CustomersTable>, "metadata"> {
  metadata?: readonly MetadataEntry[];
}

/** A customer with what its answers need of its billing entity. */
export interface CustomerView extends CustomerRow {
  readonly billing_entity_code: string;
  readonly billing_entity_timezone: string;
}

/** One element of the column `metadata`. */
export interface MetadataEntry {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly display_in_invoice: boolean;
  /** ISO 8601. */
  readonly created_at: string;
}

/** The customer as billing reads it: every inherited setting already resolved (1.4 of the subscriptions spec). */
export interface BilledCustomer {
  readonly id: string;
  readonly external_id: string;
  readonly sequential_id: bigint;
  readonly currency: string | null;
  readonly account_type: "customer" | "partner";
  /** customer → billing entity → UTC. */
  readonly timezone: string;
  readonly net_payment_term: number;
  readonly invoice_grace_period: number;
  readonly issuing_date_anchor: "next_period_start" | "current_period_end";
  readonly issuing_date_adjustment: "align_with_finalization_date" | "keep_anchor";
  readonly finalize_zero_amount_invoice: boolean;
  readonly billing_entity: {
    readonly id: string;
    readonly code: string;
    readonly timezone: string;
    readonly document_numbering: "per_customer" | "per_billing_entity";
    readonly document_number_prefix: string;
  };
}
