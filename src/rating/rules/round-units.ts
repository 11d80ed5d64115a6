import type { BillableMetric } from "../../catalog/index.ts";
import { ceil, type Dec, floor, round } from "../../kernel/decimal.ts";

/** Beyond this no aggregated quantity has a digit that a rounding could change. */
const PLACES_MAX = 100;

/** The metric's rounding of an aggregation's result, before it is priced (1.6 of the metering spec). */
export function roundUnits(
  units: Dec,
  { rounding_function, rounding_precision }: Pick<BillableMetric, "rounding_function" | "rounding_precision">,
): Dec {
  const places = Math.max(-PLACES_MAX, Math.min(PLACES_MAX, rounding_precision ?? 0));
  switch (rounding_function) {
    case null:
      return units;
    case "round":
      return round(units, places);
    case "ceil":
      return ceil(units, places);
    case "floor":
      return floor(units, places);
  }
}
