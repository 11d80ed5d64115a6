/** Reading the filters of fees (8.6 of the metering spec). */
import { type Query, readOneOf, readRange, readText } from "../../http/query.ts";
import type { Problem } from "../../kernel/failure.ts";
import { FEE_DATES, type FeesFilter } from "./store.ts";

const FEE_TYPES = ["charge", "add_on", "subscription", "credit", "commitment", "fixed_charge", "product"] as const;
export const FEE_PAYMENT_STATUSES = ["pending", "succeeded", "failed", "refunded"] as const;

export function readFeesFilter(query: Query, problems: Problem[]): FeesFilter {
  const [created_at, succeeded_at, failed_at, refunded_at] = FEE_DATES.map((name) => readRange(query, name, problems));
  const open = { from: null, to: null };
  return {
    external_customer_id: readText(query, "external_customer_id"),
    external_subscription_id: readText(query, "external_subscription_id"),
    currency: readText(query, "currency"),
    fee_type: readOneOf(query, "fee_type", FEE_TYPES, problems),
    billable_metric_code: readText(query, "billable_metric_code"),
    payment_status: readOneOf(query, "payment_status", FEE_PAYMENT_STATUSES, problems),
    event_transaction_id: readText(query, "event_transaction_id"),
    dates: {
      created_at: created_at ?? open,
      succeeded_at: succeeded_at ?? open,
      failed_at: failed_at ?? open,
      refunded_at: refunded_at ?? open,
    },
  };
}
