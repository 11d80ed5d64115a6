/** Which VAT a customer pays (1.9 of the subscriptions spec). Pure. */
import { isInEuropeanUnion } from "../../kernel/country.ts";
import { EU_REVERSE_CHARGE, EU_TAX_EXEMPT, euStandardCode, euTerritoryCode } from "../../kernel/eu-vat.ts";
import { readVatNumber } from "./number.ts";

/** What of a customer decides. */
export interface VatFacts {
  readonly country: string | null;
  readonly zipcode: string | null;
  readonly tax_identification_number: string | null;
}

/** What of the customer's billing entity decides. */
export interface VatEntity {
  readonly id: string;
  readonly country: string | null;
  readonly eu_tax_management: boolean;
}

/** What is stored of a customer so far. */
export interface StoredVat extends VatFacts {
  readonly billing_entity_id: string;
  readonly eu_tax_code: string | null;
}

export interface VatDecision {
  /** Null takes the tax away; absent: it stays as it is. */
  readonly eu_tax_code?: string | null;
  /** The number that VIES is to be asked about; null: an open question has become idle; absent: nothing is asked, nor taken back. */
  readonly ask?: string | null;
}

const hasNumber = ({ tax_identification_number: number }: VatFacts) => (number ?? "").trim() !== "";

/** Rule 1: a territory of a member. France's only count for those who show a number. */
function territoryOf({ country, zipcode, tax_identification_number }: VatFacts): string | null {
  if (country === null || (country === "FR" && readVatNumber(tax_identification_number) === null)) return null;
  return euTerritoryCode(country, zipcode);
}

/** Rules 3 to 5: what those pay who show no number, or none that is anybody's. */
export function vatByCountry({ country }: VatFacts, entity: VatEntity): string {
  if (country === null) return euStandardCode(entity.country ?? "");
  return isInEuropeanUnion(country) ? euStandardCode(country) : EU_TAX_EXEMPT;
}

/** What a number is worth that VIES knows. The territory is one of the country that seller and buyer share. */
export function vatOfNumber(numberCountry: string, { zipcode }: VatFacts, entity: VatEntity): string {
  if (numberCountry !== entity.country) return EU_REVERSE_CHARGE;
  return euTerritoryCode(numberCountry, zipcode) ?? euStandardCode(numberCountry);
}

const DECIDING = ["country", "zipcode", "tax_identification_number"] as const;

/**
 * What an upsert makes of a customer's VAT; `stored` is null for a new one. `canAsk`: whether VIES is asked at all; else a
 * number counts for nothing.
 */
export function decideVat(
  facts: VatFacts,
  entity: VatEntity,
  stored: StoredVat | null,
  { canAsk }: { readonly canAsk: boolean },
): VatDecision {
  const hasMoved = stored !== null && stored.billing_entity_id !== entity.id;
  if (!entity.eu_tax_management) return hasMoved ? { eu_tax_code: null, ask: null } : {};
  const isDue =
    stored === null ||
    hasMoved ||
    stored.eu_tax_code === null ||
    DECIDING.some((field) => facts[field] !== stored[field]);
  if (!isDue) return {};
  const territory = territoryOf(facts);
  if (territory !== null) return { eu_tax_code: territory, ask: null };
  if (hasNumber(facts) && canAsk) {
    return { ...(hasMoved ? { eu_tax_code: null } : {}), ask: facts.tax_identification_number };
  }
  return { eu_tax_code: vatByCountry(facts, entity), ask: null };
}

/** Minutes until VIES is asked again, by how often it gave no answer; from then on by the last. */
const RETRY_AFTER_MINUTES = [5, 5, 10, 20, 40, 60] as const;

export const RETRY_STEPS = RETRY_AFTER_MINUTES.length;

export function retryAt(attempts: number, now: Temporal.Instant): Temporal.Instant {
  const minutes = RETRY_AFTER_MINUTES[Math.min(attempts, RETRY_AFTER_MINUTES.length) - 1] ?? 60;
  return now.add({ minutes });
}
