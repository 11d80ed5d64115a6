/** What may be said of a customer, and what an upsert makes of it (1.2 and 1.3 of the subscriptions spec). Pure. */
import { asFlag } from "../http/schemas.ts";
import { timezoneNamed } from "../kernel/calendar.ts";
import { isCountry } from "../kernel/country.ts";
import { isCurrency } from "../kernel/currency.ts";
import { readEmails } from "../kernel/email.ts";
import type { Problem } from "../kernel/failure.ts";
import { isDocumentLocale } from "../kernel/language.ts";
import { NAME_LENGTH_MAX, storableText, trimmedTextOrNull } from "../kernel/text.ts";
import { type Making, METADATA_ENTRIES_MAX, readMetadata } from "./metadata.ts";
import type { CustomerChange, CustomerRow, MetadataEntry } from "./model.ts";
import type { AddressFields, CustomerFields } from "./schemas.ts";

const ACCOUNT_TYPES = ["customer", "partner"];
const ZERO_AMOUNT_POLICIES = ["inherit", "skip", "finalize"];
const ANCHORS = ["next_period_start", "current_period_end"];
const ADJUSTMENTS = ["align_with_finalization_date", "keep_anchor"];
const ADDRESS = ["address_line1", "address_line2", "city", "state", "zipcode", "country"] as const;

const FREE_TEXTS = [
  "name",
  "firstname",
  "lastname",
  "legal_name",
  "legal_number",
  "phone",
  "url",
  "logo_url",
  "tax_identification_number",
  "external_salesforce_id",
] as const;

/** The customer's id in its owner's system: trimmed, never blank. */
export function readExternalId(text: string | null, problems: Problem[]): string {
  const externalId = trimmedTextOrNull(text) ?? "";
  if (externalId === "") problems.push({ field: "external_id", code: "value_is_mandatory" });
  if (externalId.length > NAME_LENGTH_MAX) problems.push({ field: "external_id", code: "value_is_too_long" });
  return externalId;
}

/** "ORG-1234-007": the organization's prefix and the customer's number, of three digits at least. */
export function slugOf(prefix: string, sequentialId: bigint): string {
  return `${prefix}-${sequentialId.toString().padStart(3, "0")}`;
}

export interface CustomerRead {
  readonly change: CustomerChange;
  readonly problems: readonly Problem[];
}

/**
 * The columns that an upsert assigns: keys that are absent stay as they are, null clears. `current` is the customer
 * as it is stored, null for a new one.
 */
export function readCustomer(input: CustomerFields, current: CustomerRow | null, making: Making): CustomerRead {
  const first = firstProblem(input);
  if (first !== null) return { change: {}, problems: [first] };
  const problems: Problem[] = [];
  const change: CustomerChange = {
    ...readTexts(input, problems),
    ...readAddress(input, problems),
    ...readShippingAddress(input.shipping_address, problems),
    ...readPreferences(input, problems),
    ...readBillingConfiguration(input, problems),
    ...readSections(input, problems),
    ...readAccountType(input, current, problems),
  };
  if (input.metadata !== undefined) {
    const stored: readonly MetadataEntry[] = current?.metadata ?? [];
    change.metadata = readMetadata(input.metadata ?? [], stored, making, problems);
  }
  problems.push(...laterFeatures(input));
  return { change: Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)), problems };
}

/** These three are judged first, each alone (1.3 of the subscriptions spec). */
function firstProblem(input: CustomerFields): Problem | null {
  if ((input.metadata ?? []).length > METADATA_ENTRIES_MAX) return { field: "metadata", code: "invalid_count" };
  const policy = input.finalize_zero_amount_invoice;
  if (typeof policy === "string" && !ZERO_AMOUNT_POLICIES.includes(policy)) {
    return { field: "finalize_zero_amount_invoice", code: "invalid_value" };
  }
  const types = (input.integration_customers ?? []).map(({ integration_type }) => integration_type);
  if (new Set(types).size < types.length) {
    return { field: "integration_customers", code: "invalid_count_per_integration_type" };
  }
  return null;
}

function readTexts(input: CustomerFields, problems: Problem[]): CustomerChange {
  const change: CustomerChange = {};
  for (const field of FREE_TEXTS) {
    const text = input[field];
    if (text !== undefined) change[field] = text === null ? null : storableText(text);
  }
  if ((change.name ?? "").length > NAME_LENGTH_MAX) problems.push({ field: "name", code: "value_is_too_long" });
  if (input.email !== undefined) {
    const email = trimmedTextOrNull(input.email);
    change.email = email === null ? null : readEmails(email);
    if (email !== null && change.email === null) problems.push({ field: "email", code: "invalid_email_format" });
  }
  return change;
}

/** Blank is null; the country in upper case. */
function readAddress(input: AddressFields, problems: Problem[], countryField = "country") {
  const address: Partial<Record<(typeof ADDRESS)[number], string | null>> = {};
  for (const field of ADDRESS) {
    if (input[field] !== undefined) address[field] = trimmedTextOrNull(input[field]);
  }
  if (typeof address.country === "string") {
    address.country = address.country.toUpperCase();
    if (!isCountry(address.country)) problems.push({ field: countryField, code: "not_a_valid_country_code" });
  }
  return address;
}

