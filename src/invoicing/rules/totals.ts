/**
 * From fees to what is owed: 5.5 of the subscriptions spec. The order is the contract's: what reduces the taxable amount
 * comes before the taxes, what pays a part of the total comes after them.
 */
export interface InvoiceTotals {
  readonly fees_amount_cents: bigint;
  readonly progressive_billing_credit_amount_cents: bigint;
  readonly coupons_amount_cents: bigint;
  readonly sub_total_excluding_taxes_amount_cents: bigint;
  readonly taxes_amount_cents: bigint;
  readonly sub_total_including_taxes_amount_cents: bigint;
  readonly credit_notes_amount_cents: bigint;
  readonly prepaid_credit_amount_cents: bigint;
  readonly total_amount_cents: bigint;
}

interface TotalledFee {
  readonly amount_cents: bigint;
}

type Step = (totals: InvoiceTotals, fees: readonly TotalledFee[]) => InvoiceTotals;

const NOTHING: InvoiceTotals = {
  fees_amount_cents: 0n,
  progressive_billing_credit_amount_cents: 0n,
  coupons_amount_cents: 0n,
  sub_total_excluding_taxes_amount_cents: 0n,
  taxes_amount_cents: 0n,
  sub_total_including_taxes_amount_cents: 0n,
  credit_notes_amount_cents: 0n,
  prepaid_credit_amount_cents: 0n,
  total_amount_cents: 0n,
};

const addFees: Step = (totals, fees) => ({
  ...totals,
  fees_amount_cents: fees.reduce((sum, { amount_cents }) => sum + amount_cents, 0n),
});

const subTotalExcludingTaxes: Step = (totals) => ({
  ...totals,
  sub_total_excluding_taxes_amount_cents:
    totals.fees_amount_cents - totals.progressive_billing_credit_amount_cents - totals.coupons_amount_cents,
});

const subTotalIncludingTaxes: Step = (totals) => ({
  ...totals,
  sub_total_including_taxes_amount_cents: totals.sub_total_excluding_taxes_amount_cents + totals.taxes_amount_cents,
});

const total: Step = (totals) => ({
  ...totals,
  total_amount_cents:
    totals.sub_total_including_taxes_amount_cents -
    totals.credit_notes_amount_cents -
    totals.prepaid_credit_amount_cents,
});

const STEPS: readonly Step[] = [
  addFees,
  // Here: progressive billing credits, then coupons.
  subTotalExcludingTaxes,
  // Here: taxes, on the sum of the unrounded ones.
  subTotalIncludingTaxes,
  // Here: credit notes, then prepaid credits.
  total,
];

export function invoiceTotals(fees: readonly TotalledFee[]): InvoiceTotals {
  return STEPS.reduce((totals, step) => step(totals, fees), NOTHING);
}

/** 5.10: an invoice of no fees is closed, unseen and unnumbered, where such invoices are not wanted. */
export function finalStatus(
  { fees_amount_cents }: InvoiceTotals,
  { finalize_zero_amount_invoice }: { readonly finalize_zero_amount_invoice: boolean },
): "finalized" | "closed" {
  return fees_amount_cents === 0n && !finalize_zero_amount_invoice ? "closed" : "finalized";
}
