/** One group of usage explained: what was counted, and what it costs (sections 1.6, 2, 5 and 8.2 of the metering spec). Pure. */
import type { BillableMetric, Charge, ChargeBucket } from "../../catalog/index.ts";
import { type Dec, max, ZERO } from "../../kernel/decimal.ts";
import { explainPrice, price, type RatedUsage } from "../../rating/index.ts";
import type { GroupedUsage } from "../usage/model.ts";
import { ratedUsage } from "../usage/usage-fees.ts";
import { explainAmount, moneyOf } from "./amounts.ts";
import type { AmountExplanation, UnitsStep } from "./model.ts";
import { counted, inWords, plain } from "./words.ts";

/** Days of the window out of those of the period, where units count for their days alone. */
export interface Proration {
  readonly billed_days: number;
  readonly period_days: number;
}

export interface UsageToExplain {
  readonly charge: Charge;
  readonly bucket: ChargeBucket;
  readonly used: GroupedUsage;
  readonly proration: Proration | null;
  readonly currency: string;
}

export function explainUsage(usage: UsageToExplain): AmountExplanation {
  const { charge, bucket, used, currency } = usage;
  const rated = ratedUsage(charge, used, currency);
  return { units: unitsSteps(usage, rated), ...explainRated(charge, bucket, rated, currency) };
}

/** The amount of units that are known. */
export function explainRated(
  charge: Charge,
  { properties }: ChargeBucket,
  rated: RatedUsage,
  currency: string,
): Omit<AmountExplanation, "units"> {
  const { charge_model, applied_pricing_unit } = charge;
  const money = moneyOf(currency, applied_pricing_unit);
  const parts = explainPrice(charge_model, properties, rated).map((part) => inWords(part, money));
  const isNothing = rated.units.lt(0) || price(charge_model, properties, rated).amount.lt(0);
  return explainAmount(parts, currency, applied_pricing_unit, { isNothing });
}

const COUNTED: Readonly<Record<BillableMetric["aggregation_type"], (field: string) => string>> = {
  count_agg: () => "Number of events",
  sum_agg: (field) => `Sum of ${field}`,
  max_agg: (field) => `Largest ${field}`,
  latest_agg: (field) => `Latest ${field}`,
  unique_count_agg: (field) => `Distinct values of ${field} at the end`,
  weighted_sum_agg: (field) => `Level of ${field}, for as long as it was held`,
  custom_agg: () => "Units of the metric's script",
};

function unitsSteps({ charge, used, proration }: UsageToExplain, rated: RatedUsage): UnitsStep[] {
  const metric = charge.billable_metric;
  const { units, full_units, total_aggregated_units } = used.usage;
  const name = COUNTED[metric.aggregation_type](metric.field_name ?? "");
  const level = total_aggregated_units === null ? "" : `; ${plain(total_aggregated_units)} at the end`;
  const steps: UnitsStep[] = [
    { step: "counted", units: full_units ?? units, text: `${name}: ${counted(full_units ?? units, "unit")}${level}` },
  ];
  if (full_units !== null && charge.pay_in_advance) {
    if (!full_units.eq(units)) steps.push(inAdvance(units));
  } else if (full_units !== null && proration !== null) {
    const { billed_days, period_days } = proration;
    const whole = `each for its days of the ${period_days}, what was carried over for ${billed_days}`;
    steps.push({
      step: "prorated",
      units,
      text: `Prorated, ${whole}: ${counted(units, "unit")} (rounded up at 5 decimals)`,
    });
  }
  if (!rated.units.eq(units)) {
    const places = metric.rounding_precision ?? 0;
    const how = `${ROUNDED[metric.rounding_function ?? "round"]} to ${counted(places, "decimal")}`;
    steps.push({ step: "rounded", units: rated.units, text: `${how}: ${counted(rated.units, "unit")}` });
  }
  if (rated.units.lt(0)) steps.push(notBelowZero(rated.units));
  return steps;
}

function inAdvance(units: Dec): UnitsStep {
  const text = `Charged in advance: ${counted(units, "unit")} with what was charged already and is not given back`;
  return { step: "in_advance", units, text };
}

const ROUNDED = { round: "Rounded", ceil: "Rounded up", floor: "Rounded down" } as const;

function notBelowZero(units: Dec): UnitsStep {
  return { step: "not_below_zero", units: max(units, ZERO), text: "Less than nothing counts as nothing" };
}
