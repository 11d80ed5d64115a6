/** What the catalog itself knows of its rows, beyond what later rooms read. */
import type { Charge, FixedCharge, MinimumCommitment, Plan } from "./model.ts";

export interface StoredCharge extends Charge {
  readonly plan_id: string;
  readonly created_at: Temporal.Instant;
}

export interface StoredFixedCharge extends FixedCharge {
  readonly plan_id: string;
  readonly created_at: Temporal.Instant;
}

export interface StoredCommitment extends MinimumCommitment {
  readonly created_at: Temporal.Instant;
  readonly updated_at: Temporal.Instant;
}

export interface StoredPlan extends Plan {
  /** Null: none was ever set, or all were removed. */
  readonly metadata: Readonly<Record<string, string | null>> | null;
  readonly pending_deletion: boolean;
  /** Whether any subscription was ever on it. */
  readonly attached: boolean;
  readonly created_at: Temporal.Instant;
  readonly charges: readonly StoredCharge[];
  readonly fixed_charges: readonly StoredFixedCharge[];
  readonly minimum_commitment: StoredCommitment | null;
}
