/** Reading the filters of invoices (5.18 of the subscriptions spec). */
import { type Query, readFlag, readMap, readOneOf, readText, readTexts } from "../http/query.ts";
import type { Problem } from "../kernel/failure.ts";
import { type InvoicesFilter, VISIBLE_STATUSES } from "./invoices-store.ts";

/** Known, but never shown. */
const INVISIBLE_STATUSES = ["generating", "open", "closed", "deleted"] as const;
const PAYMENT_STATUSES = ["pending", "succeeded", "failed"] as const;
const INVOICE_TYPES = [
  "subscription",
  "add_on",
  "credit",
  "one_off",
  "advance_charges",
  "progressive_billing",
] as const;
const SETTLEMENTS = ["payment", "credit_note"] as const;

/** Several values under any of these spellings; one that is not in the list is a problem. */
function readSome(
  query: Query,
  names: readonly [string, ...string[]],
  values: readonly string[],
  problems: Problem[],
): string[] {
  const given = names.flatMap((name) => readTexts(query, name));
  if (given.some((value) => !values.includes(value))) problems.push({ field: names[0], code: "value_is_invalid" });
  return given;
}

/** A date, or the date of a date-time; what cannot be read is as good as absent (B.4 of the platform spec). */
function readDay(query: Query, name: string): Temporal.PlainDate | null {
  const text = readText(query, name);
  if (text === null || !/^\d{4}-\d{2}-\d{2}([T ]|$)/.test(text)) return null;
  try {
    return Temporal.PlainDate.from(text.slice(0, 10), { overflow: "reject" });
  } catch {
    return null;
  }
}

function readCents(query: Query, name: string, problems: Problem[]): bigint | null {
  const text = readText(query, name);
  if (text === null) return null;
  if (/^-?\d{1,18}$/.test(text)) return BigInt(text);
  problems.push({ field: name, code: "value_is_invalid" });
  return null;
}

/** All but whose invoices they are. */
export function readInvoicesFilter(query: Query, problems: Problem[]): Omit<InvoicesFilter, "customer_ids"> {
  const statuses = readSome(query, ["status", "statuses"], [...VISIBLE_STATUSES, ...INVISIBLE_STATUSES], problems);
  const settlements = readSome(query, ["settlements"], SETTLEMENTS, problems);
  const metadata = Object.values(readMap(query, "metadata"));
  const visible = statuses.filter((status) => VISIBLE_STATUSES.some((each) => each === status));
  return {
    statuses: visible,
    payment_statuses: readSome(query, ["payment_status", "payment_statuses"], PAYMENT_STATUSES, problems),
    payment_overdue: readFlag(query, "payment_overdue", problems),
    payment_dispute_lost: readFlag(query, "payment_dispute_lost", problems),
    partially_paid: readFlag(query, "partially_paid", problems),
    self_billed: readFlag(query, "self_billed", problems),
    invoice_type: readOneOf(query, "invoice_type", INVOICE_TYPES, problems),
    currency: readText(query, "currency"),
    issuing_date_from: readDay(query, "issuing_date_from"),
    issuing_date_to: readDay(query, "issuing_date_to"),
    amount_from: readCents(query, "amount_from", problems),
    amount_to: readCents(query, "amount_to", problems),
    purchase_order_number: readText(query, "purchase_order_number"),
    search_term: readText(query, "search_term"),
    billing_entity_codes: readTexts(query, "billing_entity_codes"),
    // No invoice has metadata, a payment or a credit note yet; a blank metadata value asks for those without the key.
    matchesNothing:
      settlements.length > 0 || metadata.some((value) => value !== "") || (statuses.length > 0 && visible.length === 0),
  };
}
