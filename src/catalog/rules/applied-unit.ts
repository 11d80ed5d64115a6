/** The pricing unit that a charge's prices are in (12.1 of the metering spec). */
import { type Dec, parseDecimal, round } from "../../kernel/decimal.ts";
import type { Problem } from "../../kernel/failure.ts";
import type { AppliedPricingUnit, PricingUnit } from "../model.ts";

export interface AppliedUnitInput {
  readonly code?: string | null;
  readonly conversion_rate?: unknown;
}

/** The organization's pricing units by code. */
export type UnitsByCode = ReadonlyMap<string, PricingUnit>;

export interface AppliedUnitReading {
  readonly unit: AppliedPricingUnit | null;
  readonly problems: readonly Problem[];
}

export interface RateReading {
  readonly rate: Dec | null;
  readonly problems: readonly Problem[];
}

const RATE_DECIMALS_MAX = 15;
const RATE_MAX = 1_000_000_000_000_000;

/** Above zero, and with no more decimals than are kept. */
export function readConversionRate(given: unknown): RateReading {
  const refused = (code: string): RateReading => ({ rate: null, problems: [{ field: "conversion_rate", code }] });
  if (given === null || given === undefined || given === "") return refused("value_is_mandatory");
  const parsed = parseDecimal(given);
  if (parsed === null) return refused("value_is_invalid");
  const rate = round(parsed, RATE_DECIMALS_MAX);
  return rate.lte(0) || rate.gt(RATE_MAX) ? refused("value_is_out_of_range") : { rate, problems: [] };
}

/** What a new charge names; an unknown code or a rate that is none is refused. */
export function readAppliedUnit(input: AppliedUnitInput | null | undefined, units: UnitsByCode): AppliedUnitReading {
  if (Object.keys(input ?? {}).length === 0) return { unit: null, problems: [] };
  const known = units.get(input?.code ?? "");
  if (known === undefined) return { unit: null, problems: [{ field: "pricing_unit", code: "relation_must_exist" }] };
  const { rate, problems } = readConversionRate(input?.conversion_rate);
  if (rate === null) return { unit: null, problems };
  const { id, code, short_name } = known;
  return { unit: { pricing_unit_id: id, code, short_name, conversion_rate: rate }, problems: [] };
}
