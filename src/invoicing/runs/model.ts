/** Runs of billing: what they had to do, how far they are, and whom they could not bill. */
import type { Selectable } from "kysely";
import type { BillingFailuresTable, BillingRunErrorsTable, BillingRunsTable } from "../../storage/tables.ts";

/** `billing`: of what is due; `retries`: of those who were set aside before. */
export type RunKind = "billing" | "retries";

/** A batch of a run. */
export interface BatchPlace {
  readonly organization_id: string;
  readonly run_id: string;
  readonly batch: number;
}

/** What one transaction of a batch has written. */
export interface Written {
  readonly customers: number;
  readonly invoices: number;
}

/** A run with what its batches come to by now. */
export interface BillingRun extends Selectable<BillingRunsTable> {
  readonly batches_done: number;
  /** Of the batches that are done, and of the others those that are billed already. */
  readonly customers_done: number;
  /** Of them, those that were done in the last minute. */
  readonly customers_done_lately: number;
  /** Whether somebody is still at its batches, or will be. */
  readonly is_alive: boolean;
}

interface NamedCustomer {
  readonly external_customer_id: string;
  readonly customer_name: string | null;
}

export type BillingRunError = Selectable<BillingRunErrorsTable> & NamedCustomer & { readonly is_set_aside: boolean };

/** A customer that is set aside now. */
export type BillingFailure = Selectable<BillingFailuresTable> & NamedCustomer;
