/** One charge of a plan: what may be stored, and what still changes once a subscription was on the plan (4.1, 4.6 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableTextOrNull } from "../../kernel/text.ts";
import type { AppliedPricingUnit, BillableMetric, ChargeModel, ChargeProperties } from "../model.ts";
import { type AppliedUnitInput, readAppliedUnit, readConversionRate, type UnitsByCode } from "./applied-unit.ts";
import { type FilterInput, type FilterTerms, readFilterList } from "./charge-filters.ts";
import { compatibilityProblems } from "./matrix.ts";
import { defaultProperties, readProperties } from "./properties.ts";

export const CHARGE_MODELS = Object.keys(defaultProperties) as ChargeModel[];

/** What a request says of a charge: absent keys are undefined. */
export interface ChargeInput {
  readonly id?: string | null;
  readonly billable_metric_id?: string | null;
  readonly code?: string | null;
  readonly charge_model?: string | null;
  readonly pay_in_advance?: boolean | null;
  readonly prorated?: boolean | null;
  readonly invoiceable?: boolean | null;
  readonly regroup_paid_fees?: string | null;
  readonly min_amount_cents?: bigint | null;
  readonly invoice_display_name?: string | null;
  readonly properties?: Readonly<Record<string, unknown>> | null;
  readonly accepts_target_wallet?: boolean | null;
  readonly filters?: readonly FilterInput[] | null;
  readonly tax_codes?: readonly string[] | null;
  readonly applied_pricing_unit?: AppliedUnitInput | null;
}

export interface ChargeTerms {
  /** Null: to be made from the metric's code. */
  readonly code: string | null;
  readonly charge_model: ChargeModel;
  readonly pay_in_advance: boolean;
  readonly prorated: boolean;
  readonly invoiceable: boolean;
  readonly regroup_paid_fees: "invoice" | null;
  readonly min_amount_cents: bigint;
  readonly accepts_target_wallet: boolean;
  readonly invoice_display_name: string | null;
  readonly properties: ChargeProperties;
  /** Null: as they are. */
  readonly filters: readonly FilterTerms[] | null;
  readonly applied_pricing_unit: AppliedPricingUnit | null;
  readonly billable_metric: BillableMetric;
}

export interface ChargeReading {
  readonly terms: ChargeTerms;
  readonly problems: readonly Problem[];
}

const MIN_AMOUNT_CENTS_MAX = 1_000_000_000_000_000n;

type Refuse = (field: string, code: string) => void;

export function readNewCharge(input: ChargeInput, metric: BillableMetric, units: UnitsByCode): ChargeReading {
  const problems: Problem[] = [];
  const refuse: Refuse = (field, code) => problems.push({ field, code });
  const traits = readTraits({ ...input, charge_model: input.charge_model ?? "" }, null, refuse);
  const applied = readAppliedUnit(input.applied_pricing_unit, units);
  const terms = { code: readCode(input, refuse), billable_metric: metric, ...traits, filters: [] };
  problems.push(...applied.problems);
  return finish(input, { ...terms, applied_pricing_unit: applied.unit }, problems);
}

/**
 * The given keys over what the charge was; absent properties are reset to the model's defaults, an absent display name or
 * minimum to none. On an attached plan only names, prices and filters change. A pricing unit is never added or exchanged
 * later, that is ignored; its rate may change.
 */
export function readChangedCharge(
  input: ChargeInput,
  before: ChargeTerms,
  metric: BillableMetric,
  isAttached: boolean,
): ChargeReading {
  const problems: Problem[] = [];
  const refuse: Refuse = (field, code) => problems.push({ field, code });
  const rated = { applied_pricing_unit: readChangedRate(input, before.applied_pricing_unit, problems) };
  const accepts_target_wallet = input.accepts_target_wallet ?? before.accepts_target_wallet;
  if (isAttached) return finish(input, { ...before, ...rated, accepts_target_wallet }, problems);
  const traits = readTraits(input, before, refuse);
  const code = readCode(input, refuse) ?? before.code;
  return finish(input, { ...before, ...rated, ...traits, code, billable_metric: metric }, problems);
}

