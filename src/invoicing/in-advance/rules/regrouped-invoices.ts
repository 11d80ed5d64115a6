/** The invoice that takes up fees of their own once they are paid: 5.8 of the subscriptions spec. Pure. */

import type { BilledCustomer } from "../../../customers/index.ts";
import { isBefore } from "../../../kernel/calendar.ts";
import type { BilledPeriod, PlannedInvoice } from "../../model.ts";
import type { DayIn } from "../../rules/dates.ts";
import { invoiceAtOnce } from "../../rules/invoice-at-once.ts";
import type { NumberingEntity } from "../../rules/numbers.ts";
import { invoiceTotals } from "../../rules/totals.ts";

/** A paid fee that is on no invoice. */
export interface PaidFee {
  readonly id: string;
  readonly external_subscription_id: string;
  readonly amount_cents: bigint;
  readonly taxes_amount_cents: bigint;
  readonly amount_currency: string;
  readonly succeeded_at: Temporal.Instant;
  /** The half-open end of what it pays for. */
  readonly to_at: Temporal.Instant;
}

/** A billing of a subscription, at which its paid fees are taken up. */
export interface Regrouping extends Pick<BilledPeriod, "subscription" | "plan" | "timestamp" | "windows"> {
  readonly customer: BilledCustomer;
  readonly billing_entity: NumberingEntity;
  /** At a regular billing only fees are taken up whose time is over; at an end all of them. */
  readonly is_periodic: boolean;
}

function isDue(fee: PaidFee, { subscription, timestamp, is_periodic }: Regrouping): boolean {
  if (fee.external_subscription_id !== subscription.external_id || isBefore(timestamp, fee.succeeded_at)) return false;
  return !is_periodic || !isBefore(timestamp, fee.to_at);
}

/** What regroupings of one customer must have in common to share an invoice. */
function groupOf({ timestamp, plan, billing_entity, subscription, is_periodic }: Regrouping): string {
  const { amount_currency } = plan;
  return JSON.stringify([
    String(timestamp),
    is_periodic,
    amount_currency,
    billing_entity.id,
    subscription.purchase_order_number,
  ]);
}

/** One customer's invoices, the oldest billing first: each fee is on the first that it is due for. */
export function regroupedInvoices(
  regroupings: readonly Regrouping[],
  fees: readonly PaidFee[],
  today: DayIn,
): PlannedInvoice[] {
  const inOrder = [...regroupings].sort((a, b) => Temporal.Instant.compare(a.timestamp, b.timestamp));
  const waiting = new Set(fees);
  const invoices: PlannedInvoice[] = [];
  for (const together of Map.groupBy(inOrder, groupOf).values()) {
    const due = [...waiting].filter((fee) => together.some((one) => isDue(fee, one)));
    for (const fee of due) waiting.delete(fee);
    if (due.length > 0) invoices.push(regroupedInvoice(together, due, today));
  }
  return invoices;
}

/** Its boundaries are the usage window of the subscription that began last. */
function regroupedInvoice(together: readonly Regrouping[], fees: readonly PaidFee[], today: DayIn): PlannedInvoice {
  const latest = together.reduce((last, one) => (beganLater(one, last) ? one : last));
  const { timestamp, windows } = latest;
  const charges = windows.charges ?? windows.subscription;
  const period = {
    reason: "in_advance_charge_periodic",
    timestamp,
    windows: { ...windows, subscription: charges, charges, fixed_charges: windows.fixed_charges ?? charges },
    fees: [],
    regrouped_fee_ids: fees.map(({ id }) => id),
  } as const;
  return { ...invoiceAtOnce(latest, period, withTaxes(fees), today), invoice_type: "advance_charges" };
}

function beganLater(a: Regrouping, b: Regrouping): boolean {
  const [one, other] = [a.subscription.started_at, b.subscription.started_at];
  return one !== null && other !== null && isBefore(other, one);
}

/** The taxes of the fees, as they were paid. */
function withTaxes(fees: readonly PaidFee[]) {
  const totals = invoiceTotals(fees);
  const taxes_amount_cents = fees.reduce((sum, fee) => sum + fee.taxes_amount_cents, 0n);
  const total = totals.sub_total_excluding_taxes_amount_cents + taxes_amount_cents;
  return { ...totals, taxes_amount_cents, sub_total_including_taxes_amount_cents: total, total_amount_cents: total };
}
