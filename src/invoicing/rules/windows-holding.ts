/** The periods of a subscription at one moment: what an invoice between billing days says of them. Pure. */
import { isBefore, startOfDay } from "../../kernel/calendar.ts";
import {
  type BillingTerms,
  type BillingWindows,
  currentFixedChargesWindow,
  currentPeriod,
  currentUsageWindow,
} from "../../subscriptions/index.ts";

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