function readChangedRate(
  { applied_pricing_unit: input }: ChargeInput,
  before: AppliedPricingUnit | null,
  problems: Problem[],
): AppliedPricingUnit | null {
  const isGiven = input?.conversion_rate !== null && input?.conversion_rate !== undefined;
  if (before === null || !isGiven) return before;
  const { rate, problems: found } = readConversionRate(input.conversion_rate);
  problems.push(...found);
  return rate === null ? before : { ...before, conversion_rate: rate };
}

function readCode({ code }: ChargeInput, refuse: Refuse): string | null {
  const text = storableTextOrNull(code);
  if (text !== null && text.length > NAME_LENGTH_MAX) refuse("code", "value_is_too_long");
  return text;
}

const NEW_CHARGE = {
  pay_in_advance: false,
  prorated: false,
  invoiceable: true,
  regroup_paid_fees: null,
  accepts_target_wallet: false,
} as const;

function readTraits(input: ChargeInput, before: ChargeTerms | null, refuse: Refuse) {
  const known = before ?? NEW_CHARGE;
  const { charge_model, regroup_paid_fees, min_amount_cents } = input;
  const model = CHARGE_MODELS.find((name) => name === charge_model) ?? null;
  if (model === null && charge_model === "") refuse("charge_model", "value_is_mandatory");
  else if (model === null && !isAbsent(charge_model)) refuse("charge_model", "value_is_invalid");
  if (!isAbsent(regroup_paid_fees) && regroup_paid_fees !== "invoice") refuse("regroup_paid_fees", "value_is_invalid");
  if ((min_amount_cents ?? 0n) > MIN_AMOUNT_CENTS_MAX) refuse("min_amount_cents", "value_is_out_of_range");
  return {
    charge_model: model ?? before?.charge_model ?? "standard",
    pay_in_advance: input.pay_in_advance ?? known.pay_in_advance,
    prorated: input.prorated ?? known.prorated,
    invoiceable: input.invoiceable ?? known.invoiceable,
    regroup_paid_fees: readRegrouping(regroup_paid_fees, known.regroup_paid_fees),
    min_amount_cents: min_amount_cents ?? 0n,
    accepts_target_wallet: input.accepts_target_wallet ?? known.accepts_target_wallet,
  };
}

function readRegrouping(given: string | null | undefined, known: "invoice" | null): "invoice" | null {
  if (given === undefined) return known;
  return given === "invoice" ? given : null;
}

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;
const isEmpty = (value: object | null | undefined): boolean => isAbsent(value) || Object.keys(value).length === 0;

function finish(
  input: ChargeInput,
  traits: Omit<ChargeTerms, "invoice_display_name" | "properties">,
  found: readonly Problem[],
): ChargeReading {
  const problems = [...found];
  const { charge_model, billable_metric } = traits;
  const { properties, codes } = isEmpty(input.properties)
    ? { properties: defaultProperties[charge_model], codes: [] }
    : readProperties(charge_model, input.properties ?? {}, {
        isCustomMetric: billable_metric.aggregation_type === "custom_agg",
      });
  // Without a model there is nothing to hold the rest against.
  if (!problems.some(({ field }) => field === "charge_model")) {
    problems.push(...compatibilityProblems(traits, billable_metric));
    problems.push(...codes.map((code) => ({ field: "properties", code })));
  }
  // Filters that stay must still fit: the model or the metric may be another one now.
  const filters = readFilterList(input.filters ?? traits.filters ?? [], traits);
  if (problems.length === 0) problems.push(...filters.problems);
  return {
    terms: {
      ...traits,
      invoice_display_name: storableTextOrNull(input.invoice_display_name),
      properties,
      filters: isAbsent(input.filters) ? null : filters.filters,
    },
    problems,
  };
}
