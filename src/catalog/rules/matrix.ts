/** Which charge models, aggregations and payment times go together (4.3 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import type { AggregationType, ChargeModel } from "../model.ts";

export interface ChargeTraits {
  readonly charge_model: ChargeModel;
  readonly pay_in_advance: boolean;
  readonly prorated: boolean;
  readonly invoiceable: boolean;
  readonly regroup_paid_fees: string | null;
  readonly min_amount_cents: bigint;
}

export interface MetricTraits {
  readonly aggregation_type: AggregationType;
  readonly recurring: boolean;
}

const IN_ADVANCE: readonly AggregationType[] = ["count_agg", "sum_agg", "unique_count_agg", "custom_agg"];
const PRORATED_IN_ARREARS: readonly ChargeModel[] = ["standard", "volume", "graduated"];

function isChargeableInAdvance({ charge_model }: ChargeTraits, { aggregation_type }: MetricTraits): boolean {
  return charge_model !== "volume" && IN_ADVANCE.includes(aggregation_type);
}

function isProratable({ charge_model, pay_in_advance }: ChargeTraits, metric: MetricTraits): boolean {
  if (!metric.recurring || metric.aggregation_type === "weighted_sum_agg") return false;
  return pay_in_advance ? charge_model === "standard" : PRORATED_IN_ARREARS.includes(charge_model);
}

function isModelOf({ charge_model }: ChargeTraits, { aggregation_type }: MetricTraits): boolean {
  if (charge_model === "custom") return aggregation_type === "custom_agg";
  if (charge_model === "dynamic") return aggregation_type === "sum_agg";
  return true;
}

/** Everything that does not go together, in the order of the table. */
export function compatibilityProblems(charge: ChargeTraits, metric: MetricTraits): Problem[] {
  const problems: Problem[] = [];
  const refuse = (field: string, code: string) => problems.push({ field, code });
  const { charge_model, pay_in_advance, prorated, invoiceable, regroup_paid_fees, min_amount_cents } = charge;
  if (pay_in_advance && !isChargeableInAdvance(charge, metric)) {
    refuse("pay_in_advance", "invalid_aggregation_type_or_charge_model");
  }
  if (prorated && !isProratable(charge, metric)) refuse("prorated", "invalid_billable_metric_or_charge_model");
  if (!isModelOf(charge, metric)) refuse("charge_model", "invalid_aggregation_type_or_charge_model");
  if (metric.aggregation_type === "latest_agg" && /percentage/.test(charge_model)) {
    refuse("properties", "invalid_value");
  }
  if (!invoiceable && !pay_in_advance) refuse("invoiceable", "must_be_true_unless_pay_in_advance");
  if (regroup_paid_fees !== null && (!pay_in_advance || invoiceable)) {
    refuse("regroup_paid_fees", "only_compatible_with_pay_in_advance_and_non_invoiceable");
  }
  if (min_amount_cents > 0n && pay_in_advance) refuse("min_amount_cents", "not_compatible_with_pay_in_advance");
  if (min_amount_cents < 0n) refuse("min_amount_cents", "value_is_out_of_range");
  return problems;
}
