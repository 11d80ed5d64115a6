/** Pricing units: what may be stored, and what of it may still change (12.1 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableTextOrNull } from "../../kernel/text.ts";

/** What a request says of a pricing unit: absent keys are undefined. */
export interface PricingUnitInput {
  readonly code?: string | null;
  readonly name?: string | null;
  readonly short_name?: string | null;
  readonly description?: string | null;
}

export interface PricingUnitTerms {
  readonly code: string;
  readonly name: string;
  readonly short_name: string;
  readonly description: string | null;
}

export interface PricingUnitReading {
  readonly terms: PricingUnitTerms;
  readonly problems: readonly Problem[];
}

const SHORT_NAME_LENGTH_MAX = 3;
const DESCRIPTION_LENGTH_MAX = 600;

const NEW_UNIT: PricingUnitTerms = { code: "", name: "", short_name: "", description: null };

export function readNewPricingUnit(input: PricingUnitInput): PricingUnitReading {
  return readUnit(input, NEW_UNIT);
}

/** The code is fixed: another one is ignored. */
export function readChangedPricingUnit(input: PricingUnitInput, before: PricingUnitTerms): PricingUnitReading {
  return readUnit({ ...input, code: before.code }, before);
}

function readUnit(input: PricingUnitInput, before: PricingUnitTerms): PricingUnitReading {
  const problems: Problem[] = [];
  const text = (field: keyof PricingUnitTerms) =>
    input[field] === undefined ? before[field] : storableTextOrNull(input[field]);
  const mandatory = (field: "code" | "name" | "short_name", lengthMax: number): string => {
    const value = text(field) ?? "";
    if (value === "") problems.push({ field, code: "value_is_mandatory" });
    else if (value.length > lengthMax) problems.push({ field, code: "value_is_too_long" });
    return value;
  };
  const code = mandatory("code", NAME_LENGTH_MAX);
  const name = mandatory("name", NAME_LENGTH_MAX);
  const short_name = mandatory("short_name", SHORT_NAME_LENGTH_MAX);
  const description = text("description");
  if ((description?.length ?? 0) > DESCRIPTION_LENGTH_MAX) {
    problems.push({ field: "description", code: "value_is_too_long" });
  }
  return { terms: { code, name, short_name, description }, problems };
}
