/** What may be said of an organization and its billing entities (C.1 and C.2 of the platform spec). Pure. */

import { asFlag } from "../http/schemas.ts";
import { timezoneNamed } from "../kernel/calendar.ts";
import { isCountry, isInEuropeanUnion } from "../kernel/country.ts";
import { isCurrency } from "../kernel/currency.ts";
import { readEmails } from "../kernel/email.ts";
import type { Problem } from "../kernel/failure.ts";
import { isDocumentLocale } from "../kernel/language.ts";
import { NAME_LENGTH_MAX, storableText, trimmedTextOrNull } from "../kernel/text.ts";
import type { BillingEntity, BillingEntityChange } from "./model.ts";
import type { SettingsInput } from "./schemas.ts";

export const EMAIL_SETTINGS: readonly string[] = [
  "invoice.finalized",
  "credit_note.created",
  "payment_receipt.created",
];

const FOOTER_LENGTH_MAX = 600;
const PREFIX_LENGTH_MAX = 10;

const ANCHORS = ["next_period_start", "current_period_end"];
const ADJUSTMENTS = ["align_with_finalization_date", "keep_anchor"];

/** Who reads the settings: the same ones have other names for an organization. */
export type SettingsOf = "organization" | "billing_entity";

/** What of the stored settings decides about a change. */
export type StoredSettings = Pick<BillingEntity, "country" | "eu_tax_management">;

export interface SettingsRead {
  readonly change: BillingEntityChange;
  readonly problems: readonly Problem[];
}

/**
 * The columns that a request assigns: keys that are absent stay as they are, null clears those that may be empty
 * and says nothing about those that may not. `current` is what is stored so far, null for a new entity.
 */
export function readSettings(of: SettingsOf, input: SettingsInput, current: StoredSettings | null): SettingsRead {
  const problems: Problem[] = [];
  const change: BillingEntityChange = {
    ...readTexts(input),
    ...readPlace(input, problems),
    ...readLocalization(input, problems),
    ...readNumbering(of, input, problems),
    ...readTerms(input, problems),
  };
  if (input.email_settings !== undefined) change.email_settings = readEmailSettings(input.email_settings, problems);
  const country = change.country === undefined ? (current?.country ?? null) : change.country;
  change.eu_tax_management = readEuTaxes(of, input, { country, isOn: current?.eu_tax_management ?? false }, problems);
  problems.push(...laterFeatures(input, country));
  return { change: given(change), problems };
}

/** Without the keys that say nothing. */
function given(change: BillingEntityChange): BillingEntityChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function stored(text: string | null | undefined): string | null | undefined {
  return typeof text === "string" ? storableText(text) : text;
}

function readTexts(input: SettingsInput): BillingEntityChange {
  return {
    legal_name: stored(input.legal_name),
    legal_number: stored(input.legal_number),
    tax_identification_number: stored(input.tax_identification_number),
    phone: stored(input.phone),
  };
}

function readPlace(input: SettingsInput, problems: Problem[]): BillingEntityChange {
  const line = (text: string | null | undefined) => (text === undefined ? undefined : trimmedTextOrNull(text));
  const country = line(input.country)?.toUpperCase() ?? line(input.country);
  if (typeof country === "string" && !isCountry(country)) {
    problems.push({ field: "country", code: "not_a_valid_country_code" });
  }
  return {
    address_line1: line(input.address_line1),
    address_line2: line(input.address_line2),
    city: line(input.city),
    state: line(input.state),
    zipcode: line(input.zipcode),
    country,
    email: input.email === undefined ? undefined : readEmail(input.email, problems),
  };
}

/** One address, or several between commas; null for none. */
export function readEmail(text: string | null | undefined, problems: Problem[]): string | null {
  const email = trimmedTextOrNull(text);
  if (email === null) return null;
  const emails = readEmails(email);
  if (emails === null) problems.push({ field: "email", code: "invalid_email_format" });
  return emails;
}

function readLocalization(input: SettingsInput, problems: Problem[]): BillingEntityChange {
  const currency = input.default_currency ?? undefined;
  if (currency !== undefined && !isCurrency(currency)) {
    problems.push({ field: "default_currency", code: "value_is_invalid" });
  }
  const timezone = typeof input.timezone === "string" ? timezoneNamed(input.timezone) : undefined;
  if (timezone === null) problems.push({ field: "timezone", code: "invalid_timezone" });
  const { invoice_footer: footer, document_locale } = input.billing_configuration ?? {};
  if (typeof document_locale === "string" && !isDocumentLocale(document_locale)) {
    problems.push({ field: "document_locale", code: "not_a_valid_language_code" });
  }
  if (typeof footer === "string" && footer.length > FOOTER_LENGTH_MAX) {
    problems.push({ field: "invoice_footer", code: "value_is_too_long" });
  }
  return {
    default_currency: currency,
    timezone: timezone ?? undefined,
    document_locale: document_locale ?? undefined,
    invoice_footer: stored(footer),
  };
}

