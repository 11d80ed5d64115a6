/** Usage on its way to a fee: what was asked, what was used, what it costs. */
import type { Charge, ChargeBucket, ChargeFilter } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import type { Group, GroupUsage } from "../../metering/index.ts";
import type { AmountDetails, ProratedValue, Series } from "../../rating/index.ts";
import type { Window } from "../../subscriptions/index.ts";

/** What of the usage is wanted, and how it is laid out. */
export interface UsageView {
  /**
   * `invoice`: what a period is billed, where recurring charges in advance are billed whole for the period to come;
   * `current`: what was used so far, prorated where the charge is.
   */
  readonly kind: "invoice" | "current";
  /** Only events whose properties have one of these texts; they are not grouped by these keys any more. */
  readonly group: Readonly<Record<string, readonly string[]>>;
  /** False: not split by pricing group keys, so that tiers and allowances apply to the total. */
  readonly is_grouped: boolean;
  /** Of the presentation keys, those to break units down by; null: all (on an invoice, those that it shows). */
  readonly presentation: readonly string[] | null;
}

/** What one subscription used of these charges in one window. */
export interface UsageBucket {
  readonly organization_id: string;
  readonly external_subscription_id: string;
  readonly subscription_id: string;
  readonly chain_id: string;
  /** Whether it took the place of another link, on another plan. */
  readonly has_predecessor: boolean;
  /** Half-open, exact to the microsecond. */
  readonly window: Window;
  /** The customer's: prorations count its calendar days. */
  readonly timezone: string;
  /** D: days of the whole period, also where the window is a part of it. */
  readonly period_days: number;
  /** Days of the window that are paid for here: without that of an upgrade, which belongs to the successor. */
  readonly billed_days: number;
  readonly charges: readonly Charge[];
  readonly view: UsageView;
}

/** Units of a group apart by properties that do not price them (2.4 of the metering spec). */
export interface PresentationBreakdown {
  readonly presentation_by: Group;
  readonly units: Dec;
}

export interface GroupedUsage {
  readonly usage: GroupUsage;
  /** The single events' values where the charge's price depends on them. */
  readonly series: Series | null;
  /** The same of a prorated charge that is priced event by event. */
  readonly pairs: readonly ProratedValue[] | null;
  readonly breakdowns: readonly PresentationBreakdown[];
}

export interface BucketUsage {
  readonly bucket: ChargeBucket;
  /** At least one: of nulls where nothing was used. */
  readonly groups: readonly GroupedUsage[];
}

/** The facts that price one charge of a bucket. */
export interface ChargeUsage {
  readonly charge: Charge;
  /** The filters in the charge's order, then the default bucket. */
  readonly buckets: readonly BucketUsage[];
}

/** What a fee comes to in credits, before it is converted (12.2 of the metering spec). */
export interface PricingUnitAmounts {
  readonly pricing_unit_id: string;
  readonly code: string;
  readonly short_name: string;
  readonly conversion_rate: Dec;
  /** Hundredths of a credit, rounded once. */
  readonly amount_cents: bigint;
  readonly precise_amount_cents: Dec;
  readonly unit_amount_cents: bigint;
  /** Credits per unit. */
  readonly precise_unit_amount: Dec;
}

/** A charge fee before it belongs to an invoice (8.2 of the metering spec). */
export interface UsageFeeDraft {
  readonly charge: Charge;
  /** Null: the default bucket. */
  readonly filter: ChargeFilter | null;
  /** {} where the bucket is not split. */
  readonly grouped_by: Group;
  readonly units: Dec;
  readonly total_aggregated_units: Dec;
  readonly events_count: number;
  /** Minor units, rounded once. */
  readonly amount_cents: bigint;
  /** Minor units, at the column's 15 decimals. */
  readonly precise_amount_cents: Dec;
  /** Major units per unit, at the column's 15 decimals. */
  readonly precise_unit_amount: Dec;
  /** Minor units per unit, rounded. */
  readonly unit_amount_cents: bigint;
  readonly amount_details: AmountDetails;
  readonly pricing_unit: PricingUnitAmounts | null;
  readonly breakdowns: readonly PresentationBreakdown[];
  /** The fee that this one makes up the charge's minimum for; null for a fee of usage. */
  readonly true_up_of: UsageFeeDraft | null;
}
