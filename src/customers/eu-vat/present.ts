/** Answers of VIES → what `customer.vies_check` tells. */
import type { VatNumber } from "./number.ts";
import type { ViesDetails } from "./vies.ts";

export function presentAnswer(
  number: VatNumber | null,
  { status, details }: { readonly status: string; readonly details: ViesDetails | null },
) {
  return {
    vies_check: {
      valid: status === "valid",
      valid_format: number !== null,
      ...(number === null ? {} : { country_code: number.prefix, vat_number: number.number }),
      ...details,
    },
  };
}

export function presentError(error: string) {
  return { vies_check: { error } };
}
