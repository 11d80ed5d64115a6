/** Events as the contract shows them (3.1 of the metering spec). */
import { type Dec, dec, toWire } from "../kernel/decimal.ts";
import { epochToMilliseconds, toMilliseconds, toSeconds } from "../kernel/wire.ts";
import type { StoredNow } from "./service.ts";

export interface StoredEvent {
  readonly id: string;
  readonly transaction_id: string;
  readonly code: string;
  readonly external_subscription_id: string | null;
  readonly timestamp: Temporal.Instant;
  readonly created_at: Temporal.Instant;
  readonly precise_total_amount_cents: Dec | null;
  readonly properties: unknown;
}

/** Customer and subscription ids are null: an event belongs to an external id, whoever that is at its moment. */
export function presentEvent(event: StoredEvent) {
  return {
    lago_id: event.id,
    transaction_id: event.transaction_id,
    lago_customer_id: null,
    code: event.code,
    timestamp: toMilliseconds(event.timestamp),
    precise_total_amount_cents:
      event.precise_total_amount_cents === null ? null : toWire(event.precise_total_amount_cents),
    properties: event.properties,
    lago_subscription_id: null,
    external_subscription_id: event.external_subscription_id,
    created_at: toSeconds(event.created_at),
  };
}

/**
 * JSON text of events that were just stored, joined by commas: their properties are text already and are not read again,
 * and what all share is written once.
 */
export function presentStoredNow(stored: readonly StoredNow[], createdAt: Temporal.Instant): string {
  const tail = `,"lago_customer_id":null,"lago_subscription_id":null,"created_at":"${toSeconds(createdAt)}","properties":`;
  return stored.map(({ event, key }) => `${headOf(event, key)}${tail}${event.properties}}`).join(",");
}

function headOf(event: StoredNow["event"], key: string): string {
  const { transactionId, code, externalSubscriptionId, timestampMicros, preciseTotalAmountCents } = event;
  const timestamp = epochToMilliseconds(Number(timestampMicros.slice(0, -3)));
  const amount = preciseTotalAmountCents === null ? "null" : `"${toWire(dec(preciseTotalAmountCents))}"`;
  return `{"lago_id":"${key}","transaction_id":${JSON.stringify(transactionId)},"code":${JSON.stringify(code)},"timestamp":"${timestamp}","precise_total_amount_cents":${amount},"external_subscription_id":${JSON.stringify(externalSubscriptionId)}`;
}
