/** What the routes of customers take and answer. */
import type { Static } from "typebox";
import { DateTime, Flag, Int, nullable, optional, Text, t, Uuid } from "../http/schemas.ts";

const address = {
  address_line1: optional(Text),
  address_line2: optional(Text),
  city: optional(Text),
  state: optional(Text),
  zipcode: optional(Text),
  country: optional(Text),
};
const AddressInput = t.Object(address);
export type AddressFields = Static<typeof AddressInput>;

export const MetadataInput = t.Array(
  t.Object({ id: optional(Text), key: optional(Text), value: optional(Text), display_in_invoice: optional(Flag) }),
  { maxItems: 1000 },
);

const BillingConfigurationInput = t.Object({
  invoice_grace_period: optional(Int),
  subscription_invoice_issuing_date_anchor: optional(Text),
  subscription_invoice_issuing_date_adjustment: optional(Text),
  document_locale: optional(Text),
  payment_provider: optional(Text),
  payment_provider_code: optional(Text),
  provider_customer_id: optional(Text),
  sync: optional(Flag),
  sync_with_provider: optional(Flag),
  provider_payment_methods: optional(t.Array(Text, { maxItems: 100 })),
});

const IntegrationCustomerInput = t.Object({ integration_type: optional(Text) });

const Codes = t.Array(Text, { maxItems: 1000 });

export const CustomerInput = t.Object({
  external_id: nullable(Text),
  billing_entity_code: optional(Text),
  name: optional(Text),
  firstname: optional(Text),
  lastname: optional(Text),
  customer_type: optional(Text),
  account_type: optional(Text),
  email: optional(Text),
  phone: optional(Text),
  url: optional(Text),
  logo_url: optional(Text),
  legal_name: optional(Text),
  legal_number: optional(Text),
  tax_identification_number: optional(Text),
  ...address,
  shipping_address: optional(AddressInput),
  currency: optional(Text),
  timezone: optional(Text),
  net_payment_term: optional(Int),
  finalize_zero_amount_invoice: optional(Text),
  external_salesforce_id: optional(Text),
  billing_configuration: optional(BillingConfigurationInput),
  metadata: optional(MetadataInput),
  tax_codes: optional(Codes),
  integration_customers: optional(t.Array(IntegrationCustomerInput, { maxItems: 100 })),
  skip_invoice_custom_sections: optional(Flag),
  invoice_custom_section_codes: optional(Codes),
  exclude_from_dunning_campaign: optional(Flag),
  applied_dunning_campaign_code: optional(Text),
});
/** All but what names the customer and its billing entity. */
export type CustomerFields = Omit<Static<typeof CustomerInput>, "external_id" | "billing_entity_code">;

const Address = t.Object({
  address_line1: nullable(t.String()),
  address_line2: nullable(t.String()),
  city: nullable(t.String()),
  state: nullable(t.String()),
  zipcode: nullable(t.String()),
  country: nullable(t.String()),
});

/** Where the contract knows no null, a setting that the customer does not have is left out. */
const BillingConfiguration = t.Object({
  invoice_grace_period: t.Optional(t.Integer()),
  subscription_invoice_issuing_date_anchor: nullable(t.String()),
  subscription_invoice_issuing_date_adjustment: nullable(t.String()),
  document_locale: t.Optional(t.String()),
  provider_payment_methods: t.Null(),
});

/** None of these exists yet. */
const None = t.Array(t.Unknown(), { maxItems: 0 });

const customer = {
  lago_id: Uuid,
  sequential_id: t.Integer(),
  slug: t.String(),
  external_id: t.String(),
  billing_entity_code: t.String(),
  name: nullable(t.String()),
  firstname: nullable(t.String()),
  lastname: nullable(t.String()),
  customer_type: nullable(t.Union([t.Literal("company"), t.Literal("individual")])),
  account_type: t.Union([t.Literal("customer"), t.Literal("partner")]),
  email: nullable(t.String()),
  phone: nullable(t.String()),
  url: nullable(t.String()),
  logo_url: nullable(t.String()),
  legal_name: nullable(t.String()),
  legal_number: nullable(t.String()),
  tax_identification_number: nullable(t.String()),
  address_line1: nullable(t.String()),
  address_line2: nullable(t.String()),
  city: nullable(t.String()),
  state: nullable(t.String()),
  zipcode: nullable(t.String()),
  country: nullable(t.String()),
  currency: nullable(t.String()),
  timezone: nullable(t.String()),
  applicable_timezone: t.String(),
  net_payment_term: nullable(t.Integer()),
  finalize_zero_amount_invoice: t.Union([t.Literal("inherit"), t.Literal("skip"), t.Literal("finalize")]),
  skip_invoice_custom_sections: t.Boolean(),
  external_salesforce_id: nullable(t.String()),
  billing_configuration: BillingConfiguration,
  shipping_address: Address,
  metadata: t.Array(
    t.Object({
      lago_id: Uuid,
      key: t.String(),
      value: t.String(),
      display_in_invoice: t.Boolean(),
      created_at: DateTime,
    }),
  ),
  integration_customers: None,
  created_at: DateTime,
  updated_at: DateTime,
};

/** A customer as other resources show it. */
export const CustomerAnswer = t.Object(customer);

/** A customer as its own routes show it. */
export const CustomerExtendedAnswer = t.Object({
  ...customer,
  taxes: None,
  applicable_invoice_custom_sections: None,
  error_details: None,
});

/** Where a customer enters a means of payment, at its payment provider. */
export const CheckoutUrlAnswer = t.Object({
  lago_customer_id: Uuid,
  external_customer_id: t.String(),
  payment_provider: t.String(),
  payment_provider_code: t.String(),
  checkout_url: t.String(),
});
