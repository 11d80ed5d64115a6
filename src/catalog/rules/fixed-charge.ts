/** One fixed charge of a plan: what may be stored, and what still changes later (10.3 of the metering spec). */
import { type Dec, parseDecimal, round, ZERO } from "../../kernel/decimal.ts";
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableTextOrNull } from "../../kernel/text.ts";
import type { AddOn, ChargeProperties, FixedCharge, FixedChargeModel } from "../model.ts";
import { defaultProperties, readProperties } from "./properties.ts";

export const FIXED_CHARGE_MODELS = ["standard", "graduated", "volume"] as const satisfies readonly FixedChargeModel[];

/** What a request says of a fixed charge: absent keys are undefined. */
export interface FixedChargeInput {
  readonly id?: string | null;
  readonly add_on_id?: string | null;
  readonly add_on_code?: string | null;
  readonly code?: string | null;
  readonly invoice_display_name?: string | null;
  readonly charge_model?: string | null;
  readonly units?: unknown;
  readonly pay_in_advance?: boolean | null;
  readonly prorated?: boolean | null;
  readonly properties?: Readonly<Record<string, unknown>> | null;
  readonly tax_codes?: readonly string[] | null;
  readonly apply_units_immediately?: boolean | null;
}

export interface FixedChargeTerms {
  /** Null: to be made from the add-on's code. */
  readonly code: string | null;
  readonly add_on: Pick<AddOn, "id" | "code">;
  readonly invoice_display_name: string | null;
  readonly charge_model: FixedChargeModel;
  readonly units: Dec;
  readonly pay_in_advance: boolean;
  readonly prorated: boolean;
  readonly properties: ChargeProperties;
}

export interface FixedChargeReading {
  readonly terms: FixedChargeTerms;
  readonly problems: readonly Problem[];
}

/** Units fit numeric(30, 10), and what they cost an amount. */
const UNITS_DIGITS_MAX = 15;
const UNITS_DECIMALS_MAX = 10;

type Refuse = (field: string, code: string) => void;

export function readNewFixedCharge(input: FixedChargeInput, addOn: Pick<AddOn, "id" | "code">): FixedChargeReading {
  const problems: Problem[] = [];
  const refuse: Refuse = (field, code) => problems.push({ field, code });
  const { charge_model, pay_in_advance, prorated } = input;
  if ((charge_model ?? "") === "") refuse("charge_model", "value_is_mandatory");
  return finish(
    input,
    {
      code: readCode(input, refuse),
      add_on: addOn,
      charge_model: readModel(charge_model, "standard", refuse),
      units: readUnits(input, ZERO, refuse),
      pay_in_advance: pay_in_advance ?? false,
      prorated: prorated ?? false,
    },
    problems,
  );
}

/**
 * Add-on, proration and payment time never change; model and code only while no subscription was on the plan. Absent units stay;
 * absent properties are reset to the model's defaults, an absent display name to none.
 */
export function readChangedFixedCharge(
  input: FixedChargeInput,
  before: FixedCharge,
  isAttached: boolean,
): FixedChargeReading {
  const problems: Problem[] = [];
  const refuse: Refuse = (field, code) => problems.push({ field, code });
  const { add_on, pay_in_advance, prorated } = before;
  return finish(
    input,
    {
      code: isAttached ? before.code : (readCode(input, refuse) ?? before.code),
      add_on,
      charge_model: isAttached ? before.charge_model : readModel(input.charge_model, before.charge_model, refuse),
      units: readUnits(input, before.units, refuse),
      pay_in_advance,
      prorated,
    },
    problems,
  );
}

function readCode({ code }: FixedChargeInput, refuse: Refuse): string | null {
  const text = storableTextOrNull(code);
  if (text !== null && text.length > NAME_LENGTH_MAX) refuse("code", "value_is_too_long");
  return text;
}

function readModel(given: string | null | undefined, known: FixedChargeModel, refuse: Refuse): FixedChargeModel {
  if ((given ?? "") === "") return known;
  const model = FIXED_CHARGE_MODELS.find((name) => name === given);
  if (model === undefined) refuse("charge_model", "value_is_invalid");
  return model ?? known;
}

/** Units from 0 on, with at most ten decimals. */
export function readUnits({ units }: Pick<FixedChargeInput, "units">, known: Dec, refuse: Refuse): Dec {
  if (units === null || units === undefined) return known;
  const read = parseDecimal(units);
  if (read === null || !read.eq(round(read, UNITS_DECIMALS_MAX))) refuse("units", "value_is_invalid");
  else if (read.lt(0) || read.gte(`1e${UNITS_DIGITS_MAX}`)) refuse("units", "value_is_out_of_range");
  return read ?? known;
}

const isEmpty = (value: object | null | undefined): boolean => Object.keys(value ?? {}).length === 0;

/** Fixed charges know no events, hence no groups. */
export function readFixedProperties(
  model: FixedChargeModel,
  given: Readonly<Record<string, unknown>>,
): { readonly properties: ChargeProperties; readonly codes: readonly string[] } {
  const { pricing_group_keys: _pricing, grouped_by: _grouped, presentation_group_keys: _shown, ...prices } = given;
  return readProperties(model, prices, { isCustomMetric: false });
}

function finish(
  input: FixedChargeInput,
  traits: Omit<FixedChargeTerms, "invoice_display_name" | "properties">,
  found: readonly Problem[],
): FixedChargeReading {
  const problems = [...found];
  const { charge_model, pay_in_advance, prorated } = traits;
  const { properties, codes } = isEmpty(input.properties)
    ? { properties: defaultProperties[charge_model], codes: [] }
    : readFixedProperties(charge_model, input.properties ?? {});
  // Without a model there is nothing to hold the rest against.
  if (!problems.some(({ field }) => field === "charge_model")) {
    if (pay_in_advance && charge_model === "volume") {
      problems.push({ field: "pay_in_advance", code: "invalid_charge_model" });
    }
    if (prorated && pay_in_advance && charge_model === "graduated") {
      problems.push({ field: "prorated", code: "invalid_charge_model" });
    }
    problems.push(...codes.map((code) => ({ field: "properties", code })));
  }
  return {
    terms: { ...traits, invoice_display_name: storableTextOrNull(input.invoice_display_name), properties },
    problems,
  };
}
