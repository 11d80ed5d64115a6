/** An invoice that no period's run makes: final at once, whatever the grace period (5.8 of the subscriptions spec). Pure. */
import type { PlannedInvoice } from "../model.ts";
import { type DayIn, invoiceDates } from "./dates.ts";
import type { BillingFacts } from "./due-periods.ts";
import { finalStatus } from "./totals.ts";

type Period = PlannedInvoice["periods"][number];

/** Of one subscription; `today` is told in its customer's time zone. */
export function invoiceAtOnce(
  {
    subscription,
    customer,
    plan,
    billing_entity,
  }: Pick<BillingFacts, "subscription" | "customer" | "plan" | "billing_entity">,
  period: Pick<Period, "reason" | "timestamp" | "windows" | "fees" | "regrouped_fee_ids">,
  totals: PlannedInvoice["totals"],
  today: DayIn,
): PlannedInvoice {
  return {
    customer,
    billing_entity,
    status: finalStatus(totals, customer),
    currency: plan.amount_currency,
    dates: invoiceDates(today(customer.timezone), { ...customer, invoice_grace_period: 0 }, false),
    totals,
    skip_charges: false,
    purchase_order_number: subscription.purchase_order_number,
    periods: [{ subscription, plan, standalone_fees: [], levels: [], ...period }],
  };
}
