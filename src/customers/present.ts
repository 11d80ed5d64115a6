/** Customers → the contract's JSON, and their domain events. */
import type { DomainEvent } from "../jobs/index.ts";
import { toSeconds } from "../kernel/wire.ts";
import type { CustomerView, MetadataEntry } from "./model.ts";

/** As other resources show it. */
export function presentCustomer(customer: CustomerView) {
  return {
    lago_id: customer.id,
    sequential_id: customer.sequential_id,
    slug: customer.slug,
    external_id: customer.external_id,
    billing_entity_code: customer.billing_entity_code,
    name: customer.name,
    firstname: customer.firstname,
    lastname: customer.lastname,
    customer_type: customer.customer_type,
    account_type: customer.account_type,
    email: customer.email,
    phone: customer.phone,
    url: customer.url,
    logo_url: customer.logo_url,
    legal_name: customer.legal_name,
    legal_number: customer.legal_number,
    tax_identification_number: customer.tax_identification_number,
    address_line1: customer.address_line1,
    address_line2: customer.address_line2,
    city: customer.city,
    state: customer.state,
    zipcode: customer.zipcode,
    country: customer.country,
    currency: customer.currency,
    timezone: customer.timezone,
    applicable_timezone: customer.timezone ?? customer.billing_entity_timezone,
    net_payment_term: customer.net_payment_term,
    finalize_zero_amount_invoice: customer.finalize_zero_amount_invoice,
    skip_invoice_custom_sections: customer.skip_invoice_custom_sections,
    external_salesforce_id: customer.external_salesforce_id,
    billing_configuration: billingConfiguration(customer),
    shipping_address: {
      address_line1: customer.shipping_address_line1,
      address_line2: customer.shipping_address_line2,
      city: customer.shipping_city,
      state: customer.shipping_state,
      zipcode: customer.shipping_zipcode,
      country: customer.shipping_country,
    },
    metadata: (customer.metadata as readonly MetadataEntry[]).map((entry) => ({
      lago_id: entry.id,
      key: entry.key,
      value: entry.value,
      display_in_invoice: entry.display_in_invoice,
      created_at: toSeconds(Temporal.Instant.from(entry.created_at)),
    })),
    integration_customers: [],
    created_at: toSeconds(customer.created_at),
    updated_at: toSeconds(customer.updated_at),
  };
}

/** The contract has no null for the grace period and the language: those of the billing entity apply where they are missing. */
function billingConfiguration(customer: CustomerView) {
  const { invoice_grace_period, document_locale } = customer;
  return {
    ...(invoice_grace_period === null ? {} : { invoice_grace_period }),
    subscription_invoice_issuing_date_anchor: customer.subscription_invoice_issuing_date_anchor,
    subscription_invoice_issuing_date_adjustment: customer.subscription_invoice_issuing_date_adjustment,
    ...(document_locale === null ? {} : { document_locale }),
    provider_payment_methods: null,
  };
}

/** As its own routes show it. */
export function presentCustomerExtended(customer: CustomerView) {
  return { ...presentCustomer(customer), taxes: [], applicable_invoice_custom_sections: [], error_details: [] };
}

/** What happened to a customer, as other rooms are told. */
export function customerEvent(kind: string, customerId: string, payload: DomainEvent["payload"] = {}): DomainEvent {
  return { kind, subject_type: "customer", subject_id: customerId, payload };
}
