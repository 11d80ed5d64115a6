/** The minimum commitment of a plan (10.2, 10.4 of the metering spec). */
import type { Problem } from "../../kernel/failure.ts";
import { storableTextOrNull } from "../../kernel/text.ts";
import type { MinimumCommitment } from "../model.ts";

export interface CommitmentInput {
  readonly amount_cents?: bigint | null;
  readonly invoice_display_name?: string | null;
  readonly tax_codes?: readonly string[] | null;
}

export type CommitmentTerms = Pick<MinimumCommitment, "amount_cents" | "invoice_display_name">;

/** What a plan's request does to its commitment: nothing, take it away, or set these terms. */
export type CommitmentChange = "keep" | "remove" | CommitmentTerms;

const AMOUNT_CENTS_MAX = 1_000_000_000_000_000n;

/** Absent and null: untouched. `{}`: removed. Otherwise the given keys over what is there. */
export function readCommitment(
  input: CommitmentInput | null | undefined,
  before: CommitmentTerms | null,
): { readonly change: CommitmentChange; readonly problems: readonly Problem[] } {
  if (input === null || input === undefined) return { change: "keep", problems: [] };
  if (Object.keys(input).length === 0) return { change: "remove", problems: [] };
  const { amount_cents = before?.amount_cents ?? null, invoice_display_name } = input;
  const isPossible = amount_cents !== null && amount_cents > 0n && amount_cents <= AMOUNT_CENTS_MAX;
  return {
    change: {
      amount_cents: amount_cents ?? 0n,
      invoice_display_name:
        invoice_display_name === undefined
          ? (before?.invoice_display_name ?? null)
          : storableTextOrNull(invoice_display_name),
    },
    problems: isPossible ? [] : [{ field: "amount_cents", code: "value_is_out_of_range" }],
  };
}
