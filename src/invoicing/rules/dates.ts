/** When an invoice is issued, final and due: 5.6 of the subscriptions spec. */
import type { BilledCustomer } from "../../customers/index.ts";
import { localDate } from "../../kernel/calendar.ts";

/** The local day of one moment in any time zone; worked out once for each. */
export type DayIn = (timezone: string) => Temporal.PlainDate;

export function dayOf(now: Temporal.Instant): DayIn {
  const known = new Map<string, Temporal.PlainDate>();
  return (timezone) => {
    let day = known.get(timezone);
    if (day === undefined) {
      day = localDate(now, timezone);
      known.set(timezone, day);
    }
    return day;
  };
}

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
  const issuing_date = later(day, issuingOffset(settings, isPeriodic));
  return {
    issuing_date,
    payment_due_date: later(issuing_date, settings.net_payment_term),
    expected_finalization_date: later(day, settings.invoice_grace_period),
  };
}

/** Most invoices are final and due on the day itself. */
const later = (day: Temporal.PlainDate, days: number) => (days === 0 ? day : day.add({ days }));

/** Days from the day of the run to the issuing date. */
function issuingOffset(settings: DateSettings, isPeriodic: boolean): number {
  const { invoice_grace_period, issuing_date_anchor, issuing_date_adjustment } = settings;
  if (!isPeriodic) return invoice_grace_period;
  const anchored = issuing_date_anchor === "current_period_end" ? -1 : 0;
  if (issuing_date_adjustment === "keep_anchor") return anchored;
  return invoice_grace_period === 0 ? anchored : invoice_grace_period;
}
