/** A change of plan, price or units that a subscription is to get on a later day. */
import type { Static } from "typebox";
import type { PlanOverridesInput } from "../../catalog/index.ts";

export type ScheduledStatus = "pending" | "applied" | "failed" | "canceled";

export interface ScheduledChange {
  readonly id: string;
  readonly chain_id: string;
  readonly customer_id: string;
  readonly external_id: string;
  readonly scheduled_at: Temporal.Instant;
  /** The first instant of its local day. */
  readonly due_at: Temporal.Instant;
  /** Null: it stays on its plan. */
  readonly plan_code: string | null;
  /** As it was sent. */
  readonly plan_overrides: Static<typeof PlanOverridesInput> | null;
  readonly status: ScheduledStatus;
  /** Why it failed. */
  readonly error: { readonly code: string; readonly details: unknown } | null;
  readonly applied_at: Temporal.Instant | null;
  readonly canceled_at: Temporal.Instant | null;
  readonly created_at: Temporal.Instant;
}
