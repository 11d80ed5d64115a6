/** Events in PostgreSQL's binary formats: it takes the bytes as they are, where it would have to read texts. Pure. */
import type { ReadEvent } from "../rules/event.ts";

/** What of a group becomes rows of the log. */
export interface LoggedEvents {
  readonly events: readonly ReadEvent[];
  /** Their keys, as uuids. */
  readonly keys: readonly string[];
  readonly streamIds: readonly bigint[];
  /** Microseconds since 1970, as digits. */
  readonly createdMicros: string;
}

export interface Commit {
  readonly id: string;
  /** Microseconds since 1970, as digits. */
  readonly received_micros: string;
}

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
/** The columns that `copyRows` writes, in their order. */
export const COPIED_COLUMNS =
  "commit_id, received_at, id, stream_id, timestamp, created_at, transaction_id, precise_total_amount_cents, properties";
const COLUMNS = 9;
/** At most, of a row, all that is not text: the count of columns, their lengths, five times eight bytes, the key, an amount. */
const FIXED_BYTES = 2 + COLUMNS * 4 + 5 * 8 + 16 + 64;
const BYTES_A_CHARACTER = 3;
const KEY_BYTES = 16;
const JSONB_VERSION = 1;
const UUID_TYPE = 2950;
/** PostgreSQL counts microseconds from 2000. */
const EPOCH_MICROS = 946_684_800_000_000;
const TWO_TO_32 = 4_294_967_296;

const HEX_DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? 0 : digit;
});
const DASH = 45;

