/**
 * Rating: units → amounts. The charge models as pure functions.
 * Owns no table. Does not own how units are counted, nor rounding to minor units.
 */
export type * from "./model.ts";
export { isRatedModel, type ParsedProperties, parseProperties, price, seriesNeeded } from "./rules/charge-models.ts";
export { roundUnits } from "./rules/round-units.ts";
