/** One charge of a plan: what may be stored, and what still changes once a subscription was on the plan (4.1, 4.6 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableTextOrNull } from "../../kernel/text.ts";
import type { BillableMetric, ChargeModel, ChargeProperties } from "../model.ts";
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
  readonly filters?: readonly unknown[] | null;
  readonly tax_codes?: readonly string[] | null;
  readonly applied_pricing_unit?: object | null;
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
  readonly invoice_display_name: string | null;
  readonly properties: ChargeProperties;
  readonly billable_metric: BillableMetric;
}

export interface ChargeReading {
  readonly terms: ChargeTerms;
  readonly problems: readonly Problem[];
}

const MIN_AMOUNT_CENTS_MAX = 1_000_000_000_000_000n;

type Refuse = (field: string, code: string) => void;

export function readNewCharge(input: ChargeInput, metric: BillableMetric): ChargeReading {
  const problems: Problem[] = [];
  const refuse: Refuse = (field, code) => problems.push({ field, code });
  const traits = readTraits({ ...input, charge_model: input.charge_model ?? "" }, null, refuse);
  if (!isEmpty(input.applied_pricing_unit)) refuse("pricing_unit", "relation_must_exist");
  return finish(input, { code: readCode(input, refuse), billable_metric: metric, ...traits }, problems);
}

/**
 * The given keys over what the charge was; absent properties are reset to the model's defaults, an absent display name or
 * minimum to none. On an attached plan only display name and properties change. A pricing unit is never added later: it is ignored.
 */
export function readChangedCharge(
  input: ChargeInput,
  before: ChargeTerms,
  metric: BillableMetric,
  isAttached: boolean,
): ChargeReading {
  if (isAttached) return finish(input, before, []);
  const problems: Problem[] = [];
  const refuse: Refuse = (field, code) => problems.push({ field, code });
  const traits = readTraits(input, before, refuse);
  return finish(input, { code: readCode(input, refuse) ?? before.code, billable_metric: metric, ...traits }, problems);
}

function readCode({ code }: ChargeInput, refuse: Refuse): string | null {
  const text = storableTextOrNull(code);
  if (text !== null && text.length > NAME_LENGTH_MAX) refuse("code", "value_is_too_long");
  return text;
}

const NEW_CHARGE = { pay_in_advance: false, prorated: false, invoiceable: true, regroup_paid_fees: null } as const;

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
  problems.push(...comingLater(input));
  return {
    terms: { ...traits, invoice_display_name: storableTextOrNull(input.invoice_display_name), properties },
    problems,
  };
}

function comingLater({ filters, accepts_target_wallet }: ChargeInput): Problem[] {
  const problems: Problem[] = [];
  if ((filters ?? []).length > 0) problems.push({ field: "filters", code: "not_supported_yet" });
  if (accepts_target_wallet === true) problems.push({ field: "accepts_target_wallet", code: "not_supported_yet" });
  return problems;
}
