/** The invoice of a fee that is charged at an event: 5.8 of the subscriptions spec. Pure. */
import type { PlannedInvoice } from "../../model.ts";
import type { DayIn } from "../../rules/dates.ts";
import { invoiceAtOnce } from "../../rules/invoice-at-once.ts";
import { invoiceTotals } from "../../rules/totals.ts";
import { windowsHolding } from "../../rules/windows-holding.ts";
import type { EventFee } from "./event-fees.ts";

/** One invoice for one fee. */
export function eventInvoice({ charging, fee }: EventFee, today: DayIn): PlannedInvoice {
  const { event, facts, terms } = charging;
  const { timestamp } = event;
  const period = {
    reason: "in_advance_charge",
    timestamp,
    windows: windowsHolding(terms, timestamp),
    fees: [fee],
  } as const;
  return invoiceAtOnce(facts, period, invoiceTotals([fee]), today);
}
