/** What the catalog itself knows of its rows, beyond what later rooms read. */
import type { BillableMetric, Charge, Plan } from "./model.ts";
import type { MetricFilter } from "./rules/metric.ts";

export interface StoredMetric extends BillableMetric {
  readonly filters: readonly MetricFilter[];
  readonly created_at: Temporal.Instant;
}

export interface StoredCharge extends Charge {
  readonly plan_id: string;
  readonly parent_id: string | null;
  readonly regroup_paid_fees: "invoice" | null;
  readonly accepts_target_wallet: boolean;
  readonly created_at: Temporal.Instant;
}

export interface StoredPlan extends Plan {
  readonly parent_id: string | null;
  readonly pending_deletion: boolean;
  /** Whether any subscription was ever on it. */
  readonly attached: boolean;
  readonly created_at: Temporal.Instant;
  readonly charges: readonly StoredCharge[];
}
