/** The key that makes an event count once. Pure but for the random key of events that cannot be de-duplicated. */
import { hash, randomBytes } from "node:crypto";

/** Lengths before texts: no two different triples can make one input. */
const prefixed = (text: string) => `${text.length}:${text}`;

function halfOf(text: string): string {
  return hash("sha256", text, "hex").slice(0, 16);
}

function asUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The first half of a key, as an uuid range [from, to]: every event of the organization with this transaction id lies in it. */
export function keyRangeOf(organizationId: string, transactionId: string): { from: string; to: string } {
  const first = halfOf(organizationId + prefixed(transactionId));
  return { from: asUuid(`${first}0000000000000000`), to: asUuid(`${first}ffffffffffffffff`) };
}

/**
 * 128 bits: 64 of SHA-256(organization, transaction id), then 64 of SHA-256(organization, subscription, transaction id).
 * It is the event's public id as well. Without a subscription the second half is random: such events are not de-duplicated.
 */
export function keyOf(organizationId: string, externalSubscriptionId: string | null, transactionId: string): string {
  const transaction = prefixed(transactionId);
  const first = halfOf(organizationId + transaction);
  const second =
    externalSubscriptionId === null
      ? randomBytes(8).toString("hex")
      : halfOf(organizationId + prefixed(externalSubscriptionId) + transaction);
  return asUuid(first + second);
}
