/** What the routes of organizations and billing entities take and answer. */
import type { Static } from "typebox";
import { DateTime, Flag, Int, nullable, optional, Text, t, Uuid } from "../http/schemas.ts";

const BillingConfiguration = t.Object({
  invoice_footer: optional(Text),
  invoice_grace_period: optional(Int),
  document_locale: optional(Text),
  subscription_invoice_issuing_date_anchor: optional(Text),
  subscription_invoice_issuing_date_adjustment: optional(Text),
});

/** The settings that organizations and billing entities have in common. */
export const Settings = {
  default_currency: optional(Text),
  timezone: optional(Text),
  country: optional(Text),
  address_line1: optional(Text),
  address_line2: optional(Text),
  city: optional(Text),
  state: optional(Text),
  zipcode: optional(Text),
  email: optional(Text),
  phone: optional(Text),
  legal_name: optional(Text),
  legal_number: optional(Text),
  tax_identification_number: optional(Text),
  net_payment_term: optional(Int),
  document_numbering: optional(Text),
  document_number_prefix: optional(Text),
  finalize_zero_amount_invoice: optional(Flag),
  email_settings: optional(t.Array(Text, { maxItems: 100 })),
  billing_configuration: optional(BillingConfiguration),
  eu_tax_management: optional(Flag),
  einvoicing: optional(Flag),
  logo: optional(t.String()),
  webhook_url: optional(Text),
  applied_dunning_campaign_code: optional(Text),
  tax_codes: optional(t.Array(Text, { maxItems: 1000 })),
  invoice_custom_section_codes: optional(t.Array(Text, { maxItems: 1000 })),
};

const SettingsObject = t.Object(Settings);
export type SettingsInput = Static<typeof SettingsObject>;

export const OrganizationInput = t.Object({ slug: optional(Text), ...Settings });
export const BillingEntityInput = t.Object({ code: nullable(Text), name: nullable(Text), ...Settings });
export const BillingEntityUpdate = t.Object({ name: optional(Text), ...Settings });

const Address = {
  address_line1: nullable(t.String()),
  address_line2: nullable(t.String()),
  city: nullable(t.String()),
  state: nullable(t.String()),
  zipcode: nullable(t.String()),
  country: nullable(t.String()),
};

const Legal = {
  email: nullable(t.String()),
  legal_name: nullable(t.String()),
  legal_number: nullable(t.String()),
  tax_identification_number: nullable(t.String()),
};

/** No tax and no section exists yet. */
const None = t.Array(t.Unknown(), { maxItems: 0 });

export const OrganizationAnswer = t.Object({
  lago_id: Uuid,
  name: t.String(),
  slug: t.String(),
  created_at: DateTime,
  webhook_url: t.Null(),
  webhook_urls: t.Array(t.String()),
  default_currency: t.String(),
  ...Address,
  ...Legal,
  timezone: t.String(),
  net_payment_term: t.Integer(),
  email_settings: t.Array(t.String()),
  document_numbering: t.Union([t.Literal("per_customer"), t.Literal("per_organization")]),
  document_number_prefix: t.String(),
  finalize_zero_amount_invoice: t.Boolean(),
  billing_configuration: t.Object({
    invoice_footer: nullable(t.String()),
    invoice_grace_period: t.Integer(),
    document_locale: t.String(),
  }),
  events_store: t.Literal("postgres"),
  taxes: None,
});

const billingEntity = {
  lago_id: Uuid,
  code: t.String(),
  name: t.String(),
  default_currency: t.String(),
  document_locale: t.String(),
  document_numbering: t.Union([t.Literal("per_customer"), t.Literal("per_billing_entity")]),
  document_number_prefix: t.String(),
  finalize_zero_amount_invoice: t.Boolean(),
  invoice_footer: nullable(t.String()),
  invoice_grace_period: t.Integer(),
  subscription_invoice_issuing_date_anchor: t.String(),
  subscription_invoice_issuing_date_adjustment: t.String(),
  is_default: t.Boolean(),
  net_payment_term: t.Integer(),
  ...Address,
  ...Legal,
  phone: nullable(t.String()),
  timezone: t.String(),
  email_settings: t.Array(t.String()),
  eu_tax_management: t.Boolean(),
  einvoicing: t.Boolean(),
  logo_url: nullable(t.String()),
  created_at: DateTime,
  updated_at: DateTime,
};

export const BillingEntityAnswer = t.Object(billingEntity);
export const BillingEntityExtendedAnswer = t.Object({
  ...billingEntity,
  taxes: None,
  selected_invoice_custom_sections: None,
});
