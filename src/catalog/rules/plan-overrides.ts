/** What one subscription may have of a plan on its own (10.6 of the metering spec, 2.10 of the subscriptions spec). */
import type { Dec } from "../../kernel/decimal.ts";
import type { Problem } from "../../kernel/failure.ts";
import { storableTextOrNull } from "../../kernel/text.ts";
import type { FixedCharge } from "../model.ts";
import type { StoredFixedCharge, StoredPlan } from "../stored.ts";
import type { Refused } from "./charge-list.ts";
import { type ChargeOverride, readOverrides } from "./charge-override.ts";
import { type CommitmentInput, readCommitment } from "./commitment.ts";
import { type FixedChargeInput, readFixedProperties, readUnits } from "./fixed-charge.ts";
import type { CodedFixedCharge } from "./fixed-charge-list.ts";
import { type PlanInput, type PlanReading, readChangedPlan, termsOf } from "./plan.ts";
import { readThresholds, type ThresholdInput } from "./thresholds.ts";

/** The keys of a fixed charge that can be overridden; others are ignored. `id` is that of the plan's own, or of its copy. */
export type FixedChargeOverride = Pick<
  FixedChargeInput,
  "id" | "charge_model" | "units" | "properties" | "invoice_display_name" | "tax_codes" | "apply_units_immediately"
>;

export interface PlanOverrides
  extends Pick<
    PlanInput,
    "name" | "description" | "invoice_display_name" | "amount_cents" | "amount_currency" | "trial_period"
  > {
  readonly tax_codes?: readonly string[] | null;
  readonly minimum_commitment?: CommitmentInput | null;
  readonly charges?: readonly ChargeOverride[] | null;
  readonly fixed_charges?: readonly FixedChargeOverride[] | null;
  readonly usage_thresholds?: readonly ThresholdInput[] | null;
}

const isGiven = (value: unknown) => value !== null && value !== undefined;

/** The plan's own terms with what is overridden; null overrides nothing. */
export function readOverriddenTerms(overrides: PlanOverrides, plan: StoredPlan): PlanReading {
  const { name, description, invoice_display_name, amount_cents, amount_currency, trial_period } = overrides;
  const terms = { name, description, invoice_display_name, amount_cents, amount_currency, trial_period };
  const given = Object.entries(terms).filter(([, value]) => isGiven(value));
  return readChangedPlan(Object.fromEntries(given), termsOf(plan), false);
}

/** A fixed charge with what an override gives; whatever it does not name (or leaves empty) stays. */
export function readFixedOverride(
  input: FixedChargeOverride,
  charge: StoredFixedCharge,
): { readonly terms: CodedFixedCharge; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const { properties, invoice_display_name } = input;
  const units = readUnits(input, charge.units, (field, code) => problems.push({ field, code }));
  const isBlank = Object.keys(properties ?? {}).length === 0;
  const prices = isBlank
    ? { properties: charge.properties, codes: [] }
    : readFixedProperties(charge.charge_model, properties ?? {});
  problems.push(...prices.codes.map((code) => ({ field: "properties", code })));
  const terms: CodedFixedCharge = {
    ...charge,
    units,
    properties: prices.properties,
    invoice_display_name:
      invoice_display_name === undefined ? charge.invoice_display_name : storableTextOrNull(invoice_display_name),
    applies_at_once: input.apply_units_immediately ?? false,
  };
  return { terms, problems };
}

/** A fixed charge as a child plan has it. */
export interface OverriddenFixedCharge {
  readonly source: StoredFixedCharge;
  readonly terms: CodedFixedCharge;
  /** Whether an override named it. */
  readonly isNamed: boolean;
}

export type FixedOverridesReading = { readonly charges: readonly OverriddenFixedCharge[] } | Refused;

