/** The invoice of a fee that is charged at an event: 5.8 of the subscriptions spec. Pure. */
import type { PlannedInvoice } from "../../model.ts";
import { type DayIn, invoiceDates } from "../../rules/dates.ts";
import { finalStatus, invoiceTotals } from "../../rules/totals.ts";
import { windowsHolding } from "../../rules/windows-holding.ts";
import type { EventFee } from "./event-fees.ts";

/** One invoice for one fee: final at once, whatever the grace period. */
export function eventInvoice({ charging, fee }: EventFee, today: DayIn): PlannedInvoice {
  const { event, facts, terms } = charging;
  const { subscription, customer, plan, billing_entity } = facts;
  const totals = invoiceTotals([fee]);
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
        timestamp: event.timestamp,
        windows: windowsHolding(terms, event.timestamp),
        fees: [fee],
        standalone_fees: [],
        levels: [],
      },
    ],
  };
}
