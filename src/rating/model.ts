/** What the charge models take and give. Pure: no I/O, no time. */
import type { Dec } from "../kernel/decimal.ts";

export interface RatedUsage {
  /** Aggregated units after the metric's rounding. */
  readonly units: Dec;
  readonly events_count: number;
  /**
   * The values of the single events, in order, where a model needs them (percentage with free allowances or
   * per-transaction bounds; see `seriesNeeded`). Null where it does not.
   */
  readonly series: readonly Dec[] | null;
}

export interface Price {
  /** Major units, unrounded. */
  readonly amount: Dec;
  /** Major units per unit, 0 where there are none. */
  readonly unit_amount: Dec;
  /** The contract's `amount_details`, ready for JSON. */
  readonly amount_details: Readonly<Record<string, unknown>>;
}
