/** When an invoice is issued, final and due: 5.6 of the subscriptions spec. */
import type { BilledCustomer } from "../../customers/index.ts";

export interface InvoiceDates {
  readonly issuing_date: Temporal.PlainDate;
  readonly payment_due_date: Temporal.PlainDate;
  readonly expected_finalization_date: Temporal.PlainDate;
}

type DateSettings = Pick<
  BilledCustomer,
  "invoice_grace_period" | "net_payment_term" | "issuing_date_anchor" | "issuing_date_adjustment"
>;

/** The dates of a subscription invoice; `day` is the customer's local day of the run. */
export function invoiceDates(day: Temporal.PlainDate, settings: DateSettings, isPeriodic: boolean): InvoiceDates {
  const issuing_date = day.add({ days: issuingOffset(settings, isPeriodic) });
  return {
    issuing_date,
    payment_due_date: issuing_date.add({ days: settings.net_payment_term }),
    expected_finalization_date: day.add({ days: settings.invoice_grace_period }),
  };
}

/** Days from the day of the run to the issuing date. */
function issuingOffset(settings: DateSettings, isPeriodic: boolean): number {
  const { invoice_grace_period, issuing_date_anchor, issuing_date_adjustment } = settings;
  if (!isPeriodic) return invoice_grace_period;
  const anchored = issuing_date_anchor === "current_period_end" ? -1 : 0;
  if (issuing_date_adjustment === "keep_anchor") return anchored;
  return invoice_grace_period === 0 ? anchored : invoice_grace_period;
}
