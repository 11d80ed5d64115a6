/** Rows of identity → the contract's JSON. */
import type { Static } from "typebox";
import { toSeconds, toSecondsOrNull } from "../kernel/wire.ts";
import type { ApiKey } from "./api-keys-store.ts";
import type { BillingEntity, OrganizationRow } from "./model.ts";
import { everyPermission } from "./permissions.ts";
import type { BillingEntityAnswer, BillingEntityExtendedAnswer, OrganizationAnswer } from "./schemas.ts";

function place(entity: BillingEntity) {
  const { address_line1, address_line2, city, state, zipcode, country } = entity;
  return { address_line1, address_line2, city, state, zipcode, country };
}

function legal(entity: BillingEntity) {
  const { email, legal_name, legal_number, tax_identification_number } = entity;
  return { email, legal_name, legal_number, tax_identification_number };
}

/** An organization shows the settings of the billing entity that shares its id. */
export function presentOrganization(
  organization: OrganizationRow,
  entity: BillingEntity,
): Static<typeof OrganizationAnswer> {
  return {
    lago_id: organization.id,
    name: organization.name,
    slug: organization.slug,
    created_at: toSeconds(organization.created_at),
    webhook_url: null,
    webhook_urls: [],
    default_currency: entity.default_currency,
    ...place(entity),
    ...legal(entity),
    timezone: entity.timezone,
    net_payment_term: entity.net_payment_term,
    email_settings: entity.email_settings,
    document_numbering: entity.document_numbering === "per_customer" ? "per_customer" : "per_organization",
    document_number_prefix: organization.document_number_prefix,
    finalize_zero_amount_invoice: entity.finalize_zero_amount_invoice,
    billing_configuration: {
      invoice_footer: entity.invoice_footer,
      invoice_grace_period: entity.invoice_grace_period,
      document_locale: entity.document_locale,
    },
    events_store: "postgres",
    taxes: [],
  };
}

export function presentBillingEntity(entity: BillingEntity, isDefault: boolean): Static<typeof BillingEntityAnswer> {
  return {
    lago_id: entity.id,
    code: entity.code,
    name: entity.name,
    default_currency: entity.default_currency,
    document_locale: entity.document_locale,
    document_numbering: entity.document_numbering === "per_customer" ? "per_customer" : "per_billing_entity",
    document_number_prefix: entity.document_number_prefix,
    finalize_zero_amount_invoice: entity.finalize_zero_amount_invoice,
    invoice_footer: entity.invoice_footer,
    invoice_grace_period: entity.invoice_grace_period,
    subscription_invoice_issuing_date_anchor: entity.subscription_invoice_issuing_date_anchor,
    subscription_invoice_issuing_date_adjustment: entity.subscription_invoice_issuing_date_adjustment,
    is_default: isDefault,
    net_payment_term: entity.net_payment_term,
    ...place(entity),
    ...legal(entity),
    phone: entity.phone,
    timezone: entity.timezone,
    email_settings: entity.email_settings,
    eu_tax_management: entity.eu_tax_management,
    einvoicing: false,
    logo_url: entity.logo_url,
    created_at: toSeconds(entity.created_at),
    updated_at: toSeconds(entity.updated_at),
  };
}

export function presentBillingEntityExtended(
  entity: BillingEntity,
  isDefault: boolean,
): Static<typeof BillingEntityExtendedAnswer> {
  return { ...presentBillingEntity(entity, isDefault), taxes: [], selected_invoice_custom_sections: [] };
}

export function presentApiKey(key: ApiKey) {
  return {
    lago_id: key.id,
    name: key.name,
    value_hint: key.value_hint,
    permissions: key.permissions ?? everyPermission(),
    expires_at: toSecondsOrNull(key.expires_at),
    last_used_at: toSecondsOrNull(key.last_used_at),
    created_at: toSeconds(key.created_at),
  };
}
