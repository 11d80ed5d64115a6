/**
 * Rating: units → amounts. The charge models as pure functions.
 * Owns no table. Does not own how units are counted, nor rounding to minor units.
 */
export { explainPrice } from "./explain/explain.ts";
export type { PartKind, PricePart } from "./explain/model.ts";
export {
  type AllowanceTerms,
  allowanceTerms,
  areAllowancesOpen,
  areUsedAlike,
  type UsedAllowances,
  unusedAllowances,
  useAllowances,
} from "./in-advance/allowances.ts";
export { type EventPrice, type EventSeries, type EventUsage, priceOfEvent } from "./in-advance/event-price.ts";
export type * from "./model.ts";
export { needsPairs, type ParsedProperties, parseProperties, price, seriesNeeded } from "./rules/charge-models.ts";
export { roundUnits } from "./rules/round-units.ts";
