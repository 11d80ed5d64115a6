/** The key that makes an event count once. Pure but for the random key of events that cannot be de-duplicated. */
import { hash, randomBytes } from "node:crypto";

/** Lengths before texts: no two different triples can make one input. */
const prefixed = (text: string) => `${text.length}:${text}`;

const HALF_BYTES = 8;
const DIGITS = Buffer.from("0123456789abcdef", "latin1");
const DASHED = Buffer.from("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "latin1");
/** Where the two digits of each byte of an uuid stand in its text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** Writes eight bytes (as characters) into the first or second half of DASHED. */
function writeHalf(bytes: string, half: 0 | 1): void {
  for (let index = 0; index < HALF_BYTES; index++) {
    const byte = bytes.charCodeAt(index);
    const place = PLACES[half * HALF_BYTES + index] as number;
    DASHED[place] = DIGITS[byte >> 4] as number;
    DASHED[place + 1] = DIGITS[byte & 15] as number;
  }
}

/** One flat text: joined from parts it would be a dozen objects that live until the event is stored. */
function asUuid(first: string, second: string): string {
  writeHalf(first, 0);
  writeHalf(second, 1);
  return DASHED.toString("latin1");
}

/** As many characters as bytes, of which the first eight are used. */
const digestOf = (text: string) => hash("sha256", text, "latin1");

const ZEROS = "\0".repeat(HALF_BYTES);
const ONES = "\xff".repeat(HALF_BYTES);

/** The first half of a key, as an uuid range [from, to]: every event of the organization with this transaction id lies in it. */
export function keyRangeOf(organizationId: string, transactionId: string): { from: string; to: string } {
  const first = digestOf(organizationId + prefixed(transactionId));
  return { from: asUuid(first, ZEROS), to: asUuid(first, ONES) };
}

/**
 * 128 bits: 64 of SHA-256(organization, transaction id), then 64 of SHA-256(organization, subscription, transaction id).
 * It is the event's public id as well. Without a subscription the second half is random: such events are not de-duplicated.
 */
export function keyOf(organizationId: string, externalSubscriptionId: string | null, transactionId: string): string {
  const transaction = prefixed(transactionId);
  const first = digestOf(organizationId + transaction);
  const second =
    externalSubscriptionId === null
      ? randomBytes(HALF_BYTES).toString("latin1")
      : digestOf(organizationId + prefixed(externalSubscriptionId) + transaction);
  return asUuid(first, second);
}
