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

/** JSON text of an event that was just stored: its properties are text already, and are not read again. */
export function presentStoredNow({ event, key }: StoredNow, createdAt: Temporal.Instant): string {
  const { transactionId, code, externalSubscriptionId, timestampMicros, properties, preciseTotalAmountCents } = event;
  const head = JSON.stringify({
    lago_id: key,
    transaction_id: transactionId,
    lago_customer_id: null,
    code,
    timestamp: epochToMilliseconds(Number(timestampMicros.slice(0, -3))),
    precise_total_amount_cents: preciseTotalAmountCents === null ? null : toWire(dec(preciseTotalAmountCents)),
    lago_subscription_id: null,
    external_subscription_id: externalSubscriptionId,
    created_at: toSeconds(createdAt),
  });
  return `${head.slice(0, -1)},"properties":${properties}}`;
}