function readNumbering(of: SettingsOf, input: SettingsInput, problems: Problem[]): BillingEntityChange {
  const { document_numbering: numbering, document_number_prefix } = input;
  const shared = of === "organization" ? "per_organization" : "per_billing_entity";
  if (typeof numbering === "string" && numbering !== "per_customer" && numbering !== shared) {
    problems.push({ field: "document_numbering", code: "value_is_invalid" });
  }
  const prefix =
    typeof document_number_prefix === "string" ? storableText(document_number_prefix).toUpperCase() : undefined;
  if (prefix === "") problems.push({ field: "document_number_prefix", code: "value_is_too_short" });
  if (prefix !== undefined && prefix.length > PREFIX_LENGTH_MAX) {
    problems.push({ field: "document_number_prefix", code: "value_is_too_long" });
  }
  return {
    document_numbering: numbering === shared ? "per_billing_entity" : (numbering ?? undefined),
    document_number_prefix: prefix,
  };
}

function readTerms(input: SettingsInput, problems: Problem[]): BillingEntityChange {
  const configuration = input.billing_configuration ?? {};
  const term = input.net_payment_term ?? undefined;
  if (term !== undefined && term < 0) problems.push({ field: "net_payment_term", code: "value_is_out_of_range" });
  const gracePeriod = configuration.invoice_grace_period ?? 0;
  if (gracePeriod !== 0) {
    const code = gracePeriod < 0 ? "value_is_out_of_range" : "not_supported_yet";
    problems.push({ field: "invoice_grace_period", code });
  }
  const oneOf = (field: "anchor" | "adjustment", values: readonly string[]) => {
    const name = `subscription_invoice_issuing_date_${field}` as const;
    const value = configuration[name] ?? undefined;
    if (value !== undefined && !values.includes(value)) problems.push({ field: name, code: "value_is_invalid" });
    return value;
  };
  const finalize = input.finalize_zero_amount_invoice ?? undefined;
  return {
    net_payment_term: term,
    invoice_grace_period: configuration.invoice_grace_period ?? undefined,
    subscription_invoice_issuing_date_anchor: oneOf("anchor", ANCHORS),
    subscription_invoice_issuing_date_adjustment: oneOf("adjustment", ADJUSTMENTS),
    finalize_zero_amount_invoice: finalize === undefined ? undefined : asFlag(finalize),
  };
}

function readEmailSettings(settings: readonly string[] | null, problems: Problem[]): string[] {
  const chosen = [...new Set(settings ?? [])];
  if (!chosen.every((setting) => EMAIL_SETTINGS.includes(setting))) {
    problems.push({ field: "email_settings", code: "unsupported_value" });
  }
  return chosen;
}

const E_INVOICING_COUNTRIES = ["FR", "DE"];

/** Only an entity of the Union has it. It cannot be switched on yet: customers would be given taxes that do not exist. */
function readEuTaxes(
  of: SettingsOf,
  { eu_tax_management: flag }: SettingsInput,
  { country, isOn }: { readonly country: string | null; readonly isOn: boolean },
  problems: Problem[],
): boolean | undefined {
  const isWanted = flag === undefined || flag === null ? isOn : asFlag(flag);
  const refuse = (code: string) => problems.push({ field: "eu_tax_management", code });
  if (isWanted && !isInEuropeanUnion(country)) {
    refuse(of === "organization" ? "org_must_be_in_eu" : "billing_entity_must_be_in_eu");
  } else if (isWanted && !isOn) refuse("not_supported_yet");
  return isWanted === isOn ? undefined : isWanted;
}

/** What the contract has and Weir not yet: refused, never silently ignored. */
function laterFeatures(input: SettingsInput, country: string | null): Problem[] {
  const problems: Problem[] = [];
  const later = (field: string) => problems.push({ field, code: "not_supported_yet" });
  if (isOn(input.einvoicing)) {
    if (country === null) problems.push({ field: "einvoicing", code: "country_must_be_present" });
    else if (!E_INVOICING_COUNTRIES.includes(country)) {
      problems.push({ field: "einvoicing", code: "country_not_supported" });
    } else later("einvoicing");
  }
  for (const field of ["logo", "webhook_url", "applied_dunning_campaign_code"] as const) {
    if (typeof input[field] === "string" && input[field] !== "") later(field);
  }
  if ((input.invoice_custom_section_codes ?? []).length > 0) later("invoice_custom_section_codes");
  return problems;
}

function isOn(flag: SettingsInput["einvoicing"]): boolean {
  return flag !== undefined && flag !== null && asFlag(flag);
}

/** A name or a code that must be there. */
export function readName(field: "name" | "code", text: string | null | undefined, problems: Problem[]): string {
  const name = trimmedTextOrNull(text) ?? "";
  if (name === "") problems.push({ field, code: "value_is_mandatory" });
  if (name.length > NAME_LENGTH_MAX) problems.push({ field, code: "value_is_too_long" });
  return name;
}
