/** The shapes of what belongs to a plan beside its charges. */
import {
  Cents,
  DateTime,
  Decimal,
  DecimalText,
  Flag,
  Meta,
  nullable,
  optional,
  Text,
  t,
  Uuid,
} from "../http/schemas.ts";
import { FIXED_CHARGE_MODELS } from "./rules/fixed-charge.ts";
import { INTERVALS } from "./rules/plan.ts";

const fixedChargeInput = {
  add_on_id: optional(Text),
  add_on_code: optional(Text),
  code: optional(Text),
  invoice_display_name: optional(Text),
  charge_model: optional(t.String({ description: FIXED_CHARGE_MODELS.join(", ") })),
  units: optional(Decimal),
  pay_in_advance: optional(Flag),
  prorated: optional(Flag),
  properties: optional(t.Record(t.String(), t.Unknown(), { description: "Prices: decimals as texts in major units" })),
  tax_codes: optional(t.Array(Text)),
  apply_units_immediately: optional(
    t.Union([t.Boolean(), t.Literal("true"), t.Literal("false")], {
      description: "Whether subscriptions get the units at once, or with their next period",
    }),
  ),
};
export const FixedChargeInput = t.Object({ id: optional(Text), ...fixedChargeInput });
export const FixedChargeBody = t.Object({
  fixed_charge: t.Object({ id: optional(Text), ...fixedChargeInput, cascade_updates: optional(Flag) }),
});
export const CommitmentInput = t.Object({
  amount_cents: optional(Cents),
  invoice_display_name: optional(Text),
  tax_codes: optional(t.Array(Text)),
});

export const ThresholdInput = t.Object({
  amount_cents: optional(Cents),
  threshold_display_name: optional(Text),
  recurring: optional(Flag),
});

export const MetadataInput = t.Record(t.String(), t.Unknown(), {
  description: "At most 50 keys of 100 characters; texts of at most 255, or null",
});
export const MetadataBody = t.Object({ metadata: nullable(MetadataInput) });
export const MetadataAnswer = nullable(t.Record(t.String(), nullable(t.String())));
export const OneMetadata = t.Object({ metadata: MetadataAnswer });

const oneOf = <T extends string>(values: readonly T[]) => t.Union(values.map((value) => t.Literal(value)));
const NoTaxes = t.Array(t.Unknown(), { description: "None yet" });

const RangeAnswer = t.Object({
  from_value: t.Union([t.Number(), t.String()]),
  to_value: t.Union([t.Number(), t.String(), t.Null()]),
  per_unit_amount: t.String(),
  flat_amount: t.String(),
});

export const FixedChargeAnswer = t.Object({
  lago_id: Uuid,
  lago_add_on_id: Uuid,
  code: t.String(),
  invoice_display_name: nullable(t.String()),
  add_on_code: t.String(),
  created_at: DateTime,
  charge_model: oneOf(FIXED_CHARGE_MODELS),
  pay_in_advance: t.Boolean(),
  prorated: t.Boolean(),
  properties: t.Object({
    amount: t.Optional(t.String()),
    graduated_ranges: t.Optional(t.Array(RangeAnswer)),
    volume_ranges: t.Optional(t.Array(RangeAnswer)),
  }),
  units: DecimalText,
  lago_parent_id: nullable(Uuid),
  taxes: NoTaxes,
});
export const OneFixedCharge = t.Object({ fixed_charge: FixedChargeAnswer });
export const ManyFixedCharges = t.Object({ fixed_charges: t.Array(FixedChargeAnswer), meta: Meta });
export const FixedChargeParams = t.Object({ code: t.String(), fixed_charge_code: t.String() });

export const CommitmentAnswer = t.Object({
  lago_id: Uuid,
  plan_code: t.String(),
  invoice_display_name: nullable(t.String()),
  amount_cents: t.Integer(),
  interval: oneOf(INTERVALS),
  created_at: DateTime,
  updated_at: DateTime,
  taxes: NoTaxes,
});

const applicableThreshold = {
  threshold_display_name: nullable(t.String()),
  amount_cents: t.Integer(),
  recurring: t.Boolean(),
};
export const ApplicableThresholdAnswer = t.Object(applicableThreshold);
export const ThresholdAnswer = t.Object({
  lago_id: Uuid,
  ...applicableThreshold,
  created_at: DateTime,
  updated_at: DateTime,
});