/** Bytes that grow by appending; never beyond the capacity they were made with. */
class Bytes {
  readonly buffer: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.buffer.buffer, this.buffer.byteOffset, capacity);
  }

  written(): Buffer {
    return this.buffer.subarray(0, this.#at);
  }

  int16(value: number): void {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  byte(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }

  /** A field of eight bytes. */
  int64(value: number | bigint): void {
    this.int32(8);
    if (typeof value === "bigint") this.#view.setBigInt64(this.#at, value);
    else {
      this.#view.setInt32(this.#at, Math.floor(value / TWO_TO_32));
      this.#view.setUint32(this.#at + 4, value >>> 0);
    }
    this.#at += 8;
  }

  bytes(value: Uint8Array): void {
    this.buffer.set(value, this.#at);
    this.#at += value.length;
  }

  isNull(): void {
    this.int32(-1);
  }

  /** A field of text, after `before`. */
  text(value: string, before?: number): void {
    const lengthAt = this.#at;
    this.#at += 4;
    if (before !== undefined) this.byte(before);
    this.#at += this.buffer.write(value, this.#at);
    this.#view.setInt32(lengthAt, this.#at - lengthAt - 4);
  }

  uuid(value: string): void {
    this.int32(KEY_BYTES);
    for (let index = 0; index < value.length; index += 2) {
      if (value.charCodeAt(index) === DASH) index += 1;
      this.buffer[this.#at++] =
        ((HEX_DIGITS[value.charCodeAt(index)] as number) << 4) | (HEX_DIGITS[value.charCodeAt(index + 1)] as number);
    }
  }
}

/** Microseconds since 1970 → since 2000; those after the year 2255 are beyond what a double holds. */
function sinceEpoch(micros: string): number | bigint {
  const value = Number(micros);
  return Number.isSafeInteger(value) ? value - EPOCH_MICROS : BigInt(micros) - BigInt(EPOCH_MICROS);
}

const DIGITS_A_GROUP = 4;
const NEGATIVE = 0x4000;

/** A plain decimal as a field: numeric holds groups of four digits, the weight of the first, the sign and the places after the point. */
function numeric(bytes: Bytes, text: string): void {
  const digits = text.startsWith("-") ? text.slice(1) : text;
  const [whole = "", fraction = ""] = digits.split(".");
  const wholeGroups = Math.ceil(whole.length / DIGITS_A_GROUP);
  const padded =
    whole.padStart(wholeGroups * DIGITS_A_GROUP, "0") +
    fraction.padEnd(Math.ceil(fraction.length / DIGITS_A_GROUP) * DIGITS_A_GROUP, "0");
  const groups = padded.length / DIGITS_A_GROUP;
  bytes.int32(8 + 2 * groups);
  bytes.int16(groups);
  bytes.int16(wholeGroups - 1);
  bytes.int16(text.startsWith("-") ? NEGATIVE : 0);
  bytes.int16(fraction.length);
  for (let at = 0; at < padded.length; at += DIGITS_A_GROUP) bytes.int16(Number(padded.slice(at, at + DIGITS_A_GROUP)));
}

function capacityFor(group: readonly LoggedEvents[]): number {
  let capacity = SIGNATURE.length + 2;
  for (const { events } of group) {
    capacity += events.length * FIXED_BYTES;
    for (const { transactionId, properties } of events)
      capacity += (transactionId.length + properties.length) * BYTES_A_CHARACTER;
  }
  return capacity;
}

/** A stream's events in a group: where they stand in it. */
export interface StreamPlaces {
  readonly id: bigint;
  readonly places: readonly number[];
}

/**
 * The group stream by stream, the highest id first: the order of the index events_commit, which then grows at its end, as the log's
 * pages are read by whoever follows it. A stream's own events keep their order; `isByTime`: by time, which is the order of the index
 * events_stream, and only those of one moment keep it.
 */
export function byStream(group: readonly LoggedEvents[], isByTime: boolean): StreamPlaces[] {
  const streamIds = group.flatMap((part) => part.streamIds);
  const streams = [...Map.groupBy(streamIds.keys(), (index) => streamIds[index] as bigint)]
    .map(([id, places]) => ({ id, places }))
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  if (!isByTime) return streams;
  // Beyond the year 2255 a double tells some microseconds not apart: those keep their order, too.
  const micros = Float64Array.from(group.flatMap(({ events }) => events.map((event) => Number(event.timestampMicros))));
  const timeOf = (place: number) => micros[place] as number;
  for (const { places } of streams) if (places.length > 1) places.sort((a, b) => timeOf(a) - timeOf(b) || a - b);
  return streams;
}

/** The group as a file for `copy … from stdin (format binary)`, in the order of `streams`. */
export function copyRows(commit: Commit, group: readonly LoggedEvents[], streams: readonly StreamPlaces[]): Buffer {
  const bytes = new Bytes(capacityFor(group));
  const commitId = BigInt(commit.id);
  const receivedAt = sinceEpoch(commit.received_micros);
  const events = group.flatMap((part) => part.events);
  const keys = group.flatMap((part) => part.keys);
  const createdAt = group.flatMap((part) => {
    const at = sinceEpoch(part.createdMicros);
    return part.events.map(() => at);
  });
  bytes.bytes(SIGNATURE);
  const row = (streamId: bigint, place: number) => {
    const { timestampMicros, transactionId, preciseTotalAmountCents, properties } = events[place] as ReadEvent;
    bytes.int16(COLUMNS);
    bytes.int64(commitId);
    bytes.int64(receivedAt);
    bytes.uuid(keys[place] as string);
    bytes.int64(streamId);
    bytes.int64(sinceEpoch(timestampMicros));
    bytes.int64(createdAt[place] as number | bigint);
    bytes.text(transactionId);
    if (preciseTotalAmountCents === null) bytes.isNull();
    else numeric(bytes, preciseTotalAmountCents);
    bytes.text(properties, JSONB_VERSION);
  };
  for (const { id, places } of streams) for (const place of places) row(id, place);
  bytes.int16(-1);
  return bytes.written();
}

/** The keys of the group as a uuid[]. */
export function keyArray(group: readonly LoggedEvents[]): Buffer {
  const count = group.reduce((sum, { keys }) => sum + keys.length, 0);
  const bytes = new Bytes(20 + count * (4 + KEY_BYTES));
  for (const word of [1, 0, UUID_TYPE, count, 1]) bytes.int32(word);
  for (const { keys } of group) for (const key of keys) bytes.uuid(key);
  return bytes.written();
}
