/** The invoice of units that count at once: 4.7 and 5.8 of the subscriptions spec. Pure. */
import { type BillingTerms, startingWindows } from "../../subscriptions/index.ts";
import type { PlannedFee, PlannedInvoice } from "../model.ts";
import type { DayIn } from "./dates.ts";
import type { BillingFacts } from "./due-periods.ts";
import { invoiceAtOnce } from "./invoice-at-once.ts";
import { invoiceTotals } from "./totals.ts";
import { windowsHolding } from "./windows-holding.ts";

export interface UnitsOfInvoice {
  readonly terms: BillingTerms;
  readonly at: Temporal.Instant;
  readonly fees: readonly PlannedFee[];
  /** Whether they are the first ones. */
  readonly isStart: boolean;
}

export function unitsInvoice(
  facts: BillingFacts,
  { terms, at, fees, isStart }: UnitsOfInvoice,
  today: DayIn,
): PlannedInvoice {
  const windows = isStart ? startingWindows(terms) : windowsHolding(terms, at);
  const period = { reason: "in_advance_charge", timestamp: at, windows, fees } as const;
  return invoiceAtOnce(facts, period, invoiceTotals(fees), today);
}
