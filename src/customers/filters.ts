/** Which customers a list asks for. Pure. */
import { type Query, readFlag, readMap, readOneOf, readText, readTexts } from "../http/query.ts";
import { isCountry } from "../kernel/country.ts";
import { isCurrency } from "../kernel/currency.ts";
import type { Problem } from "../kernel/failure.ts";

/** Empty lists and nulls ask for nothing. */
export interface CustomerFilters {
  readonly search_term: string | null;
  readonly external_id: string | null;
  readonly account_types: readonly string[];
  readonly billing_entity_codes: readonly string[];
  readonly currencies: readonly string[];
  readonly countries: readonly string[];
  readonly states: readonly string[];
  readonly zipcodes: readonly string[];
  readonly has_tax_identification_number: boolean | null;
  readonly customer_type: string | null;
  readonly has_customer_type: boolean | null;
  /** Key → value; a blank value asks for customers without the key. */
  readonly metadata: Readonly<Record<string, string>>;
}

export function readFilters(query: Query, problems: Problem[]): CustomerFilters {
  const countries = readTexts(query, "countries").map((country) => country.toUpperCase());
  const currencies = readTexts(query, "currencies");
  const accountTypes = readTexts(query, "account_type");
  const demand = (field: string, isValid: boolean) => {
    if (!isValid) problems.push({ field, code: "value_is_invalid" });
  };
  demand("countries", countries.every(isCountry));
  demand("currencies", currencies.every(isCurrency));
  demand(
    "account_type",
    accountTypes.every((type) => type === "customer" || type === "partner"),
  );
  const customerType = readOneOf(query, "customer_type", ["company", "individual"], problems);
  const hasCustomerType = readFlag(query, "has_customer_type", problems);
  if (customerType !== null && hasCustomerType === false) {
    problems.push({ field: "customer_type", code: "value_must_be_blank" });
  }
  return {
    search_term: readText(query, "search_term"),
    external_id: readText(query, "external_id"),
    account_types: accountTypes,
    billing_entity_codes: readTexts(query, "billing_entity_codes"),
    currencies,
    countries,
    states: readTexts(query, "states"),
    zipcodes: readTexts(query, "zipcodes"),
    has_tax_identification_number: readFlag(query, "has_tax_identification_number", problems),
    customer_type: customerType,
    has_customer_type: hasCustomerType,
    metadata: readMap(query, "metadata"),
  };
}
