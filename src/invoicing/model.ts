/** Invoices and fees: what is planned by the rules, and what is read back. */
import type { Selectable } from "kysely";
import type { FilterValues, Plan } from "../catalog/index.ts";
import type { BilledCustomer } from "../customers/index.ts";
import type { Dec } from "../kernel/decimal.ts";
import type { Group } from "../metering/index.ts";
import type { FeesTable, InvoiceSubscriptionsTable, InvoicesTable } from "../storage/tables.ts";
import type { BillingWindows, Subscription } from "../subscriptions/index.ts";
import type { InvoiceDates } from "./rules/dates.ts";
import type { NumberingEntity } from "./rules/numbers.ts";
import type { InvoiceTotals } from "./rules/totals.ts";
import type { PresentationBreakdown, PricingUnitAmounts } from "./usage/model.ts";
import type { LevelRow } from "./usage/weighted-levels.ts";

export type InvoicingReason =
  | "subscription_starting"
  | "subscription_periodic"
  | "subscription_terminating"
  | "in_advance_charge"
  | "in_advance_charge_periodic";

/** A fee of a subscription as it is about to be written, without what its invoice and its subscription say already. */
export interface PlannedFee {
  readonly fee_type: "subscription" | "charge" | "commitment" | "fixed_charge";
  readonly charge_id: string | null;
  readonly billable_metric_id: string | null;
  readonly fixed_charge_id?: string;
  /** Null: the charge's default bucket, or no charge. */
  readonly charge_filter_id: string | null;
  /** {} where the charge is not split. */
  readonly grouped_by: Group;
  readonly amount_cents: bigint;
  /** Minor units, unrounded. */
  readonly precise_amount_cents: Dec;
  readonly units: Dec;
  readonly total_aggregated_units: Dec;
  readonly unit_amount_cents: bigint;
  /** Major units. */
  readonly precise_unit_amount: Dec;
  readonly events_count: number;
  readonly amount_details: Readonly<Record<string, unknown>>;
  readonly pricing_unit: PricingUnitAmounts | null;
  readonly breakdowns: readonly PresentationBreakdown[];
  /** Where it has a name of its own. */
  readonly invoice_display_name?: string | null;
  readonly pay_in_advance: boolean;
  /** The charge's: false for a fee that is on no invoice. */
  readonly invoiceable: boolean;
  /** The fee of the same period that this one makes up the minimum of a charge for. */
  readonly true_up_of: PlannedFee | null;
  /** The event that it is charged for in advance. */
  readonly event_transaction_id?: string;
  /** Of a fee of its own: once it is paid, an invoice of such fees takes it up. */
  readonly is_regrouped?: boolean;
  /** The half-open window [from, to) that it pays for. */
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
}

/** One subscription's part of an invoice. */
export interface BilledPeriod {
  readonly subscription: Subscription;
  readonly plan: Plan;
  readonly reason: InvoicingReason;
  /** The moment it is billed for: now, or the start of the local day on which it should have been. */
  readonly timestamp: Temporal.Instant;
  readonly windows: BillingWindows;
  readonly fees: readonly PlannedFee[];
  /** Renewals of charges that no invoice bills: fees of their own. */
  readonly standalone_fees: readonly PlannedFee[];
  /** Where recurring weighted sums stand at the window's end. */
  readonly levels: readonly LevelRow[];
  /** Fees of their own that were paid, and go on this invoice. */
  readonly regrouped_fee_ids?: readonly string[];
}

/** An invoice as the rules decide it; its ids and its number are given when it is written. */
export interface PlannedInvoice {
  readonly customer: BilledCustomer;
  readonly billing_entity: NumberingEntity;
  /** Absent: a subscription's. */
  readonly invoice_type?: "advance_charges";
  readonly status: "finalized" | "closed";
  readonly currency: string;
  readonly dates: InvoiceDates;
  readonly totals: InvoiceTotals;
  readonly skip_charges: boolean;
  readonly purchase_order_number: string | null;
  readonly periods: readonly BilledPeriod[];
}

export type InvoiceStatus = "draft" | "finalized" | "voided" | "failed" | "pending";

export type InvoiceRow = Selectable<InvoicesTable> & { readonly billing_entity_code: string };

export type InvoiceSubscriptionRow = Selectable<InvoiceSubscriptionsTable> & {
  readonly external_subscription_id: string;
  readonly plan_id: string;
};

/** A fee with the names that it is shown under. */
export type FeeRow = Selectable<FeesTable> & {
  readonly self_billed: boolean | null;
  readonly external_subscription_id: string | null;
  readonly external_customer_id: string;
  readonly charge_display_name: string | null;
  readonly fixed_charge_display_name: string | null;
  /** As they are today, of a deleted filter as they were. */
  readonly filter_values: FilterValues | null;
  readonly filter_display_name: string | null;
  /** The fee that makes up the charge's minimum for this one. */
  readonly true_up_fee_id: string | null;
  readonly metric_code: string | null;
  readonly metric_name: string | null;
  readonly metric_description: string | null;
  readonly add_on_id: string | null;
  readonly add_on_code: string | null;
  readonly add_on_name: string | null;
  readonly add_on_description: string | null;
  readonly add_on_display_name: string | null;
  readonly plan_code: string | null;
  readonly plan_name: string | null;
  readonly plan_description: string | null;
  readonly plan_display_name: string | null;
};
