/** The shape of what a subscription has of its plan on its own. */
import type { Static } from "typebox";
import { Cents, Decimal, Flag, optional, Text, t } from "../http/schemas.ts";
import { centsOf, chargeOverrideOf } from "./charge-bodies.ts";
import { ChargeOverrideInput } from "./charge-schemas.ts";
import { commitmentInputOf, fixedChargeInputOf, thresholdInputOf } from "./fixed-charge-bodies.ts";
import { CommitmentInput, FixedChargeInput, ThresholdInput } from "./plan-part-schemas.ts";
import type { FixedChargeOverride, PlanOverrides } from "./rules/plan-overrides.ts";

const fixedCharge = FixedChargeInput.properties;

/** What a subscription may have of a fixed charge on its own. */
export const FixedChargeOverrideInput = t.Object({
  id: fixedCharge.id,
  charge_model: fixedCharge.charge_model,
  units: fixedCharge.units,
  apply_units_immediately: optional(Flag),
  invoice_display_name: fixedCharge.invoice_display_name,
  properties: fixedCharge.properties,
  tax_codes: fixedCharge.tax_codes,
});
export const FixedChargeOverrideBody = t.Object({ fixed_charge: FixedChargeOverrideInput });

/** `plan_overrides` of a subscription's request. */
export const PlanOverridesInput = t.Object({
  name: optional(Text),
  description: optional(Text),
  invoice_display_name: optional(Text),
  amount_cents: optional(Cents),
  amount_currency: optional(Text),
  trial_period: optional(Decimal),
  tax_codes: optional(t.Array(Text)),
  minimum_commitment: optional(CommitmentInput),
  charges: optional(t.Array(ChargeOverrideInput)),
  fixed_charges: optional(t.Array(FixedChargeOverrideInput)),
  usage_thresholds: optional(t.Array(ThresholdInput)),
});

/** Only what can be overridden of a fixed charge is read. */
export function fixedChargeOverrideOf(body: Static<typeof FixedChargeOverrideInput>): FixedChargeOverride {
  const { id, charge_model, units, apply_units_immediately, invoice_display_name, properties, tax_codes } = body;
  const given = { id, charge_model, units, apply_units_immediately, invoice_display_name, properties, tax_codes };
  const present = Object.entries(fixedChargeInputOf(given)).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present);
}

export function planOverridesOf(body: Static<typeof PlanOverridesInput>): PlanOverrides {
  const { name, description, invoice_display_name, amount_currency, trial_period, tax_codes } = body;
  const overrides: PlanOverrides = {
    ...{ name, description, invoice_display_name, amount_currency, trial_period, tax_codes },
    amount_cents: centsOf(body.amount_cents),
    minimum_commitment: body.minimum_commitment && commitmentInputOf(body.minimum_commitment),
    charges: body.charges?.map(chargeOverrideOf),
    fixed_charges: body.fixed_charges?.map(fixedChargeOverrideOf),
    usage_thresholds: body.usage_thresholds?.map(thresholdInputOf),
  };
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined && value !== null));
}
