/** The invoice of a fee that is charged at an event: 5.8 of the subscriptions spec. Pure. */
import { isBefore, startOfDay } from "../../../kernel/calendar.ts";
import {
  type BillingTerms,
  type BillingWindows,
  currentFixedChargesWindow,
  currentPeriod,
  currentUsageWindow,
} from "../../../subscriptions/index.ts";
import type { PlannedInvoice } from "../../model.ts";
import { type DayIn, invoiceDates } from "../../rules/dates.ts";
import { finalStatus, invoiceTotals } from "../../rules/totals.ts";
import type { EventFee } from "./event-fees.ts";

/** The windows that hold a moment. */
export function windowsHolding(terms: BillingTerms, at: Temporal.Instant): BillingWindows {
  const { from, to } = currentPeriod(terms, at);
  const startedDay = terms.started_at.toZonedDateTimeISO(terms.timezone).startOfDay().toInstant();
  const begin = startOfDay(from, terms.timezone);
  const charges = currentUsageWindow(terms, at);
  const fixed = currentFixedChargesWindow(terms, at);
  return {
    subscription: { from: isBefore(begin, startedDay) ? startedDay : begin, to: startOfDay(to, terms.timezone) },
    charges: { from: charges.from, to: charges.to },
    fixed_charges: { from: fixed.from, to: fixed.to },
    duration_days: from.until(to).days,
    charges_duration_days: charges.duration_days,
    fixed_charges_duration_days: fixed.duration_days,
  };
}

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
