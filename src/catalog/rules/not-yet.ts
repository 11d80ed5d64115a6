/** What of a plan is stored but not rated yet: no subscription may be on it, so that none gets a wrong figure. */
import type { Problem } from "../../kernel/failure.ts";
import type { AggregationType, Charge, ChargeModel, Plan } from "../model.ts";

const UNRATED_AGGREGATIONS: readonly AggregationType[] = ["weighted_sum_agg", "custom_agg"];
const UNRATED_MODELS: readonly ChargeModel[] = ["dynamic", "custom"];

const hasKeys = (keys: unknown): boolean => Array.isArray(keys) && keys.length > 0;

function unratedFields(charge: Charge): string[] {
  const { billable_metric: metric, properties } = charge;
  const facts: readonly (readonly [string, boolean])[] = [
    ["aggregation_type", UNRATED_AGGREGATIONS.includes(metric.aggregation_type)],
    ["recurring", metric.recurring],
    ["expression", metric.expression !== null],
    ["charge_model", UNRATED_MODELS.includes(charge.charge_model)],
    ["pay_in_advance", charge.pay_in_advance],
    ["prorated", charge.prorated],
    ["invoiceable", !charge.invoiceable],
    ["min_amount_cents", charge.min_amount_cents > 0n],
    ["pricing_group_keys", hasKeys(properties.pricing_group_keys)],
    ["presentation_group_keys", hasKeys(properties.presentation_group_keys)],
  ];
  return facts.filter(([, isThere]) => isThere).map(([field]) => field);
}

/** One problem per field, whichever and however many charges have it. */
export function notYetSubscribable(plan: Plan): Problem[] {
  const fields = new Set(plan.charges.flatMap(unratedFields));
  if ((plan.trial_period ?? 0) > 0) fields.add("trial_period");
  return [...fields].map((field) => ({ field, code: "not_supported_yet" }));
}
