/** Add-ons: what may be stored (section 11 of the metering spec). */
import { isCurrency } from "../../kernel/currency.ts";
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableTextOrNull } from "../../kernel/text.ts";

/** What a request says of an add-on: absent keys are undefined. */
export interface AddOnInput {
  readonly name?: string | null;
  readonly code?: string | null;
  readonly invoice_display_name?: string | null;
  readonly description?: string | null;
  readonly amount_cents?: bigint | null;
  readonly amount_currency?: string | null;
  readonly tax_codes?: readonly string[] | null;
}

export interface AddOnTerms {
  readonly name: string;
  readonly code: string;
  readonly invoice_display_name: string | null;
  readonly description: string | null;
  readonly amount_cents: bigint;
  readonly amount_currency: string;
}

export interface AddOnReading {
  readonly terms: AddOnTerms;
  readonly problems: readonly Problem[];
}

/** Amounts of a bigint column that still add up. */
const AMOUNT_CENTS_MAX = 1_000_000_000_000_000n;

export function readNewAddOn(input: AddOnInput): AddOnReading {
  const { amount_cents = null, amount_currency = null } = input;
  return readAddOn(
    { ...input, amount_cents, amount_currency },
    { name: "", code: "", invoice_display_name: null, description: null, amount_cents: 0n, amount_currency: "" },
  );
}

/** Everything may still change, the code too: fees keep their figures. */
export function readAddOn(input: AddOnInput, before: AddOnTerms): AddOnReading {
  const problems: Problem[] = [];
  const refuse = (field: string, code: string) => problems.push({ field, code });
  const text = (given: string | null | undefined, known: string | null) =>
    given === undefined ? known : storableTextOrNull(given);
  const mandatory = (field: "name" | "code"): string => {
    const value = text(input[field], before[field]) ?? "";
    if (value === "") refuse(field, "value_is_mandatory");
    else if (value.length > NAME_LENGTH_MAX) refuse(field, "value_is_too_long");
    return value;
  };
  const [name, code] = [mandatory("name"), mandatory("code")];
  const { amount_cents = before.amount_cents, amount_currency = before.amount_currency } = input;
  if (amount_cents === null || amount_cents <= 0n || amount_cents > AMOUNT_CENTS_MAX) {
    refuse("amount_cents", "value_is_out_of_range");
  }
  if (amount_currency === null || !isCurrency(amount_currency)) refuse("amount_currency", "value_is_invalid");
  const terms: AddOnTerms = {
    ...{ name, code },
    invoice_display_name: text(input.invoice_display_name, before.invoice_display_name),
    description: text(input.description, before.description),
    amount_cents: amount_cents ?? 0n,
    amount_currency: amount_currency ?? "",
  };
  return { terms, problems };
}
