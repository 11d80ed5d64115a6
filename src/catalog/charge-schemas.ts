/** The shapes of charges and their filters, in plans and as resources of their own. */
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
import { CHARGE_MODELS } from "./rules/charge.ts";

const oneOf = <T extends string>(values: readonly T[]) => t.Union(values.map((value) => t.Literal(value)));

export const PropertiesInput = t.Record(t.String(), t.Unknown(), {
  description: "Prices: decimals as texts in major units",
});

const FilterValues = t.Record(t.String(), t.Unknown(), {
  description: "By key of the metric's filters: some of its values, or only __ALL_FILTER_VALUES__",
});

const filterInput = {
  invoice_display_name: optional(Text),
  properties: optional(PropertiesInput),
  values: optional(FilterValues),
};
export const FilterInput = t.Object(filterInput);

const chargeInput = {
  id: optional(Text),
  billable_metric_id: optional(Text),
  code: optional(Text),
  charge_model: optional(t.String({ description: CHARGE_MODELS.join(", ") })),
  pay_in_advance: optional(Flag),
  prorated: optional(Flag),
  invoiceable: optional(Flag),
  regroup_paid_fees: optional(t.String({ description: "invoice" })),
  min_amount_cents: optional(Cents),
  invoice_display_name: optional(Text),
  properties: optional(PropertiesInput),
  accepts_target_wallet: optional(Flag),
  filters: optional(t.Array(FilterInput)),
  tax_codes: optional(t.Array(Text)),
  applied_pricing_unit: optional(t.Object({ code: optional(Text), conversion_rate: optional(Decimal) })),
};
export const ChargeInput = t.Object(chargeInput);

const RangeAnswer = t.Object({
  from_value: t.Union([t.Number(), t.String()]),
  to_value: t.Union([t.Number(), t.String(), t.Null()]),
  per_unit_amount: t.Optional(t.String()),
  flat_amount: t.String(),
  fixed_amount: t.Optional(t.String()),
  rate: t.Optional(t.String()),
});

export const PropertiesAnswer = t.Object({
  amount: t.Optional(t.String()),
  free_units: t.Optional(t.Integer()),
  package_size: t.Optional(t.Integer()),
  rate: t.Optional(t.String()),
  fixed_amount: t.Optional(t.String()),
  free_units_per_events: t.Optional(t.Integer()),
  free_units_per_total_aggregation: t.Optional(t.String()),
  per_transaction_max_amount: t.Optional(t.String()),
  per_transaction_min_amount: t.Optional(t.String()),
  graduated_ranges: t.Optional(t.Array(RangeAnswer)),
  volume_ranges: t.Optional(t.Array(RangeAnswer)),
  graduated_percentage_ranges: t.Optional(t.Array(RangeAnswer)),
  pricing_group_keys: t.Optional(t.Array(t.String())),
  grouped_by: t.Optional(t.Array(t.String())),
  presentation_group_keys: t.Optional(t.Array(t.Object({ value: t.String(), options: t.Optional(t.Unknown()) }))),
  custom_properties: t.Optional(t.Unknown()),
});

const filterAnswer = {
  lago_id: Uuid,
  invoice_display_name: nullable(t.String()),
  properties: PropertiesAnswer,
  values: t.Record(t.String(), t.Array(t.String())),
};

export const ChargeAnswer = t.Object({
  lago_id: Uuid,
  lago_billable_metric_id: Uuid,
  code: t.String(),
  invoice_display_name: nullable(t.String()),
  billable_metric_code: t.String(),
  created_at: DateTime,
  charge_model: oneOf(CHARGE_MODELS),
  invoiceable: t.Boolean(),
  regroup_paid_fees: nullable(t.Literal("invoice")),
  pay_in_advance: t.Boolean(),
  prorated: t.Boolean(),
  min_amount_cents: t.Integer(),
  accepts_target_wallet: t.Boolean(),
  properties: PropertiesAnswer,
  applied_pricing_unit: nullable(t.Object({ conversion_rate: DecimalText, code: t.String() })),
  lago_parent_id: nullable(Uuid),
  filters: t.Array(t.Object(filterAnswer)),
  taxes: t.Array(t.Unknown(), { description: "None yet" }),
});

const cascade_updates = optional(Flag);

export const ChargeBody = t.Object({ charge: t.Object({ ...chargeInput, cascade_updates }) });
export const FilterBody = t.Object({ filter: t.Object({ ...filterInput, cascade_updates }) });

export const OneCharge = t.Object({ charge: ChargeAnswer });
export const ManyCharges = t.Object({ charges: t.Array(ChargeAnswer), meta: Meta });

const FilterAnswer = t.Object({ ...filterAnswer, charge_code: t.String() });
export const OneFilter = t.Object({ filter: FilterAnswer });
export const ManyFilters = t.Object({ filters: t.Array(FilterAnswer), meta: Meta });

/** What a subscription may have of a charge on its own. */
export const ChargeOverrideInput = t.Object({
  id: chargeInput.id,
  properties: chargeInput.properties,
  min_amount_cents: chargeInput.min_amount_cents,
  invoice_display_name: chargeInput.invoice_display_name,
  filters: chargeInput.filters,
  tax_codes: chargeInput.tax_codes,
  applied_pricing_unit: chargeInput.applied_pricing_unit,
});
export const ChargeOverrideBody = t.Object({ charge: ChargeOverrideInput });
