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
  /** Null while it counts. */
  readonly voided_at: Temporal.Instant | null;
}

/** An event with what was corrected. */
export interface CorrectedEvent extends StoredEvent {
  readonly void_reason: string | null;
  readonly void_api_key_id: string | null;
  /** Transaction ids of what took its place, and of what it took the place of. */
  readonly amended_by: string | null;
  readonly amends: string | null;
}

/** Customer and subscription ids are null: an event belongs to an external id, whoever that is at its moment. */
export function presentEvent(event: CorrectedEvent) {
  const { void_reason, void_api_key_id, amended_by, amends } = event;
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
    voided_at: event.voided_at === null ? null : toSeconds(event.voided_at),
    void_reason,
    voided_by_lago_api_key_id: void_api_key_id,
    amended_by_transaction_id: amended_by,
    amends_transaction_id: amends,
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