/** Every fixed charge of a plan with its override, found by its id or its parent's; unknown ids are ignored. The first that is refused decides. */
export function readFixedOverrides(
  charges: readonly StoredFixedCharge[],
  overrides: readonly FixedChargeOverride[],
): FixedOverridesReading {
  const byId = new Map(overrides.map((override) => [override.id?.toLowerCase() ?? "", override]));
  const overridden: OverriddenFixedCharge[] = [];
  for (const source of charges) {
    const override = byId.get(source.id) ?? byId.get(source.parent_id ?? "-");
    if (override === undefined) {
      overridden.push({ source, terms: source, isNamed: false });
      continue;
    }
    const { charge_model } = override;
    if (isGiven(charge_model) && charge_model !== source.charge_model) {
      return { refusal: "cannot_override_charge_model", problems: [] };
    }
    const { terms, problems } = readFixedOverride(override, source);
    if (problems.length > 0) return { refusal: "validation_errors", problems };
    if ((override.tax_codes ?? []).length > 0) return { refusal: "tax_not_found", problems: [] };
    overridden.push({ source, terms, isNamed: true });
  }
  return { charges: overridden };
}

/** Everything that is wrong with values of the first part that has something wrong, before anything is written. */
export function checkPlanOverrides(plan: StoredPlan, overrides: PlanOverrides): readonly Problem[] {
  const charges = readOverrides(plan.charges, overrides.charges ?? []);
  const fixed = readFixedOverrides(plan.fixed_charges, overrides.fixed_charges ?? []);
  const parts: readonly (readonly Problem[])[] = [
    readOverriddenTerms(overrides, plan).problems,
    readThresholds(overrides.usage_thresholds ?? []).problems,
    "problems" in charges ? charges.problems : [],
    "problems" in fixed ? fixed.problems : [],
    readCommitment(overrides.minimum_commitment, null).problems,
  ];
  return parts.find(({ length }) => length > 0) ?? [];
}

const UNITS_KEYS = ["id", "units", "apply_units_immediately"];

/**
 * The overrides of fixed charges where a request overrides units alone: these become units of the subscription's own, and need no
 * child plan. Null where it overrides more, or nothing.
 */
export function unitsOnlyOverrides(overrides: PlanOverrides): readonly FixedChargeOverride[] | null {
  const keys = Object.entries(overrides).filter(([, value]) => isGiven(value));
  const entries = overrides.fixed_charges ?? [];
  if (keys.length !== 1 || entries.length === 0) return null;
  const isUnitsOnly = (entry: FixedChargeOverride) =>
    isGiven(entry.units) && Object.entries(entry).every(([key, value]) => !isGiven(value) || UNITS_KEYS.includes(key));
  return entries.every(isUnitsOnly) ? entries : null;
}

export interface OwnUnitsRead {
  readonly fixed_charge_id: string;
  readonly units: Dec;
}

/** Units of a subscription's own, by fixed charge of the plan. The first entry that is refused decides. */
export function readOwnUnits(
  charges: readonly FixedCharge[],
  entries: readonly FixedChargeOverride[],
): { readonly units: readonly OwnUnitsRead[] } | Refused {
  const units: OwnUnitsRead[] = [];
  for (const entry of entries) {
    const charge = charges.find(({ id }) => id === entry.id?.toLowerCase());
    if (charge === undefined) return { refusal: "fixed_charge_not_found", problems: [] };
    const problems: Problem[] = [];
    const read = readUnits(entry, charge.units, (field, code) => problems.push({ field, code }));
    if (problems.length > 0) return { refusal: "validation_errors", problems };
    units.push({ fixed_charge_id: charge.id, units: read });
  }
  return { units };
}

/** The overrides with the units that a subscription had of its own already, where they name none. */
export function withOwnUnits(
  overrides: PlanOverrides,
  charges: readonly FixedCharge[],
  ownUnits: (fixedChargeId: string) => Dec | null,
): PlanOverrides {
  const given = overrides.fixed_charges ?? [];
  const nameOf = (charge: FixedCharge) =>
    given.find(({ id }) => id?.toLowerCase() === charge.id || id?.toLowerCase() === charge.parent_id);
  const fixed_charges = charges.flatMap((charge): FixedChargeOverride[] => {
    const named = nameOf(charge);
    const units = ownUnits(charge.id)?.toFixed();
    if (named === undefined) return units === undefined ? [] : [{ id: charge.id, units }];
    return [isGiven(named.units) || units === undefined ? named : { ...named, units }];
  });
  return fixed_charges.length === 0 ? overrides : { ...overrides, fixed_charges };
}
