/** The invoice of units that count at once: 4.7 and 5.8 of the subscriptions spec. Pure. */
import { type BillingTerms, startingWindows } from "../../subscriptions/index.ts";
import type { PlannedFee, PlannedInvoice } from "../model.ts";
import { type DayIn, invoiceDates } from "./dates.ts";
import type { BillingFacts } from "./due-periods.ts";
import { finalStatus, invoiceTotals } from "./totals.ts";
import { windowsHolding } from "./windows-holding.ts";

export interface UnitsOfInvoice {
  readonly terms: BillingTerms;
  readonly at: Temporal.Instant;
  readonly fees: readonly PlannedFee[];
  /** Whether they are the first ones. */
  readonly isStart: boolean;
}

/** Final at once, whatever the grace period. */
export function unitsInvoice(
  { subscription, customer, plan, billing_entity }: BillingFacts,
  { terms, at, fees, isStart }: UnitsOfInvoice,
  today: DayIn,
): PlannedInvoice {
  const totals = invoiceTotals(fees);
  return {
    customer,
    billing_entity,
    status: finalStatus(totals, customer),
    currency: plan.amount_currency,
    dates: invoiceDates(today(customer.timezone), { ...customer, invoice_grace_period: 0 }, false),
    totals,
    skip_charges: false,
    purchase_order_number: subscription.purchase_order_number,
    periods: [
      {
        ...{ subscription, plan },
        reason: "in_advance_charge",
        timestamp: at,
        windows: isStart ? startingWindows(terms) : windowsHolding(terms, at),
        fees,
        standalone_fees: [],
        levels: [],
      },
    ],
  };
}
