/** What a request says of a plan beside its own terms and its charges. */
import type { CommitmentInput } from "./commitment.ts";
import type { FixedChargeInput } from "./fixed-charge.ts";
import type { ThresholdInput } from "./thresholds.ts";

/** Absent keys leave what there is. */
export interface PlanParts {
  readonly tax_codes?: readonly string[] | null;
  /** Null removes it. */
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly usage_thresholds?: readonly ThresholdInput[] | null;
  readonly fixed_charges?: readonly FixedChargeInput[] | null;
  readonly minimum_commitment?: CommitmentInput | null;
}
