/** Usage on its way to a fee: what was asked, what was used, what it costs. */
import type { Charge } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import type { Usage } from "../../metering/index.ts";
import type { AmountDetails, Series } from "../../rating/index.ts";
import type { Window } from "../../subscriptions/index.ts";

/** What one subscription used of these charges in one window. */
export interface UsageBucket {
  readonly organization_id: string;
  readonly external_subscription_id: string;
  /** Half-open, exact to the microsecond. */
  readonly window: Window;
  readonly charges: readonly Charge[];
}

/** The facts that price one charge of a bucket. */
export interface ChargeUsage {
  readonly charge: Charge;
  readonly usage: Usage;
  /** The single events' values where the charge's price depends on them. */
  readonly series: Series | null;
}

/** A charge fee before it belongs to an invoice (8.2 of the metering spec). */
export interface UsageFeeDraft {
  readonly charge: Charge;
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
}