/** Key by key; null clears it as a whole. */
function readShippingAddress(input: CustomerFields["shipping_address"], problems: Problem[]): CustomerChange {
  if (input === undefined) return {};
  const given = input ?? Object.fromEntries(ADDRESS.map((field) => [field, null]));
  const address = readAddress(given, problems, "shipping_country");
  return Object.fromEntries(Object.entries(address).map(([field, value]) => [`shipping_${field}`, value]));
}

function readPreferences(input: CustomerFields, problems: Problem[]): CustomerChange {
  const { currency, timezone, customer_type, net_payment_term: term, finalize_zero_amount_invoice: policy } = input;
  if (typeof currency === "string" && !isCurrency(currency)) {
    problems.push({ field: "currency", code: "value_is_invalid" });
  }
  const zone = typeof timezone === "string" ? timezoneNamed(timezone) : timezone;
  if (typeof timezone === "string" && zone === null) problems.push({ field: "timezone", code: "invalid_timezone" });
  if (typeof customer_type === "string" && !["company", "individual"].includes(customer_type)) {
    problems.push({ field: "customer_type", code: "value_is_invalid" });
  }
  if (typeof term === "number" && term < 0) problems.push({ field: "net_payment_term", code: "value_is_out_of_range" });
  return {
    currency,
    timezone: zone,
    customer_type,
    net_payment_term: term,
    finalize_zero_amount_invoice: policy === null ? "inherit" : policy,
  };
}

function readBillingConfiguration(input: CustomerFields, problems: Problem[]): CustomerChange {
  const configuration = input.billing_configuration ?? {};
  const { document_locale: locale, invoice_grace_period: gracePeriod } = configuration;
  if (typeof locale === "string" && !isDocumentLocale(locale)) {
    problems.push({ field: "document_locale", code: "not_a_valid_language_code" });
  }
  if (typeof gracePeriod === "number" && gracePeriod !== 0) {
    const code = gracePeriod < 0 ? "value_is_out_of_range" : "not_supported_yet";
    problems.push({ field: "invoice_grace_period", code });
  }
  const oneOf = (field: "anchor" | "adjustment", values: readonly string[]) => {
    const name = `subscription_invoice_issuing_date_${field}` as const;
    const value = configuration[name];
    if (typeof value === "string" && !values.includes(value)) problems.push({ field: name, code: "value_is_invalid" });
    return value;
  };
  return {
    document_locale: locale,
    invoice_grace_period: gracePeriod,
    subscription_invoice_issuing_date_anchor: oneOf("anchor", ANCHORS),
    subscription_invoice_issuing_date_adjustment: oneOf("adjustment", ADJUSTMENTS),
  };
}

/**
 * Fixed once the customer is used: another value is then ignored. A partner is nobody's debtor, so no dunning reaches it; for
 * others that is asked for by itself.
 */
function readAccountType(input: CustomerFields, current: CustomerRow | null, problems: Problem[]): CustomerChange {
  const { account_type: type, exclude_from_dunning_campaign: excluded } = input;
  const isFixed = current?.used ?? false;
  if (typeof type === "string" && !isFixed && !ACCOUNT_TYPES.includes(type)) {
    problems.push({ field: "account_type", code: "value_is_invalid" });
  }
  const isGiven = typeof type === "string" && !isFixed;
  if (!isGiven && (excluded === undefined || excluded === null)) return {};
  const account_type = isGiven ? type : (current?.account_type ?? "customer");
  const isAsked = excluded !== undefined && excluded !== null && asFlag(excluded);
  return {
    ...(isGiven ? { account_type } : {}),
    exclude_from_dunning_campaign: isAsked || account_type === "partner",
  };
}

/** 1.8: no section exists yet that could be chosen, all of them can be declined. */
function readSections(input: CustomerFields, problems: Problem[]): CustomerChange {
  const { skip_invoice_custom_sections: skip } = input;
  const codes = input.invoice_custom_section_codes ?? [];
  const isSkipping = skip !== undefined && skip !== null && asFlag(skip);
  if (codes.length > 0) {
    problems.push(
      isSkipping
        ? { field: "invoice_custom_sections", code: "skip_sections_and_selected_ids_sent_together" }
        : { field: "invoice_custom_section_codes", code: "not_supported_yet" },
    );
  }
  return skip === undefined ? {} : { skip_invoice_custom_sections: isSkipping };
}

/** What the contract has and Weir not yet: refused, never silently ignored. */
function laterFeatures(input: CustomerFields): Problem[] {
  const problems: Problem[] = [];
  const later = (field: string) => problems.push({ field, code: "not_supported_yet" });
  const configuration = input.billing_configuration ?? {};
  for (const field of ["payment_provider", "payment_provider_code", "provider_customer_id"] as const) {
    if (typeof configuration[field] === "string" && configuration[field] !== "") later(field);
  }
  if ((configuration.provider_payment_methods ?? []).length > 0) later("provider_payment_methods");
  if ((input.integration_customers ?? []).length > 0) later("integration_customers");
  if (typeof input.applied_dunning_campaign_code === "string" && input.applied_dunning_campaign_code !== "") {
    later("applied_dunning_campaign_code");
  }
  return problems;
}
