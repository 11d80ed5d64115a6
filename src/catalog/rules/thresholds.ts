/** Usage thresholds of a plan (10.5 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { storableTextOrNull } from "../../kernel/text.ts";
import type { UsageThreshold } from "../model.ts";

export interface ThresholdInput {
  readonly amount_cents?: bigint | null;
  readonly threshold_display_name?: string | null;
  readonly recurring?: boolean | null;
}

export type ThresholdTerms = Pick<UsageThreshold, "amount_cents" | "threshold_display_name" | "recurring">;

const AMOUNT_CENTS_MAX = 1_000_000_000_000_000n;

const refuse = (field: string, code: string): Problem[] => [{ field, code }];

/** The list replaces all that there were. */
export function readThresholds(entries: readonly ThresholdInput[]): {
  readonly thresholds: readonly ThresholdTerms[];
  readonly problems: readonly Problem[];
} {
  const thresholds = entries.map(({ amount_cents, threshold_display_name, recurring }) => ({
    amount_cents: amount_cents ?? 0n,
    threshold_display_name: storableTextOrNull(threshold_display_name),
    recurring: recurring ?? false,
  }));
  return { thresholds, problems: problemsOf(entries, thresholds) };
}

function problemsOf(entries: readonly ThresholdInput[], thresholds: readonly ThresholdTerms[]): Problem[] {
  if (entries.some(({ amount_cents }) => (amount_cents ?? null) === null))
    return refuse("usage_thresholds", "missing_amount_cents");
  const keys = new Set(thresholds.map(({ amount_cents, recurring }) => `${amount_cents}/${recurring}`));
  if (keys.size < thresholds.length) return refuse("usage_thresholds", "duplicated_values");
  if (thresholds.filter(({ recurring }) => recurring).length > 1)
    return refuse("usage_thresholds", "multiple_recurring_thresholds");
  if (thresholds.some(({ amount_cents }) => amount_cents <= 0n || amount_cents > AMOUNT_CENTS_MAX)) {
    return refuse("amount_cents", "value_is_out_of_range");
  }
  return [];
}
