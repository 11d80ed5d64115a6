/** What a subscription may have of a charge on its own (10.6, 10.7 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { storableTextOrNull } from "../../kernel/text.ts";
import type { StoredCharge } from "../stored.ts";
import { readConversionRate } from "./applied-unit.ts";
import type { ChargeInput, ChargeReading } from "./charge.ts";
import { type FilterTerms, readFilterList } from "./charge-filters.ts";
import { type CodedCharge, changeOf, type Refused } from "./charge-list.ts";
import { compatibilityProblems } from "./matrix.ts";
import { readProperties } from "./properties.ts";

/** The keys of a charge that can be overridden; others are ignored. `id` is that of the plan's charge. */
export type ChargeOverride = Pick<
  ChargeInput,
  "id" | "properties" | "min_amount_cents" | "invoice_display_name" | "filters" | "tax_codes" | "applied_pricing_unit"
>;

const MIN_AMOUNT_CENTS_MAX = 1_000_000_000_000_000n;

/** The charge with what an override gives; whatever it does not name (or leaves empty) stays. */
export function readOverride(input: ChargeOverride, charge: StoredCharge): ChargeReading {
  const problems: Problem[] = [];
  const { properties, min_amount_cents, invoice_display_name, filters } = input;
  const prices = isBlank(properties)
    ? { properties: charge.properties, codes: [] }
    : readProperties(charge.charge_model, properties ?? {}, {
        isCustomMetric: charge.billable_metric.aggregation_type === "custom_agg",
      });
  const minimum = min_amount_cents ?? charge.min_amount_cents;
  if (minimum > MIN_AMOUNT_CENTS_MAX) problems.push({ field: "min_amount_cents", code: "value_is_out_of_range" });
  problems.push(...compatibilityProblems({ ...charge, min_amount_cents: minimum }, charge.billable_metric));
  problems.push(...prices.codes.map((code) => ({ field: "properties", code })));
  const rate = readRate(input, charge, problems);
  const list = readFilterList(filters ?? [], charge);
  if (problems.length === 0) problems.push(...list.problems);
  const terms = {
    ...charge,
    properties: prices.properties,
    min_amount_cents: minimum,
    invoice_display_name:
      invoice_display_name === undefined ? charge.invoice_display_name : storableTextOrNull(invoice_display_name),
    applied_pricing_unit: rate,
    filters: filters === undefined || filters === null ? null : list.filters,
  };
  return { terms, problems };
}

const isBlank = (value: object | null | undefined) => value === null || Object.keys(value ?? {}).length === 0;

function readRate(
  { applied_pricing_unit: input }: ChargeOverride,
  { applied_pricing_unit: unit }: StoredCharge,
  problems: Problem[],
) {
  if (unit === null || input?.conversion_rate === null || input?.conversion_rate === undefined) return unit;
  const { rate, problems: found } = readConversionRate(input.conversion_rate);
  problems.push(...found);
  return rate === null ? unit : { ...unit, conversion_rate: rate };
}

/** A charge as a child plan gets it. */
export interface OverriddenCharge {
  readonly source: StoredCharge;
  readonly terms: CodedCharge;
  /** Null: those of the source. */
  readonly filters: readonly FilterTerms[] | null;
}

export type OverridesReading = { readonly charges: readonly OverriddenCharge[] } | Refused;

/** Every charge of a plan with its override, found by the charge's id; overrides of unknown ids are ignored. The first that is refused decides. */
export function readOverrides(
  charges: readonly StoredCharge[],
  overrides: readonly ChargeOverride[],
): OverridesReading {
  const byId = new Map(overrides.map((override) => [override.id?.toLowerCase(), override]));
  const overridden: OverriddenCharge[] = [];
  for (const source of charges) {
    const override = byId.get(source.id);
    if (override === undefined) {
      overridden.push({ source, terms: source, filters: null });
      continue;
    }
    const { terms, problems } = readOverride(override, source);
    if (problems.length > 0) return { refusal: "validation_errors", problems };
    if ((override.tax_codes ?? []).length > 0) return { refusal: "tax_not_found", problems: [] };
    overridden.push({ source, terms: { ...terms, code: source.code }, filters: terms.filters });
  }
  return { charges: overridden };
}

export const overrideChange = (terms: ChargeReading["terms"], charge: StoredCharge) =>
  changeOf({ ...terms, code: charge.code }, charge);
